// Where a thread may be disturbed, and who decides: each thread draws from the seed of the run and its own number what happens
// to it at which of its points. The same seed asks for the same disturbances; the order of the threads is the system's.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <source_location>

namespace filch_perturb {

/// The seed of this process: FILCH_PERTURB_SEED, or one of the clock's. Said on stderr at the first point.
[[nodiscard]] std::uint64_t seed() noexcept;

/// How often threads were disturbed so far, by delays or by a turn that went to another.
[[nodiscard]] std::uint64_t disturbances() noexcept;

/// Whether threads take turns in this process (turns.hpp) instead of being delayed at random: FILCH_PERTURB_STYLE is "turns" or
/// "delays", or the seed says.
[[nodiscard]] bool takes_turns() noexcept;

/// The calling thread is between two steps of a protocol. Where threads take turns, returns when it is its turn. Otherwise mostly
/// returns at once; now and then it yields, sleeps, moves to another CPU, draws another priority, a weight of the system's, or
/// changes its pace: a slow thread sleeps at every few points, for as long as a few hundred of them take.
void point(const std::source_location& where = std::source_location::current()) noexcept;

/// The same beside a system call, where the place of the point before says more.
void point_without_a_place() noexcept;

/// The calling thread waits for others, in a loop or in the kernel.
void spinning() noexcept;
void about_to_block() noexcept;

/// Whether a wait that is about to sleep shall return at once, as a spurious wake-up.
[[nodiscard]] bool wakes_for_no_reason() noexcept;

/// Writes the last point of each of the last threads that came to one.
void print_last_points(std::ostream& to);

}  // namespace filch_perturb
