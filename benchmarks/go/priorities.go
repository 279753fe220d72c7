// A channel for what is urgent and one for the rest, which is kept full, before the same workers.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

func takeUrgentFirst(urgent, normal <-chan func()) {
	for {
		select {
		case call := <-urgent:
			call()
			continue
		default:
		}
		select {
		case call := <-urgent:
			call()
		case call, open := <-normal:
			if !open {
				return
			}
			call()
		}
	}
}

// Sends normal tasks until it is told to stop, and says how many.
func feed(normal chan<- func(), call func(), stop <-chan struct{}) (sent int64) {
	defer close(normal)
	for {
		select {
		case normal <- call:
			sent++
		case <-stop:
			return sent
		}
	}
}

func urgentUnderSaturation() (measured measurement, err error) {
	const (
		depth = 1000
		cost  = 10 * time.Microsecond
		pause = time.Millisecond
		tasks = 300
	)
	var done atomic.Int64
	normal, urgent := make(chan func(), depth), make(chan func(), 16)
	stop, fed := make(chan struct{}), make(chan int64)
	go func() {
		fed <- feed(normal, func() {
			beBusy(cost)
			done.Add(1)
		}, stop)
	}()
	var over sync.WaitGroup
	over.Add(workers)
	for i := 0; i != workers; i++ {
		go func() {
			defer over.Done()
			takeUrgentFirst(urgent, normal)
		}()
	}

	var waits []time.Duration
	doneBefore, began := done.Load(), time.Now()
	measured, err = repeatTimed(tasks, func() (time.Duration, error) {
		time.Sleep(pause)
		started := make(chan time.Time, 1)
		submitted := time.Now()
		urgent <- func() { started <- time.Now() }
		waits = append(waits, (<-started).Sub(submitted))
		return waits[len(waits)-1], nil
	})
	doneMeanwhile, passed := done.Load()-doneBefore, time.Since(began)

	close(stop)
	sent := <-fed
	over.Wait()
	if done.Load() != sent {
		return measured, fmt.Errorf("%d of %d tasks ran", done.Load(), sent)
	}
	measured.counted = append(measured.counted, count{"normal tasks a second", float64(doneMeanwhile) / passed.Seconds()})
	measured.countLatencies("wait", waits)
	return measured, err
}

func priorities() []benchmark {
	return []benchmark{{"urgent task under saturation", urgentUnderSaturation}}
}
