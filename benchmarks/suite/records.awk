# Reads the records of the suite, one a line, and answers with ratios: the time of a runtime divided by that of filch in the
# same round, so that above 1 filch is faster; where filch does not have the workload, by that of the best. Used by table.awk
# and plot.awk.
#
# Wrong answers are no results. What was built by another compiler than the first record has it in its name: "openmp (clang)".

function field(key,    text) {
  if (!match($0, "\"" key "\": (\"[^\"]*\"|[^,}]*)")) return ""
  text = substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 4)
  gsub(/"/, "", text)
  return text
}

function name_of(runtime, compiler) {
  sub(/ .*/, "", compiler)
  if (main_compiler == "") main_compiler = compiler
  return compiler == main_compiler || compiler == runtime ? runtime : runtime " (" compiler ")"
}

field("right") == "true" {
  workload = field("workload")
  who = name_of(field("runtime"), field("compiler"))
  round = field("round")
  if (!(workload in unit)) workloads[++workload_count] = workload
  if (!(who in is_known)) {
    is_known[who] = 1
    runtimes[++runtime_count] = who
  }
  unit[workload] = field("unit")
  threads = field("threads")
  size = field("size")
  value[workload, who, round] = field("value")
  cpus[workload, who, round] = field("cpus")
  peak[workload, who, round] = field("peak_mib")
  has[workload, who] = 1
  if (round > rounds) rounds = round + 0
}

# Sorts list[1] to list[count], and returns the one in the middle.
function median(list, count,    i, j, kept) {
  for (i = 2; i <= count; ++i) {
    kept = list[i]
    for (j = i - 1; j >= 1 && list[j] > kept; --j) list[j + 1] = list[j]
    list[j + 1] = kept
  }
  return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
}

function median_of(table, workload, who,    list, count, i) {
  for (i = 1; i <= rounds; ++i)
    if ((workload, who, i) in table) list[++count] = table[workload, who, i] + 0
  return median(list, count)
}

# Whom the others are compared with.
function base_of(workload, who,    alike, best, i, each) {
  alike = who
  sub(/^[^ ]*/, "filch", alike)
  if ((workload, alike) in has) return alike
  if ((workload, "filch") in has) return "filch"
  for (i = 1; i <= runtime_count; ++i) {
    each = runtimes[i]
    if (each ~ /^serial/ || !((workload, each) in has)) continue
    if (best == "" || median_of(value, workload, each) < median_of(value, workload, best)) best = each
  }
  return best == "" ? who : best
}

# Sets least and greatest, and returns the median of the ratios; 0 when there are none.
function ratio(workload, who,    base, list, count, i, middle) {
  base = base_of(workload, who)
  for (i = 1; i <= rounds; ++i)
    if ((workload, who, i) in value && value[workload, base, i] + 0 > 0)
      list[++count] = value[workload, who, i] / value[workload, base, i]
  if (count == 0) return 0
  middle = median(list, count)
  least = list[1]
  greatest = list[count]
  return middle
}
