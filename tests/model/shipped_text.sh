#!/usr/bin/env bash
# shipped_text.sh <src> <destination>
#
# The steps of the runtime are members of classes that need a whole library around them. Takes the protocol's part of them
# out of the sources, unchanged, for a pool that is made for the models: model_pool.hpp.
set -euo pipefail
src=$1
out=$2/shipped_runtime.inc

# take <file> <member>...: the definitions of these members.
take() {
  local file=$1 member
  shift
  for member; do
    awk -v member="$member" -v file="src/$file" '
      !inside && $0 ~ "^[a-z].*" member "\\(" { inside = 1; found = 1; printf "#line %d \"%s\"\n", NR, file }
      inside { print }
      inside && (/^}/ || (/}$/ && !/^ /)) { inside = 0; print "" }
      END { exit !found }' "$src/$file" || {
      echo "shipped_text.sh: src/$file does not define $member" >&2
      exit 1
    }
  done
}

mkdir -p "$2"
{
  take runtime/search.cpp worker::search worker::first_task_of_spare worker::search_from worker::is_one_too_many \
    worker::stand_down worker::rest worker::park worker::retire worker::sleep_dormant worker::leave_for_good
  take runtime/worker.cpp worker::next_task
  take runtime/idle_host.cpp pool_core::work_visible pool_core::out_of_work
  take runtime/block.cpp pool_core::replace_blocked_worker pool_core::start_spare pool_core::blocked_worker_returns \
    pool_core::wake_one_parked_spare
  take runtime/shutdown.cpp pool_core::balance pool_core::wait_until_idle
  take runtime/pool_core.cpp pool_core::stop_and_join
} > "$out.new"
cmp -s "$out.new" "$out" && rm "$out.new" || mv "$out.new" "$out"
