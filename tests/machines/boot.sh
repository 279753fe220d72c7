#!/usr/bin/env bash
# Boots machines that are not here and runs tests inside them.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<END
tests/machines/boot.sh [<machine>...]

Boots Debian's cloud kernel in qemu on a machine with another topology, and runs the tests of topology, parking and pools of
build/release inside it, of which the placement is asked from inside each worker. Builds them first. The kernel is unpacked
beside the build, not installed. By default all machines:
  four-nodes   16 cores on four NUMA nodes
  two-sockets  two sockets of four cores with two threads each, and a node of memory without processors
In each of them also a cgroup with a quota of one and a half CPUs, and one with the processors and the memory of a part of the
machine. qemu computes every instruction, also where there is a /dev/kvm, so that the machine is the same everywhere; what takes
long is left out.
The last line of each machine is "machine <name>: all well" or says what failed.
END
  exit
fi

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=cmake/packages.sh
source cmake/packages.sh
here=tests/machines
work=$PWD/build/machines
programs=(topology_tests park_tests runtime_tests)
machines=("$@")
[[ $# != 0 ]] || machines=(four-nodes two-sockets)

# The lines of a machine: qemu's arguments, and what is announced to the tests.
# shellcheck disable=SC2054  # the commas are qemu's
describe() {
  case $1 in
    four-nodes)
      hardware=(-smp 16,sockets=4,cores=4,threads=1 -m 4G)
      for node in 0 1 2 3; do
        hardware+=(-object "memory-backend-ram,id=memory$node,size=1G"
          -numa "node,nodeid=$node,cpus=$((node * 4))-$((node * 4 + 3)),memdev=memory$node")
      done
      announced=(FILCH_EXPECTED_MACHINE="16 16 4 4 0" FILCH_EXPECTED_CPUS=0-15 FILCH_EXPECTED_WORKERS=16)
      part_of_cpus=4-7 part_of_nodes=1 part_of_machine="4 4 1 4 3"
      ;;
    two-sockets)
      hardware=(-smp 16,sockets=2,cores=4,threads=2 -m 3G)
      for node in 0 1; do
        hardware+=(-object "memory-backend-ram,id=memory$node,size=1G"
          -numa "node,nodeid=$node,cpus=$((node * 8))-$((node * 8 + 7)),memdev=memory$node")
      done
      hardware+=(-object memory-backend-ram,id=memory2,size=1G -numa node,nodeid=2,memdev=memory2)
      announced=(FILCH_EXPECTED_MACHINE="16 8 2 3 1" FILCH_EXPECTED_CPUS=0-15 FILCH_EXPECTED_WORKERS=16)
      part_of_cpus=6-9 part_of_nodes=0,2 part_of_machine="4 2 2 3 1"
      ;;
    *) die "there is no machine '$1'. Machines: four-nodes two-sockets" ;;
  esac
}

# The newest of Debian's cloud kernels, unpacked once.
obtain_kernel() {
  local package
  mkdir -p "$work/kernel/boot"
  kernel=$(find "$work/kernel/boot" -name 'vmlinuz-*' | sort -V | tail -n 1)
  [[ -z $kernel ]] || return 0
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^  Depends: //p' | head -n 1) || true
  [[ -n $package ]] || die "the package sources of this system have no linux-image-cloud-amd64"
  say "unpacking $package"
  (cd "$work" && apt-get download --quiet "$package" >&2 && dpkg-deb --extract "$package"_*.deb kernel)
  kernel=$(find "$work/kernel/boot" -name 'vmlinuz-*' | sort -V | tail -n 1)
}

# The libraries that the programs load, as full names.
libraries() {
  ldd "${programs[@]/#/build/release/tests/}" | sed -nE 's/^[^/]*(\/[^ ]+) \(0x.*/\1/p' | sort -u
}

# A file system of busybox, the programs and their libraries.
make_root() {
  local root=$work/root library pair
  rm -rf "$root"
  mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,tests}
  cp "$(command -v busybox)" "$root/bin/"
  cp "${programs[@]/#/build/release/tests/}" "$root/tests/"
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp --dereference "$library" "$root$library"
  done < <(libraries)
  cp $here/inside.sh "$root/init"
  echo root:x:0:0:root:/:/bin/sh > "$root/etc/passwd"
  {
    for pair in "${announced[@]}"; do printf "export %s='%s'\n" "${pair%%=*}" "${pair#*=}"; done
    printf 'cpus_of_part=%s\nnodes_of_part=%s\nmachine_of_part="%s"\n' "$part_of_cpus" "$part_of_nodes" "$part_of_machine"
  } > "$root/machine.sh"
  (cd "$root" && find . | busybox cpio -o -H newc 2> /dev/null | gzip -1) > "$work/root.cpio.gz"
}

# boot <machine>: prints what the machine prints.
boot() {
  timeout 3600 qemu-system-x86_64 -accel tcg,thread=multi -cpu Skylake-Client "${hardware[@]}" -kernel "$kernel" -initrd "$work/root.cpio.gz" \
    -append "console=ttyS0 quiet panic=-1" -nographic -no-reboot -nodefaults -serial stdio < /dev/null
}

require_packages g++ cmake ninja-build pkg-config libhwloc-dev libconcurrentqueue-dev libgtest-dev qemu-system-x86 busybox-static
cmake --preset release > /dev/null
cmake --build --preset release --target "${programs[@]}"

mkdir -p "$work"
obtain_kernel

failed=()
for machine in "${machines[@]}"; do
  describe "$machine"
  make_root
  say "booting $machine"
  log=$work/$machine.log
  boot 2>&1 | sed -u 's,\r,,g' | tee "$log" || true
  if grep -q '^all well' "$log"; then
    say "machine $machine: all well"
  else
    say "machine $machine: $(grep -E '^not well: ' "$log" || echo "it did not come to its end; see $log")"
    failed+=("$machine")
  fi
done
[[ ${#failed[@]} == 0 ]]
