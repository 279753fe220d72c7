// Where a thread may be disturbed, and who decides: each thread draws from the seed of the run and its own number what happens
// to it at which of its points. The same seed asks for the same disturbances; the order of the threads is the system's.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <source_location>

namespace filch_perturb {

/// The seed of this process: FILCH_PERTURB_SEED, or one of the clock's. Said on stderr at the first point.
[[nodiscard]] std::uint64_t seed() noexcept;

/// How often threads were disturbed so far.
[[nodiscard]] std::uint64_t disturbances() noexcept;

/// The calling thread is between two steps of a protocol. Mostly returns at once; now and then it yields, sleeps, moves to
/// another CPU, draws another priority, or changes its pace: a slow thread sleeps at every few points, for as long as a few hundred
/// of them take. (Random priorities that change at a few random points of a run: Burckhardt and others, "A randomized scheduler with
/// probabilistic guarantees of finding bugs", ASPLOS 2010. Theirs are strict, and their scheduler runs one thread at a time; these are
/// weights of the system's.)
void point(const std::source_location& where = std::source_location::current()) noexcept;

/// The same beside a system call, where the place of the point before says more.
void point_without_a_place() noexcept;

/// Whether a wait that is about to sleep shall return at once, as a spurious wake-up.
[[nodiscard]] bool wakes_for_no_reason() noexcept;

/// Writes the last point of each of the last threads that came to one.
void print_last_points(std::ostream& to);

}  // namespace filch_perturb
