// The workloads of the C++ programs beside this folder, as one writes them in Go: goroutines, channels, timers. Names, sizes
// and costs are the same. It takes the name of a room and the arguments of Google Benchmark, of which it heeds the filter and
// the file for the results. A wrong answer is a failure.
package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
)

type benchmark struct {
	workload string
	run      func() (measurement, error)
}

func rooms() map[string][]benchmark {
	return map[string][]benchmark{
		"flow": join(streams(), admissions(), limiters(), overloads(), priorities()),
		"time": timers(),
	}
}

// As many goroutines work as the pools beside them have workers.
var workers = runtime.NumCPU()

func main() {
	if len(os.Args) < 2 {
		stop("name a room first: flow or time")
	}
	benchmarks, known := rooms()[os.Args[1]]
	if !known {
		stop("there is nothing in Go beside the room " + os.Args[1])
	}
	runtime.GOMAXPROCS(workers)
	wanted := filter(argument("--benchmark_filter="))
	results := report{file: argument("--benchmark_out=")}
	for _, each := range benchmarks {
		if name := each.workload + "/go"; wanted(name) {
			measured, err := each.run()
			results.add(name, measured, err)
		}
	}
	if err := results.write(); err != nil {
		stop(err.Error())
	}
	if results.failed {
		os.Exit(1)
	}
}

// The value of the last argument that begins with prefix.
func argument(prefix string) (value string) {
	for _, each := range os.Args[2:] {
		if strings.HasPrefix(each, prefix) {
			value = strings.TrimPrefix(each, prefix)
		}
	}
	return value
}

// A regular expression, after a minus one that must not match.
func filter(pattern string) func(name string) bool {
	excludes := strings.HasPrefix(pattern, "-")
	expression, err := regexp.Compile(strings.TrimPrefix(pattern, "-"))
	if err != nil {
		stop(err.Error())
	}
	return func(name string) bool {
		return pattern == "all" || expression.MatchString(name) != excludes
	}
}

func join(lists ...[]benchmark) (all []benchmark) {
	for _, each := range lists {
		all = append(all, each...)
	}
	return all
}

func stop(why string) {
	fmt.Fprintln(os.Stderr, "go_benchmarks: "+why)
	os.Exit(2)
}
