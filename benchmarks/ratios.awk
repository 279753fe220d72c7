# Reads what the benchmarks wrote, one file a round, and prints filch beside its peers: for each workload the time of each
# peer divided by filch's time in the same round, as the median of all rounds. Above 1 filch is faster. First a line for each
# workload, then all figures with the least and the greatest ratio, then what was counted. Names are "workload/peer". The files
# are Google Benchmark's JSON, which has one value a line, or written like it.

function value() {
  sub(/^[^:]*: */, "")
  sub(/,$/, "")
  gsub(/"/, "")
  return $0
}

function keep(table, workload, peer, number) {
  table[workload, peer, round] = number
  if (!((workload, peer) in is_known)) {
    is_known[workload, peer] = 1
    if (!(workload in peers)) workloads[++workload_count] = workload
    peers[workload] = peers[workload] (peers[workload] == "" ? "" : "|") peer
    if (peer != "filch" && !(peer in is_column)) {
      is_column[peer] = 1
      columns[++column_count] = peer
    }
  }
}

FNR == 1 { ++round }
/^      "name":/ {
  split(value(), parts, "/")
  workload = parts[1]
  peer = parts[2]
}
/^      "real_time":/ { passed = value() }
/^      "cpu_time":/ { used = value() }
/^      "time_unit":/ {
  if (value() != "ns") print "ratios.awk: times should be in ns" > "/dev/stderr"
  if (peer != "") {
    keep(real, workload, peer, passed)
    cpu[workload, peer, round] = used
  }
}
/^      "error_message":/ {
  print workload ", " peer ": " value() > "/dev/stderr"
  failed = 1
}
# Whatever a benchmark counts itself has a name of several words. With these the time says nothing.
/^      "(heap|idle) [^"]*":/ { is_untimed[workload] = 1 }
/^      "[^" ]* [^"]*":/ {
  counter = $0
  sub(/^ *"/, "", counter)
  sub(/".*/, "", counter)
  counted[workload, counter, peer, round] = value()
  if (!((workload, counter) in has_counter)) {
    has_counter[workload, counter] = 1
    counters[workload] = counters[workload] (counters[workload] == "" ? "" : "|") counter
  }
}

# Sorts the `count` numbers of `list`.
function sort(list, count,    i, j, number) {
  for (i = 2; i <= count; ++i) {
    number = list[i]
    for (j = i - 1; j >= 1 && list[j] > number; --j) list[j + 1] = list[j]
    list[j + 1] = number
  }
}

function median(list, count) {
  sort(list, count)
  return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
}

function median_of(table, workload, peer,    list, count, i) {
  count = 0
  for (i = 1; i <= round; ++i)
    if ((workload, peer, i) in table) list[++count] = table[workload, peer, i] + 0
  return median(list, count)
}

# The median of the ratios to filch, paired by round, and after it, if `spread`, "(least to greatest)".
function ratios(table, workload, peer, spread,    list, count, i, middle) {
  count = 0
  for (i = 1; i <= round; ++i)
    if ((workload, peer, i) in table && table[workload, "filch", i] + 0 > 0)
      list[++count] = table[workload, peer, i] / table[workload, "filch", i]
  if (count == 0) return "-"
  middle = median(list, count)
  return spread ? sprintf("%.2f (%.2f to %.2f)", middle, list[1], list[count]) : rounded(middle)
}

function rounded(number) { return sprintf(number < 10 ? "%.1f" : "%.0f", number) }

# A line a workload, a column a peer.
function print_overview(    w, c, workload) {
  printf "| time, peer / filch | filch"
  for (c = 1; c <= column_count; ++c) printf " | %s", columns[c]
  printf " |\n|---|--:"
  for (c = 1; c <= column_count; ++c) printf "|--:"
  printf "|\n"
  for (w = 1; w <= workload_count; ++w) {
    workload = workloads[w]
    if (workload in is_untimed) continue
    printf "| %s | %s us", workload, rounded(median_of(real, workload, "filch") / 1000)
    for (c = 1; c <= column_count; ++c)
      printf " | %s", (workload, columns[c]) in is_known ? ratios(real, workload, columns[c], 0) : "-"
    printf " |\n"
  }
  printf "\n"
}

END {
  print_overview()
  printf "| workload | peer | time, us | peer / filch | CPU, us | peer / filch |\n|---|---|--:|--:|--:|--:|\n"
  for (w = 1; w <= workload_count; ++w) {
    workload = workloads[w]
    if (workload in is_untimed) continue
    many = split(peers[workload], names, "|")
    for (p = 1; p <= many; ++p)
      printf "| %s | %s | %.2f | %s | %.2f | %s |\n", workload, names[p], median_of(real, workload, names[p]) / 1000,
        names[p] == "filch" ? "1" : ratios(real, workload, names[p], 1), median_of(cpu, workload, names[p]) / 1000,
        names[p] == "filch" ? "1" : ratios(cpu, workload, names[p], 1)
  }
  for (w = 1; w <= workload_count; ++w) {
    workload = workloads[w]
    if (!(workload in counters)) continue
    if (!heading++) printf "\n| counted | peer | median | peer / filch |\n|---|---|--:|--:|\n"
    many = split(peers[workload], names, "|")
    kinds = split(counters[workload], kind, "|")
    for (k = 1; k <= kinds; ++k)
      for (p = 1; p <= many; ++p)
        printf "| %s: %s | %s | %.3f | %s |\n", workload, kind[k], names[p],
          median_of(counted, workload SUBSEP kind[k], names[p]),
          names[p] == "filch" ? "1" : ratios(counted, workload SUBSEP kind[k], names[p], 1)
  }
  printf "\n%d rounds; median (least to greatest)\n", round
  exit failed
}
