// A call for the pool whose result is awaited, one after the other: at once, and after a millisecond. The median of all.
package main

import (
	"sort"
	"time"
)

func pings(count int, idle time.Duration) measurement {
	p := newPool(1)
	defer close(p.calls)
	microseconds, right := make([]float64, 0, count), true
	measured := timed("us", func() {
		for i := 0; i != count; i++ {
			i := i
			if idle != 0 {
				time.Sleep(idle)
			}
			begun := time.Now()
			right = <-p.submit(func() int { return i }) == i && right
			microseconds = append(microseconds, float64(time.Since(begun).Nanoseconds())/1e3)
		}
	})
	sort.Float64s(microseconds)
	measured.value, measured.right = microseconds[count/2], right
	return measured
}

func pingAwake(size problemSize) measurement { return pings(pick(size, 50_000, 5_000, 20), 0) }

func pingIdle(size problemSize) measurement {
	return pings(pick(size, 1_000, 100, 5), time.Millisecond)
}
