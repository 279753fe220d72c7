#!/usr/bin/env bash
# relacy_headers.sh <folder with relacy/relacy.hpp> <destination>
#
# Copies Relacy's headers and brings their memory model up to C++20:
#   - a store of the thread that released no longer continues a release sequence, only a read-modify-write does;
#   - a load may read one of the last seven stores instead of the last two;
#   - a compare-and-swap may have a stronger order when it fails than when it succeeds;
#   - a system-wide fence is a full fence in each thread, at moments of its own, and orders nothing else.
set -euo pipefail

from=$1
to=$2.new

# change <file> <sed expression> <text that must be there afterwards>
change() {
  sed -i "$2" "$to/relacy/$1"
  grep -qF "$3" "$to/relacy/$1" || {
    echo "relacy_headers.sh: this version of Relacy is not the one that is known here: cannot change $1" >&2
    exit 1
  }
}

rm -rf "$to"
mkdir -p "$to"
cp -r "$from/relacy" "$to/"
change thread.hpp 's/prev\.busy_ && (rmw || (index_ == prev\.thread_id_))/prev.busy_ \&\& rmw/' 'prev.busy_ && rmw;'
change defs.hpp 's/atomic_history_size = 3;/atomic_history_size = 8;/' 'atomic_history_size = 8;'

# What stands where Relacy insists that a failure is no stronger than a success.
begin='/memory_order mo, memory_order failure_mo, debug_info_param info)/,/^    }/'
for success in relaxed acquire release acq_rel; do
  allowed=
  for failure in acquire seq_cst; do
    allowed+="if (failure_mo == mo_$failure) return compare_swap_impl<spurious_failures, mo_$success, \\&thread_info_base::atomic_rmw_$success, mo_$failure, \\&thread_info_base::atomic_load_${failure}_rmw>(cmp, xchg, info); "
  done
  change atomic.hpp "$begin{/case mo_$success:.\$/{n;s/{/{ $allowed/}}" \
    "mo_$success, &thread_info_base::atomic_rmw_$success, mo_seq_cst,"
done

# rl_global_fence() itself stays as it is: Relacy begins an execution with it.
change context_base.hpp '/virtual void rl_global_fence() = 0;/a\    virtual void full_fences_of_all() = 0;' 'full_fences_of_all() = 0;'
change context.hpp '/^    void rl_global_fence()/i\    void full_fences_of_all()\
    {\
        const unsigned first = rand(thread_count, sched_type_user);\
        for (unsigned i = 0; i != thread_count; ++i)\
        {\
            sched();\
            threads_[(first + i) % thread_count].atomic_thread_fence_seq_cst(seq_cst_fence_order_);\
        }\
    }' 'threads_[(first + i) % thread_count].atomic_thread_fence_seq_cst'
change context.hpp '/^inline void systemwide_fence/,/^}/s/rl_global_fence/full_fences_of_all/' 'c.full_fences_of_all();'

# Headers that are the same keep their time, so that nothing is built anew.
if diff -rq "$to" "$2" > /dev/null 2>&1; then
  rm -rf "$to"
else
  rm -rf "$2"
  mv "$to" "$2"
fi
