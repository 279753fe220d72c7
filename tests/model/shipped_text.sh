#!/usr/bin/env bash
# shipped_text.sh <src> <destination>
#
# The steps of the runtime are members of classes that need a whole library around them. Takes the protocol's part of them
# out of the sources, unchanged, for a pool that is made for the models: model_pool.hpp.
set -euo pipefail
src=$1
out=$2/shipped_runtime.inc

# take <file> <pattern of members> [<pattern of members to leave out>]
take() {
  awk -v members="$2" -v others="${3:-^$}" -v file="src/$1" '
    !inside && match($0, /^[a-z].*[a-z]::[a-z_]+\(/) && $0 ~ "(" members ")\\(" && $0 !~ "(" others ")\\(" {
      inside = found = 1
      printf "#line %d \"%s\"\n", NR, file
    }
    inside { print }
    inside && (/^}/ || (/}$/ && !/^ /)) { inside = 0; print "" }
    END { exit !found }' "$src/$1" || {
    echo "shipped_text.sh: src/$1 does not define $2" >&2
    exit 1
  }
}

# replace <file>: by its new text, unless it is the same.
replace() { if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi; }

mkdir -p "$2"
{
  take runtime/search.cpp 'worker::[a-z_]+' worker::search_for_a_while
  take runtime/worker.cpp 'worker::(next_task|find_own_or_search)'
  take runtime/idle_host.cpp pool_core::work_visible
  take runtime/block.cpp 'pool_core::[a-z_]+'
  take runtime/load.cpp 'pool_core::(parked|watch_for_work|tell_who_watches|tell_service)'
  take runtime/resize.cpp 'pool_core::[a-z_]+' 'pool_core::(refuse_to_resize|limit_searches)'
  take runtime/quiescence.cpp 'pool_core::(balance|wait_until_idle|out_of_work)'
  take runtime/pool_core.cpp pool_core::stop_and_join
  take runtime/shutdown.cpp 'pool_core::(close|end_workers|stop_service)'
  take runtime/allocate.cpp pool_core::trim_memory
  take runtime/submission_slots.cpp 'submission_slot::(trim|leave)'
  take memory/slab.cpp 'slab::(trim|free_remote|orphan)'
} > "$out.new"
replace "$out"

# lines <file> <pattern of the first>: up to the end of the class.
lines() {
  awk -v first="$2" -v file="$1" '
    !inside && $0 ~ first { inside = found = 1; printf "#line %d \"%s\"\n", NR, file }
    inside { print }
    inside && /^};/ { inside = 0; print "" }
    END { exit !found }' "$src/../$1" || {
    echo "shipped_text.sh: $1 has no line '$2'" >&2
    exit 1
  }
}

# The bell that a pool shares with its slabs is not a template: the types are exchanged in its text.
{
  lines include/filch/detail/base/held_object.hpp '^template <class T>$'
  lines src/memory/trim_bell.hpp '^class trim_bell '
} | sed -E 's/(reference_count|combined_calls)<>/\1<relacy_atomics>/; s/std::mutex mutex_/model::mutex mutex_/
  s/trim_function trim_;/model::plain<trim_function> trim_;/' > "$2/shipped_bell.inc.new"
[[ $(grep -cE '<relacy_atomics>|model::(mutex|plain)' "$2/shipped_bell.inc.new") == 4 ]] || {
  echo "shipped_text.sh: src/memory/trim_bell.hpp or held_object.hpp is not as it is known here" >&2
  exit 1
}
replace "$2/shipped_bell.inc"

# The parker is not a template over its atomics: the type is exchanged in its text.
{
  sed -n '/^enum class park_result/,/^parker&/{/^parker&/!p}' "$src/park/parker.hpp"
  take park/parker.cpp 'parker::(park|unpark)'
} | sed 's/\(std\|standard_atomics\)::atomic</model::atomic</g' > "$2/shipped_parker.inc.new"
grep -q 'model::atomic<std::uint32_t> word_' "$2/shipped_parker.inc.new" || {
  echo "shipped_text.sh: src/park/parker.hpp has no std::atomic<std::uint32_t> word_" >&2
  exit 1
}
replace "$2/shipped_parker.inc"

# The timers are no template either: the mutex is exchanged.
{
  take time/timers.cpp 'timers::(add|withdraw|withdraw_locked|insert|put|remove|wake|main|hand_over_what_is_due|hand_over|act|sleep|drain|cancel|end_all|take_next_that_ends|stop)'
  take time/delay.cpp 'delay::[a-z_]+'
  take time/series.cpp 'series::(tick_is_over|end|cancel_claimed|settle|come_due)'
} | sed 's/std::mutex/model::mutex/g' > "$2/shipped_time.inc.new"
grep -q 'std::unique_lock<model::mutex>& lock' "$2/shipped_time.inc.new" || {
  echo "shipped_text.sh: src/time/timers.cpp has no sleep(..., std::unique_lock<std::mutex>& lock)" >&2
  exit 1
}
replace "$2/shipped_time.inc"

take flow/job.cpp 'job::(start|queue|wait_for_first|turn::come_due|wait_for_next|may_start|attempt_is_over|settle|publish|end_callable|abandon|cancel|stop_claim::claim|has_limit|set_alarm|end_alarm|time_is_up|end_in_time)' > "$2/shipped_job.inc.new"
replace "$2/shipped_job.inc"

# A gate's state is no template: the model declares one with its own fields.
take flow/admission.cpp 'admission_state::(give_back|gate_goes|hand_over|notify|take_soon|join_line|wait_in_line|take_out_of_line|append|remove)' \
  > "$2/shipped_admission.inc.new"
replace "$2/shipped_admission.inc"

# A job of a join is no template: its types are exchanged in its text.
lines include/filch/detail/runtime/stack_job.hpp '^class stack_job ' | sed -E 's/standard_atomics::atomic/model::atomic/
  s/state_word<>/state_word<relacy_atomics>/; s/const run_function run_;/model::plain<run_function> run_;/' > "$2/shipped_stack_job.inc.new"
[[ $(grep -cE 'relacy_atomics>|model::(atomic|plain)' "$2/shipped_stack_job.inc.new") == 4 ]] || {
  echo "shipped_text.sh: include/filch/detail/runtime/stack_job.hpp is not as it is known here" >&2
  exit 1
}
replace "$2/shipped_stack_job.inc"
take runtime/fork.cpp 'stack_job::run_stolen|worker::(take_back_from_below|take_what_lies_above|give_to_all|await_stolen|helps_until_done|sleep_until|run_one_of_its_thief)' \
  | sed 's/state_word<>/state_word<relacy_atomics>/' > "$2/shipped_fork.inc.new"
replace "$2/shipped_fork.inc"

# So it is with the tasks of a group.
{
  take runtime/run_task.cpp worker::run_entry
  take runtime/children.cpp 'worker::(await_children|pop_child|put_back)'
} | sed 's/child_count<>/group_child::siblings/' > "$2/shipped_children.inc.new"
replace "$2/shipped_children.inc"
