// A goroutine that lets tasks through at a rate, before the workers. It sleeps until the next moment; those that have come
// meanwhile go at once.
package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// A second's worth of tasks. How long it took from the first moment to the start of the last.
func keepRate(rate int64) (time.Duration, error) {
	var ran atomic.Int64
	var last time.Time
	calls := newPool(1000)
	call := func() {
		if ran.Add(1) == rate+1 {
			last = time.Now()
		}
	}
	interval := time.Second / time.Duration(rate)
	first := time.Now()
	for i := int64(0); i <= rate; i++ {
		if wait := time.Until(first.Add(time.Duration(i) * interval)); wait > 0 {
			time.Sleep(wait)
		}
		calls.calls <- call
	}
	calls.close()
	took := last.Sub(first)
	if ran.Load() != rate+1 {
		return took, fmt.Errorf("%d of %d tasks ran", ran.Load(), rate+1)
	}
	if took < time.Second {
		return took, errors.New("the rate was exceeded")
	}
	return took, nil
}

func limiters() (all []benchmark) {
	for _, rate := range []int64{100, 10_000, 100_000, 1_000_000} {
		rate := rate
		all = append(all, benchmark{fmt.Sprintf("limited to %d a second", rate), func() (measurement, error) {
			return repeatTimed(1, func() (time.Duration, error) { return keepRate(rate) })
		}})
	}
	return all
}
