// The workloads of the suite that have an idiom in Go: a pool of goroutines over a channel, a goroutine a task, loops in parts.
// Names, sizes and records are those of the C++ programs. Left out are the trees, of which nobody makes a goroutine for each
// branch, and mixed, which has such a tree.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
)

type workload struct {
	name string
	run  func(size problemSize) measurement
}

var workloads = []workload{
	{"outside_submit", outsideSubmit},
	{"outside_post", outsidePost},
	{"producers_submit", producersSubmit},
	{"producers_post", producersPost},
	{"worker_children", workerChildren},
	{"ping_awake", pingAwake},
	{"ping_idle", pingIdle},
	{"loop_empty", loopEmpty},
	{"loop_fine", loopFine},
	{"jacobi", jacobi},
	{"pipeline", pipeline},
}

var (
	list        = flag.Bool("list", false, "print the workloads")
	wanted      = flag.String("workload", "", "run this one only")
	workers     = flag.Int("threads", runtime.NumCPU(), "goroutines that work, and threads that run Go")
	repetitions = flag.Int("repetitions", 1, "measure so often, after one that is not measured")
	round       = flag.Int("round", 1, "a number for the records")
	quick       = flag.Bool("quick", false, "smaller problems")
	tiny        = flag.Bool("tiny", false, "still smaller ones")
)

func main() {
	flag.Parse()
	if *workers < 1 || *repetitions < 1 || *round < 1 || flag.NArg() != 0 {
		fmt.Fprintln(os.Stderr, "suite_go: numbers are 1 or more, and there are no arguments but options: see -help")
		os.Exit(2)
	}
	size := full
	if *quick {
		size = quickSize
	}
	if *tiny {
		size = tinySize
	}
	runtime.GOMAXPROCS(*workers)

	found, allRight := false, true
	for _, each := range workloads {
		if *list {
			fmt.Println(each.name)
			continue
		}
		if *wanted != "" && *wanted != each.name {
			continue
		}
		found = true
		for repetition := 0; repetition <= *repetitions; repetition++ {
			measured := each.run(size)
			allRight = allRight && measured.right
			if isWarmUp := repetition == 0; !isWarmUp || !measured.right {
				writeRecord(each.name, size, measured)
			}
		}
	}
	if !found && !*list {
		fmt.Fprintln(os.Stderr, "suite_go: there is no workload "+*wanted+" in Go: -list says which there are")
		os.Exit(2)
	}
	if !allRight {
		os.Exit(1)
	}
}
