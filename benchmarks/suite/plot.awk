# Writes what gnuplot draws: for each workload a bar a runtime, as long as the logarithm of its ratio, with the spread of the
# rounds; filch, or the best where filch does not have the workload, is the line at 1. Runs after records.awk, with
# -v picture=<file>.

function log2(number) { return log(number) / log(2) }

function is_drawn(who) { return who !~ /^(serial|filch)/ }

function data(first, last,    w, r, workload, middle) {
  printf "$panel << END\n"
  for (w = first; w <= last; ++w) {
    workload = workloads[w]
    printf "\"%s\"", workload
    for (r = 1; r <= runtime_count; ++r) {
      if (!is_drawn(runtimes[r])) continue
      middle = (workload, runtimes[r]) in has ? ratio(workload, runtimes[r]) : 0
      if (middle > 0)
        printf " %.4f %.4f %.4f", log2(middle), log2(least), log2(greatest)
      else
        printf " ? ? ?"
    }
    printf "\n"
  }
  printf "END\n"
}

# Of the columns that data() has written, those with something in them.
function panel(first, last,    w, r, column, separator, there) {
  column = -1
  separator = "plot"
  for (r = 1; r <= runtime_count; ++r) {
    if (!is_drawn(runtimes[r])) continue
    column += 3
    there = 0
    for (w = first; w <= last; ++w) there += (workloads[w], runtimes[r]) in has
    if (!there) continue
    printf "%s $panel using %d:%d:%d:xtic(1) linecolor %d title '%s'", separator, column, column + 1,
      column + 2, r, runtimes[r]
    separator = ","
  }
  printf "\n"
}

END {
  for (r = 1; r <= runtime_count; ++r) drawn += is_drawn(runtimes[r])
  if (!drawn) exit
  many = 7
  panels = int((workload_count + many - 1) / many)
  printf "set terminal svg size 1100,%d background rgb 'white' noenhanced\n", 40 + 260 * panels
  printf "set output '%s'\n", picture
  printf "set style data histogram\nset style histogram errorbars gap 1 linewidth 1\nset style fill solid 0.8\n"
  printf "set datafile missing '?'\nset ylabel 'time, runtime / filch'\nset xtics font ',10'\nset offsets 0, 0, 0.5, 0.5\n"
  printf "set grid ytics\nset xzeroaxis linetype 1 linecolor 'black'\nset key outside right top\n"
  printf "set ytics ("
  for (power = -6; power <= 14; ++power)
    printf "%s'%s' %d", power == -6 ? "" : ", ", power < 0 ? "1/" 2 ^ -power : 2 ^ power, power
  printf ")\nset multiplot layout %d,1 title '%d threads, size %s, %d rounds; above 1 filch is faster'\n",
    panels, threads, size, rounds
  for (first = 1; first <= workload_count; first += many) {
    last = first + many - 1 < workload_count ? first + many - 1 : workload_count
    data(first, last)
    panel(first, last)
  }
  printf "unset multiplot\n"
}
