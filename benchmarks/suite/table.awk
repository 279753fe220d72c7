# Prints a line for each workload with the ratio of each runtime, and then all figures. Runs after records.awk.

function rounded(number) { return sprintf(number < 10 ? "%.2f" : number < 100 ? "%.1f" : "%.0f", number) }

function overview(    w, r, workload, who) {
  printf "| time, runtime / filch |"
  for (r = 1; r <= runtime_count; ++r) printf " %s |", runtimes[r]
  printf "\n|---|"
  for (r = 1; r <= runtime_count; ++r) printf "--:|"
  printf "\n"
  for (w = 1; w <= workload_count; ++w) {
    workload = workloads[w]
    printf "| %s%s |", workload, (workload, "filch") in has ? "" : ", to the best"
    for (r = 1; r <= runtime_count; ++r) {
      who = runtimes[r]
      if (!((workload, who) in has))
        printf " - |"
      else if (base_of(workload, who) == who)
        printf " %s %s |", rounded(median_of(value, workload, who)), unit[workload]
      else
        printf " %s |", rounded(ratio(workload, who))
    }
    printf "\n"
  }
}

function details(    w, r, workload, who, middle) {
  printf "| workload | runtime | median | ratio (least to greatest) | processors used | peak, MiB |\n"
  printf "|---|---|--:|--:|--:|--:|\n"
  for (w = 1; w <= workload_count; ++w)
    for (r = 1; r <= runtime_count; ++r) {
      workload = workloads[w]
      who = runtimes[r]
      if (!((workload, who) in has)) continue
      middle = ratio(workload, who)
      printf "| %s | %s | %s %s | %s (%s to %s) | %.2f | %.1f |\n", workload, who, rounded(median_of(value, workload, who)),
        unit[workload], rounded(middle), rounded(least), rounded(greatest), median_of(cpus, workload, who),
        median_of(peak, workload, who)
    }
}

END {
  overview()
  printf "\n"
  details()
  printf "\n%d rounds, %d threads, size %s; medians, and ratios within a round\n", rounds, threads, size
}
