#!/bin/busybox sh
# shellcheck shell=dash disable=SC1091,SC2154  # machine.sh is made by boot.sh
# The first process of a machine that boot.sh makes: runs the tests and switches the machine off.
/bin/busybox --install -s /bin
export PATH=/bin LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mkdir -p /dev/shm /cgroup
mount -t tmpfs tmpfs /dev/shm
ip link set lo up 2> /dev/null
# The kernel would move pages after the threads that read them; here it is asked where they were born.
echo 0 > /proc/sys/kernel/numa_balancing 2> /dev/null
. /machine.sh

wrong=
# step <name> <command>...
step() {
  local name=$1
  shift
  echo "== $name"
  "$@" || wrong="$wrong, $name"
}

run() {
  program=$1
  shift
  /tests/"$program" --gtest_brief=1 "$@"
}

# in_group <group> <command>...: in a cgroup.
in_group() {
  group=$1
  shift
  (echo 0 > "/cgroup/$group/cgroup.procs" && "$@")
}

quota_of_one_and_a_half() {
  mkdir -p /cgroup/quota/inner && echo '150000 100000' > /cgroup/quota/cpu.max || return
  # The limit stands one level above the process.
  export FILCH_EXPECTED_WORKERS=2
  in_group quota/inner run runtime_tests --gtest_filter='announced*announced_workers:*scheduler_test*'
}

part_of_the_machine() {
  mkdir -p /cgroup/part && echo "$cpus_of_part" > /cgroup/part/cpuset.cpus && echo "$nodes_of_part" > /cgroup/part/cpuset.mems ||
    return
  export FILCH_EXPECTED_CPUS="$cpus_of_part" FILCH_EXPECTED_WORKERS=4 FILCH_EXPECTED_MACHINE="$machine_of_part"
  in_group part run runtime_tests --gtest_filter='announced*:*worker_test*:*scheduler_test*'
}

cgroups() {
  mount -t cgroup2 cgroup /cgroup && echo '+cpu +cpuset' > /cgroup/cgroup.subtree_control || return
  mkdir -p /cgroup/quota && echo '+cpu' > /cgroup/quota/cgroup.subtree_control
  wrong_before=$wrong
  step 'a quota of one and a half CPUs' quota_of_one_and_a_half
  step 'a part of the machine' part_of_the_machine
  [ "$wrong" = "$wrong_before" ]
}

step topology run topology_tests
step park run park_tests
step placement run runtime_tests --gtest_filter='*worker_test*:announced*'
# The time that an emulated processor spends says nothing.
step waking run runtime_tests --gtest_filter='*search_test*:-*uses_no_cpu*:*is_quiet_again*'
step contract run runtime_tests --gtest_filter='*scheduler_test*:*bulk_test*:*waiting_test*:*block_test*:*shutdown_test*'
unset FILCH_EXPECTED_MACHINE FILCH_EXPECTED_CPUS FILCH_EXPECTED_WORKERS
step cgroups cgroups

if [ -z "$wrong" ]; then echo 'all well'; else echo "not well: ${wrong#, }"; fi
sync
poweroff -f
