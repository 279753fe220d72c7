#!/usr/bin/env bash
# The kill matrix: shows that the models notice when an atomic operation of the shipped sources is weaker, takes two steps or is
# left out.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

if [[ ${1:-} == --help || ${1:-} == -h || $# == 0 ]]; then
  cat <<END
tests/model/kill_matrix.sh <folder of the models' programs> [quick | full | tables]

Runs each model on each weaker form of each operation that it passes. Every one must be killed, or be explained in
tests/model/beyond.txt. Every order that is stronger than relaxed must be in the matrix, or be explained there, and have a label.

quick    a third of the executions, and leaves the explained ones alone (this is the default)
full     runs them as well, and expects that they are not killed
tables   as quick, and writes the tables into the rooms' README.md
END
  exit
fi

programs=$(cd "$1" && pwd)
mode=${2:-quick}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong=0

# Which sources each model is to judge, as an extended regular expression; the first that kills a mutant has killed it.
models=(deque closing remote_list task completion stop limiter admission parker quiescence time job fork group idle spare resize trim watch)
declare -A files=(
  [deque]='chase_lev_deque'
  [closing]='runtime/closing'
  [remote_list]='remote_list'
  [task]='state_word|reference_count|park/idle\.hpp'
  [completion]='completion_list'
  [stop]='stop_hook'
  [limiter]='gcra'
  [admission]='flow/admission'
  [parker]='parker'
  [quiescence]='quiescence|park/idle\.hpp'
  [time]='time/timers'
  [job]='flow/job|task/state_word'
  [fork]='runtime/(stack_job|fork)'
  [group]='runtime/(child_count|ended_children|children)'
  [idle]='park/idle|chase_lev_deque|injection_lane|pool_core'
  [spare]='park/|src/runtime/(block|search|quiescence|pool_core)|chase_lev_deque'
  [resize]='park/(idle|spare)|src/runtime/(block|resize|search|pool_core)'
  [watch]='park/work_watch|runtime/load'
  [trim]='base/combined_calls|memory/|runtime/closing|src/runtime/(allocate|resize|shutdown|submission_slots)'
)

complain() {
  echo "kill_matrix.sh: $*" >&2
  wrong=$((wrong + 1))
}

# Lines of beyond.txt: patterns for the five columns of a name, and the reason.
patterns=()
reasons=()
while IFS='|' read -r file label function operation change reason; do
  patterns+=("*$file|$label|$function|$operation|$change")
  reasons+=("$reason")
done < <(sed -E '/^(#|$)/d; s/ *\| */|/g' "$here/beyond.txt")
used=()

# explanation <name>: sets `explained` to the line's number, or to nothing.
explanation() {
  local n
  explained=
  for n in "${!patterns[@]}"; do
    # shellcheck disable=SC2053  # it is a pattern
    if [[ $1 == ${patterns[n]} ]]; then
      explained=$n
      return
    fi
  done
}

# label_at <file> <line>: of a line that no model passes, on it or nearest above.
label_at() {
  sed -n "$(($2 > 8 ? $2 - 8 : 1)),$2p" "$root/$1" | sed -nE 's#.*// (\[[A-Z][0-9]+\]).*#\1#p' | tail -n 1
}

name_of() { cut -d '|' -f 1-5 <<< "$1"; }

# pass <times>: lets each model try what is not done.
pass() {
  local model
  for model in "${models[@]}"; do
    cat "$work/killed" "$work/passed_over" > "$work/done"
    "$programs/${model}_model" --mutants "$1" "$work/done" "${files[$model]}" > "$work/lines"
    grep '|killed|' "$work/lines" >> "$work/killed" || true
    grep '|unseen|' "$work/lines" >> "$work/unseen" || true
    while IFS= read -r line; do complain "it is not known: $line"; done < <(grep '|broken|' "$work/lines")
  done
}

touch "$work/killed" "$work/passed_over" "$work/unseen"
if [[ $mode != full ]]; then
  pass 0  # names them
  while IFS= read -r line; do
    explanation "$(name_of "$line")"
    [[ -z $explained ]] || echo "$line" >> "$work/passed_over"
  done < <(sort -u "$work/unseen")
  : > "$work/unseen"
fi
pass "$([[ $mode == full ]] && echo 1 || echo 0.3)"

# What no model has killed, once each.
cat "$work/passed_over" "$work/unseen" | cut -d '|' -f 1-5 | sort -u > "$work/names"
cut -d '|' -f 1-5 "$work/killed" | sort -u | comm -23 "$work/names" - > "$work/survivors"

while IFS= read -r name; do
  explanation "$name"
  if [[ -z $explained ]]; then
    complain "nobody notices: $name"
  else
    used[explained]=1
  fi
done < "$work/survivors"
if [[ $mode == full ]]; then
  while IFS= read -r line; do
    explanation "$(name_of "$line")"
    [[ -z $explained ]] || complain "is noticed, though beyond.txt says that it cannot be: $line"
  done < "$work/killed"
fi
while IFS='|' read -r file label function operation change _; do
  [[ -n $label || $change != *' to '* ]] || complain "no label: $file, $operation in $function"
done < <(cat "$work/killed" "$work/survivors")

# Each stronger order of the library must be in the matrix, at its line or, where a call goes on, at the one before; or explained as
# not passed.
for model in "${models[@]}"; do "$programs/${model}_model" --sites "${files[$model]}"; done | cut -d ' ' -f 1 | sort -u > "$work/sites"
is_passed() {
  grep -qxF "$1:$2" "$work/sites" && return
  [[ $(sed -n "$(($2 - 1))p" "$root/$1") != *[\;{}]* ]] && grep -qxF "$1:$(($2 - 1))" "$work/sites"
}
while IFS=: read -r file number _; do
  is_passed "$file" "$number" && continue
  name="$file|$(label_at "$file" "$number")|||not passed"
  explanation "$name"
  if [[ -z $explained ]]; then
    complain "no model passes $file:$number"
  else
    used[explained]=1
    echo "$name" >> "$work/survivors"
  fi
done < <(cd "$root" && grep -rnE '^[^/]*(memory_order_(acquire|release|acq_rel|seq_cst)|(full|light|heavy)_fence\(\);)' src include --include='*.hpp' --include='*.cpp')
for n in "${!patterns[@]}"; do
  [[ -n ${used[n]:-} ]] || complain "beyond.txt explains what is not there: ${patterns[n]}"
done


killed=$(cut -d '|' -f 1-5 "$work/killed" | sort -u | wc -l)
explained_count=$(sort -u "$work/survivors" | tee "$work/once" | wc -l)
mv "$work/once" "$work/survivors"

# The room of a file is the folder after the fixed part of its name.
room_of() { sed -E 's#^(include/filch/detail|src)/([a-z]+)/.*#\2#' <<< "$1"; }

# table <room>: its rows, by file and in the order of the sources.
table() {
  echo '| operation | weaker form | what breaks | in the check | at execution |'
  echo '|---|---|---|---|--:|'
  while IFS='|' read -r file label function operation change verdict how check executions; do
    [[ $(room_of "$file") == "$1" ]] || continue
    if [[ $verdict == killed ]]; then
      [[ $how == 'user assert failed' || $how == 'user invariant failed' ]] && how='an assertion'
      echo "| ${label:+$label }\`$operation\` in \`$function\`, ${file##*/} | $change | $how | $check | $executions |"
    else
      explanation "$file|$label|$function|$operation|$change"
      what=${operation:+"\`$operation\` in \`$function\`, "}
      echo "| ${label:+$label }$what${file##*/} | $change | not seen: ${reasons[explained]} | | |"
    fi
  done < "$work/rows"
}

if [[ $mode == tables && $wrong == 0 ]]; then
  cat "$work/killed" <(sed 's/$/|unseen/' "$work/survivors") | sort -t '|' -k 1,1 -k 2,2V -k 3,5 > "$work/rows"
  for room in $(while IFS='|' read -r file _; do room_of "$file"; done < "$work/rows" | sort -u); do
    readme=$root/src/$room/README.md
    [[ -f $readme ]] || continue  # a room that no model knows
    table "$room" > "$work/table"
    sed -i -e "/^<!-- kill matrix -->\$/,/^<!-- end -->\$/{/^<!-- kill matrix -->\$/r $work/table
      /^<!-- /!d}" "$readme"
    grep -q '^<!-- kill matrix -->$' "$readme" || complain "src/$room/README.md has no place for its table"
  done
fi

echo "kill matrix: $killed mutants killed, $explained_count explained, $wrong wrong"
[[ $wrong == 0 ]]
