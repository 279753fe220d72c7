#!/usr/bin/env bash
# Makes images, and thumbnails of them. How long anything takes is not looked at.
#
#   thumbnails_test.sh <case> <thumbnails> <test_images> <faulty_files>
#
# LIMIT_MEMORY comes from the environment: whether an address space of a GiB has to do for large images.
set -euo pipefail
export LC_ALL=C
unset FILCH_WORKERS

case=$1
thumbnails=$2
test_images=$3
faulty_files=$4
place=$(mktemp -d)
mounted=
trap '[[ -z $mounted ]] || umount "$mounted"; chmod -R u+rwx "$place"; rm -rf "$place"' EXIT
in=$place/in
out=$place/out
mkdir "$in"

fail() {
  echo "thumbnails_test.sh: $*" >&2
  cat "$place"/{stdout,stderr} >&2 2> /dev/null || true
  exit 1
}

# Put before the program: what it is to run as, or within.
around=()

# run <status> <argument>...
run() {
  local expected=$1 status=0
  shift
  "${around[@]}" "$thumbnails" "$@" > "$place/stdout" 2> "$place/stderr" || status=$?
  [[ $status == "$expected" ]] || fail "status $status instead of $expected: thumbnails $*"
}
prints() { grep -qE -e "$1" "$place/stdout" || fail "standard output lacks '$1'"; }
complains() { grep -qE -e "$1" "$place/stderr" || fail "standard error lacks '$1'"; }
has_complaints() { [[ $(wc -l < "$place/stderr") == "$1" ]] || fail "standard error should have $1 lines"; }
patiently=(--timeout 3600s)

make() { "$test_images" make "$@"; }

# shows <file> <size> [<colour of each quarter>...]: JPEG may be off by a little.
shows() {
  local file=$1 size=$2 said
  shift 2
  said=$("$test_images" show "$file") || fail "there is no thumbnail $file, or it is damaged"
  [[ ${said%%:*} == "$size" ]] || fail "$file is $said, and not $size"
  [[ $# == 0 ]] || awk -v said="${said#*: }" -v wanted="$*" 'BEGIN {
    if (split(said, a, /[ ,]/) != split(wanted, b, /[ ,]/)) exit 1
    for (i in a) if (a[i] - b[i] > 6 || b[i] - a[i] > 6) exit 1
  }' || fail "$file shows $said instead of $*"
}
colours=("255,0,0,255" "0,255,0,255" "0,0,255,255" "255,255,255,255")
see_through=("255,0,0,255" "0,255,0,255" "0,0,255,255" "0,0,0,0")
greys=("0,0,0,255" "85,85,85,255" "170,170,170,255" "255,255,255,255")

# What is below a directory and not a directory.
files_below() { (cd "$1" && find . -type f | sort | tr '\n' ' '); }
has_only() { [[ $(files_below "$out") == "$*" ]] || fail "below OUT there is $(files_below "$out")instead of $*"; }

# The address sanitizer insists on being loaded first, without need.
export ASAN_OPTIONS=verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}

# begin <argument>...: in the background, with files that fail by their names, until one of them waits.
begin() {
  mkdir -p "$place/faults"
  FAULTY_FILES=$place/faults LD_PRELOAD=$faulty_files env --default-signal=INT "$thumbnails" "$@" \
    > "$place/stdout" 2> "$place/stderr" &
  program=$!
  await "$place/faults/waits"
}
await() {
  until [[ -e $1 ]]; do
    kill -0 "$program" 2> /dev/null || fail "it ended early"
    sleep 0.01
  done
}
interrupt() {
  kill -s "$1" "$program"
  until grep -q '^thumbnails: interrupted' "$place/stderr"; do
    kill -0 "$program" 2> /dev/null || fail "it ended and did not say that it was interrupted"
    sleep 0.01
  done
}
ends() {
  local status=0
  wait "$program" || status=$?
  [[ $status == "$1" ]] || fail "status $status instead of $1"
}

case $case in
  all_well)
    mkdir -p "$in/a/b c/.d" "$in/empty"
    make jpeg 1000 500 "$in/one.jpg"
    make png 300 900 "$in/a/two.PNG"
    make jpeg 60 40 "$in/a/b c/three.jpeg"
    make png 4000 3000 "$in/a/b c/.d/"$'fo\nur.png'
    echo text > "$in/a/readme.txt"
    ln -s one.jpg "$in/link.jpg"
    for workers in 1 2 7; do
      rm -rf "$out"
      run 0 "${patiently[@]}" --workers "$workers" --in-flight "$workers" "$in" "$out"
      has_only "$(cd "$in" && find . -type f ! -name '*.txt' | sort | tr '\n' ' ')"
      has_complaints 0
      prints '^images  4 of 4 made, 0 failed, '
      prints '^links   1 were not followed'
      prints '^time    read [0-9.]+%, decode [0-9.]+%, resize [0-9.]+%, encode [0-9.]+%, write [0-9.]+%$'
      prints 'submit to start: p50'
      shows "$out/one.jpg" 200x100 "${colours[@]}"
      shows "$out/a/two.PNG" 67x200 "${colours[@]}"
      shows "$out/a/b c/three.jpeg" 60x40 "${colours[@]}"
      shows "$out/a/b c/.d/"$'fo\nur.png' 200x150 "${colours[@]}"
    done
    run 0 "${patiently[@]}" --size 50 "$in" "$out"
    shows "$out/one.jpg" 50x25 "${colours[@]}"
    # Thumbnails below the images are not images.
    run 0 "${patiently[@]}" "$in" "$in/thumbnails"
    run 0 "${patiently[@]}" "$in" "$in/thumbnails"
    prints '^images  4 of 4 made'
    ;;
  kinds)
    for kind in jpeg progressive_jpeg cmyk_jpeg png deep_png interlaced_png; do
      make "$kind" 640 480 "$in/$kind.${kind##*_}"
    done
    for kind in alpha_png alpha_deep_png alpha_interlaced_png palette_png; do make "$kind" 640 480 "$in/$kind.png"; done
    for kind in grey_jpeg grey_png; do make "$kind" 640 480 "$in/$kind.png"; done
    make turned_jpeg 640 480 "$in/turned.jpg"
    run 0 "${patiently[@]}" "$in" "$out"
    for kind in jpeg progressive_jpeg cmyk_jpeg png deep_png interlaced_png; do
      shows "$out/$kind.${kind##*_}" 200x150 "${colours[@]}"
    done
    for kind in alpha_png alpha_deep_png alpha_interlaced_png palette_png; do
      shows "$out/$kind.png" 200x150 "${see_through[@]}"
    done
    for kind in grey_jpeg grey_png; do shows "$out/$kind.png" 200x150 "${greys[@]}"; done
    shows "$out/turned.jpg" 150x200 0,0,255,255 255,0,0,255 255,255,255,255 0,255,0,255
    ;;
  extremes)
    make png 20000 10 "$in/wide.png"
    make png 10 20000 "$in/high.png"
    make jpeg 20000 100 "$in/wide.jpg"
    make png 1 1 "$in/dot.png"
    make png 201 199 "$in/nearly.png"
    make grey_png 20000 5000 "$in/large.png"
    make jpeg 20000 2000 "$in/large.jpg"
    if [[ -n ${LIMIT_MEMORY:-} ]] && command -v prlimit > /dev/null; then around=(prlimit --as=$((1 << 30))); fi
    run 0 "${patiently[@]}" --workers 1 "$in" "$out"
    shows "$out/wide.png" 200x1
    shows "$out/high.png" 1x200
    shows "$out/wide.jpg" 200x1
    shows "$out/dot.png" 1x1
    shows "$out/nearly.png" 200x198 "${colours[@]}"
    shows "$out/large.png" 200x50 "${greys[@]}"
    shows "$out/large.jpg" 200x20 "${colours[@]}"
    ;;
  damaged)
    make jpeg 800 600 "$in/good.jpg"
    make png 800 600 "$in/good.png"
    make noise_png 300 300 "$in/garbled.png"
    printf 'garbled' | dd of="$in/garbled.png" bs=1 seek=5000 conv=notrunc status=none
    head -c 5000 "$in/good.jpg" > "$in/cut.jpg"
    head -c 700 "$in/good.png" > "$in/cut.png"
    head -c 3 "$in/good.jpg" > "$in/begin.jpg"
    head -c 8 "$in/good.png" > "$in/begin.png"
    echo "dear diary" > "$in/text.jpg"
    : > "$in/empty.png"
    make header_png 900000 900000 "$in/absurd.png"
    run 1 "${patiently[@]}" "$in" "$out"
    has_only './good.jpg ./good.png '
    has_complaints 8
    complains '^garbled.png: the PNG is damaged or not supported: '
    complains '^cut.jpg: the JPEG is damaged or not supported: Premature end'
    complains '^cut.png: the PNG is damaged or not supported: the file ends too early$'
    complains '^begin.jpg: the JPEG is damaged or not supported: '
    complains '^begin.png: the PNG is damaged or not supported: the file ends too early$'
    complains '^text.jpg: its contents are neither JPEG nor PNG$'
    complains '^empty.png: the file is empty$'
    complains '^absurd.png: it says that it has 900000 x 900000 pixels, and more than 1000 megapixels are not decoded$'
    prints '^images  2 of 10 made, 8 failed'
    ;;
  unreadable)
    make jpeg 300 300 "$in/good.jpg"
    make jpeg 300 300 "$in/secret.jpg"
    mkdir "$in/locked"
    chmod 000 "$in/secret.jpg" "$in/locked"
    if [[ $EUID == 0 ]]; then # who may read everything
      command -v setpriv > /dev/null || { echo "root cannot be kept from reading without setpriv"; exit 77; }
      around=(setpriv --reuid=65534 --regid=65534 --clear-groups)
      cp "$thumbnails" "$place/thumbnails"
      thumbnails=$place/thumbnails
      mkdir "$out"
      chmod 777 "$out"
      chmod 755 "$place"
    fi
    run 1 "${patiently[@]}" "$in" "$out"
    has_only './good.jpg '
    has_complaints 2
    complains '^secret.jpg: cannot open it: Permission denied$'
    complains '^locked: cannot list it: Permission denied$'
    rm -f "$out/good.jpg"
    chmod 555 "$out"
    run 1 "${patiently[@]}" "$in" "$out"
    complains '^good.jpg: cannot make the thumbnail: Permission denied$'
    ;;
  full_disk | file_limit)
    make png 400 400 "$in/a.png"
    make noise_png 400 400 "$in/b.png"
    make png 400 400 "$in/c.png"
    mkdir "$out"
    why='File too large'
    if [[ $case == full_disk ]]; then
      why='No space left on device'
      mount -t tmpfs -o size=64k thumbnails_test "$out" 2> "$place/stderr" || { echo "no file system may be mounted"; exit 77; }
      mounted=$out
    else
      ulimit -f 64
    fi
    run 1 "${patiently[@]}" "$in" "$out"
    has_only './a.png ./c.png '
    has_complaints 1
    complains "^b.png: cannot write the thumbnail: $why\$"
    ;;
  transient)
    make jpeg 300 300 "$in/broken.jpg"
    make jpeg 300 300 "$in/flaky.jpg"
    make jpeg 300 300 "$in/good.jpg"
    export FAULTY_FILES=$place
    around=(env LD_PRELOAD="$faulty_files")
    run 1 "${patiently[@]}" --attempts 3 "$in" "$out"
    has_only './flaky.jpg ./good.jpg '
    has_complaints 1
    complains '^broken.jpg: cannot read it: Input/output error, also at the last of 3 attempts$'
    rm "$out"/*
    run 1 "${patiently[@]}" --attempts 1 "$in" "$out"
    has_only './good.jpg '
    complains '^flaky.jpg: cannot read it: Input/output error$'
    ;;
  timeout)
    make grey_png 20000 20000 "$in/large.png"
    run 1 --timeout 1ms "$in" "$out"
    has_only ''
    has_complaints 1
    complains '^large.png: it was not done within 0.001 s$'
    ;;
  never_answers)
    make jpeg 300 300 "$in/good.jpg"
    make jpeg 300 300 "$in/waits.jpg"
    begin --timeout 10s "$in" "$out"
    ends 1
    has_only './good.jpg '
    has_complaints 1
    complains '^waits.jpg: it was not done within 10 s$'
    ;;
  interrupted)
    for i in 1 2 3 4 5 6; do make jpeg 300 300 "$in/waits$i.jpg"; done
    for signal in INT TERM; do
      rm -rf "$place/faults" "$out"
      begin "${patiently[@]}" --workers 2 --in-flight 2 "$in" "$out"
      interrupt "$signal"
      touch "$place/faults/go"
      ends 130
      prints '^images  [0-2] of 6 made, 0 failed'
      prints '^left    [4-6]: [4-6] not begun, [0-2] cut short$'
      [[ $(files_below "$out" 2> /dev/null) != *.thumbnail-* ]] || fail "a temporary file stayed"
    done
    ;;
  interrupted_in_vain)
    for i in 1 2 3; do make jpeg 300 300 "$in/waits$i.jpg"; done
    begin "${patiently[@]}" --in-flight 2 --workers 2 "$in" "$out"
    interrupt INT
    ends 130
    prints '^images  0 of 3 made, 0 failed'
    prints '^left    3: [12] not begun, [12] cut short, of which [12] do not end by themselves$'
    ;;
  interrupted_twice)
    make jpeg 300 300 "$in/one.jpg"
    mkdir "$place/faults"
    touch "$place/faults/hold"
    begin "${patiently[@]}" "$in" "$out"
    [[ $(files_below "$out") == ./.thumbnail-* ]] || fail "it should be writing"
    interrupt INT
    kill -s INT "$program"
    ends 130
    has_only ''
    [[ ! -s $place/stdout ]] || fail "it has waited for its report"
    ;;
  progress)
    command -v script > /dev/null || { echo "script is not installed"; exit 77; }
    make jpeg 300 300 "$in/one.jpg"
    echo text > "$in/text.jpg"
    script -qec "'$thumbnails' --in-flight 1 '$in' '$out'" /dev/null < /dev/null > "$place/stdout" 2>&1 || true
    prints $'^.*\r\\[[#.]{40}\\] [0-2] of 2'
    prints '^.*text.jpg: its contents are neither JPEG nor PNG'
    ;;
  command_line)
    run 0 --help
    prints '--in-flight N'
    run 0 "$in" "$out"
    prints '^There are no images below '
    make jpeg 300 300 "$in/one.jpg"
    mkdir "$in/below"
    touch "$place/file"
    for wrong in '' "$in" "$in $out $out" "$place/nowhere $out" "$place/file $out" "$in $place/file" "$in $place/file/x" \
      "$in $in" "$in/below $in" "--size 0 $in $out" "--size x $in $out" "--workers 0 $in $out" "--in-flight 0 $in $out" \
      "--timeout 10 $in $out" "--timeout 0s $in $out" "--attempts 0 $in $out" "--quality 101 $in $out" "--nonsense $in $out" \
      '--size'; do
      # shellcheck disable=SC2086  # several words
      run 2 $wrong
      [[ ! -s $place/stdout ]] || fail "'$wrong' should be nothing on standard output"
      has_complaints 1
      complains '^thumbnails: '
    done
    FILCH_WORKERS=banana run 2 "$in" "$out"
    complains banana
    cmp "$in/one.jpg" <(make jpeg 300 300 /dev/stdout) || fail "an image was changed"
    ;;
  *) fail "there is no case '$case'" ;;
esac
