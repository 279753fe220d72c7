// How a workload is measured.
package main

import (
	"sort"
	"syscall"
	"time"
)

// What passed, on the clock and on all processors, in so many times.
type measurement struct {
	times     int
	real, cpu time.Duration
	counted   []count
}

type count struct {
	what  string
	value float64
}

const enough = 100 * time.Millisecond

// Measures call, which is repeated until enough time has passed.
func repeat(call func() error) (measured measurement, err error) {
	cpu, began := usedCPU(), time.Now()
	for measured.real < enough {
		if err = call(); err != nil {
			return measured, err
		}
		measured.times++
		measured.real = time.Since(began)
	}
	measured.cpu = usedCPU() - cpu
	return measured, nil
}

// Repeats call, which says itself how long it took.
func repeatTimed(times int, call func() (time.Duration, error)) (measured measurement, err error) {
	cpu := usedCPU()
	for measured.times < times {
		took, err := call()
		if err != nil {
			return measured, err
		}
		measured.times++
		measured.real += took
	}
	measured.cpu = usedCPU() - cpu
	return measured, nil
}

// The time of all goroutines.
func usedCPU() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		stop(err.Error())
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// The median of how long each of many waited, the 99th percentile and the greatest.
func (m *measurement) countLatencies(what string, all []time.Duration) {
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	quantile := func(percent int) float64 {
		return float64(all[(len(all)-1)*percent/100]) / float64(time.Microsecond)
	}
	m.counted = append(m.counted, count{what + " p50 us", quantile(50)}, count{what + " p99 us", quantile(99)},
		count{what + " max us", quantile(100)})
}

func mean(all []time.Duration) time.Duration {
	var sum time.Duration
	for _, each := range all {
		sum += each
	}
	return sum / time.Duration(len(all))
}

// Keeps the processor busy, by the clock, as flow/busy.hpp does.
func beBusy(howLong time.Duration) {
	for began := time.Now(); time.Since(began) < howLong; {
	}
}
