#!/usr/bin/env bash
# Proves that the models can fail: leaves a step of the shipped code out, one at a time, and expects the model of that protocol
# to find it. Weaker orders and single operations are in kill_matrix.sh.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<END
tests/model/mutants.sh [<model>...]

For each line of tests/model/mutants.txt, or those of the models named, copies the sources, makes the one change, builds
the model and runs it. The status is 0 when each mutant was killed that is said to be killed.

CXX       the compiler, g++ by default
RELACY    the folder that holds relacy/relacy.hpp, /usr/include by default
SHOW      when set, prints each change and runs nothing
ONLY      a regular expression: only the changes whose name matches it
FACTOR    multiplies the number of executions, 5 by default
END
  exit
fi

unset FILCH_MODEL_EXECUTIONS
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/relacy_headers.sh" "${RELACY:-/usr/include}" "$work/relacy"

# What all models include first, compiled once.
options=(-std=c++20 -O1 -fno-sized-deallocation -fno-lifetime-dse -w -isystem "$work/relacy" -I "$work/common")
mkdir "$work/common"
cp "$here"/{check,execution,mutation,relacy_atomics,scenario}.hpp "$work/common/"
[[ -n ${SHOW:-} ]] || "${CXX:-g++}" "${options[@]}" -x c++-header "$work/common/scenario.hpp" -o "$work/common/scenario.hpp.gch"

# The program around the checks, compiled once as well.
for part in execution run_checks; do
  "${CXX:-g++}" "${options[@]}" -DFILCH_SOURCE_ROOT="\"$root\"" -c "$here/$part.cpp" -o "$work/$part.o"
done

# All mutants are made of the sources as they are now.
cp -r "$root/include" "$root/src" "$work/"
mkdir "$work/tests"
cp -r "$here" "$work/tests/model"
rm "$work/tests/model"/{check,execution,mutation,relacy_atomics,scenario}.hpp

killed=0
survived=0
wrong=0

# build <model>: from the copy of the sources.
build() {
  (cd "$work/copy" && tests/model/shipped_text.sh "$work/copy/src" "$work/copy/generated") &&
    "${CXX:-g++}" "${options[@]}" -I "$work/copy/include" -I "$work/copy/generated" "$work/copy/tests/model/$1_model.cpp" "$work"/{execution,run_checks}.o -o "$work/model"
}

# mutant <model> <expected> <file> <name> <sed expression>
mutant() {
  local model=$1 expected=$2 file=$3 name=$4 change=$5 outcome
  rm -rf "$work/copy" && mkdir "$work/copy"
  cp -r "$work"/{include,src,tests} "$work/copy/"
  sed -i -E "$change" "$work/copy/$file"
  if cmp -s "$work/$file" "$work/copy/$file"; then
    outcome='changes nothing'
  elif [[ -n ${SHOW:-} ]]; then
    echo "$model: $name" && { diff "$work/$file" "$work/copy/$file" || true; }
    return
  elif ! build "$model" > "$work/errors" 2>&1; then
    outcome='does not compile'
  elif timeout 300 "$work/model" "${FACTOR:-5}" > "$work/report" 2>&1; then
    outcome=survives
  else
    outcome=$(grep VIOLATED "$work/report" | sed 's/VIOLATED in //' || true)
    outcome="killed (${outcome:-it crashed or did not end})"
  fi
  case $expected:$outcome in
    killed:killed* | unseen:survives) ;;
    *) wrong=$((wrong + 1)) outcome="$outcome, but was expected to be $expected" ;;
  esac
  [[ $outcome == killed* ]] && killed=$((killed + 1))
  [[ $outcome == survives* ]] && survived=$((survived + 1))
  echo "$model: $name: $outcome"
}

while IFS=$'\t' read -r model expected file name change; do
  [[ -z $model || $model == \#* ]] && continue
  [[ $# == 0 || " $* " == *" $model "* ]] || continue
  [[ $name =~ ${ONLY:-} ]] || continue
  mutant "$model" "$expected" "$file" "$name" "$change"
done < <(sed -E 's/ +\| +/\t/; s//\t/; s//\t/; s//\t/' "$here/mutants.txt")

echo "$killed killed, $survived survived, $wrong not as expected"
[[ $wrong == 0 ]]
