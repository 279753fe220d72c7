// How a workload is measured, and the record of it: a line of JSON.
package main

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"time"
)

type problemSize string

const (
	full      problemSize = "full"
	quickSize problemSize = "quick"
	tinySize  problemSize = "tiny"
)

func pick(size problemSize, ifFull, ifQuick, ifTiny int) int {
	switch size {
	case full:
		return ifFull
	case quickSize:
		return ifQuick
	}
	return ifTiny
}

type measurement struct {
	value        float64
	unit         string
	right        bool
	seconds, cpu float64
}

// Of work that is measured as a whole; set value and right afterwards.
func timed(unit string, work func()) (measured measurement) {
	cpu, begun := usedCPU(), time.Now()
	work()
	measured.seconds = time.Since(begun).Seconds()
	measured.cpu = usedCPU() - cpu
	measured.unit = unit
	return measured
}

func usage() (used syscall.Rusage) {
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return used
}

func usedCPU() float64 {
	used := usage()
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

func writeRecord(workload string, size problemSize, measured measurement) {
	fmt.Printf("{\"workload\": %q, \"runtime\": \"go\", \"compiler\": \"go %s\", \"threads\": %d, \"size\": %q, \"round\": %d, "+
		"\"value\": %.6g, \"unit\": %q, \"cpus\": %.3f, \"peak_mib\": %.1f, \"right\": %t}\n",
		workload, strings.TrimPrefix(runtime.Version(), "go"), *workers, size, *round,
		measured.value, measured.unit, measured.cpu/measured.seconds, float64(usage().Maxrss)/1024, measured.right)
}
