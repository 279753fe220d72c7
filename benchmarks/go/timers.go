// A hundred thousand timers: added, taken back, and all of one moment.
package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const many = 100_000

// What is added and taken back lies among those that wait, not at an end.
func farOff(which int) time.Duration {
	return time.Hour + time.Duration(which*7919%1_000_000)*time.Microsecond
}

func addMany() []*time.Timer {
	waiting := make([]*time.Timer, 0, many)
	for i := 0; i != many; i++ {
		waiting = append(waiting, time.AfterFunc(farOff(i), func() {}))
	}
	return waiting
}

func stopAll(waiting []*time.Timer) error {
	for _, each := range waiting {
		if !each.Stop() {
			return errors.New("a timer was not waiting")
		}
	}
	return nil
}

func add() (measurement, error) {
	var cpu time.Duration
	measured, err := repeatTimed(3, func() (time.Duration, error) {
		before, began := usedCPU(), time.Now()
		waiting := addMany()
		took := time.Since(began)
		cpu += usedCPU() - before
		return took, stopAll(waiting)
	})
	measured.cpu = cpu
	return measured, err
}

func addAndCancel() (measurement, error) {
	waiting := addMany()
	i := 0
	measured, err := repeat(func() error {
		i++
		if !time.AfterFunc(farOff(i), func() {}).Stop() {
			return errors.New("a timer was not waiting")
		}
		return nil
	})
	if err == nil {
		err = stopAll(waiting)
	}
	return measured, err
}

// How long after its moment one begins.
func lateBy() (measurement, error) {
	return repeatTimed(200, func() (time.Duration, error) {
		const delay = 2 * time.Millisecond
		came := make(chan time.Time)
		due := time.Now().Add(delay)
		time.AfterFunc(delay, func() { came <- time.Now() })
		late := (<-came).Sub(due)
		if late < 0 {
			return late, errors.New("a timer came too early")
		}
		return late, nil
	})
}

// How long after the moment of all of them the last has run.
func allAtOnce() (measurement, error) {
	return repeatTimed(3, func() (time.Duration, error) {
		var early atomic.Int64
		var over sync.WaitGroup
		over.Add(many)
		due := time.Now().Add(500 * time.Millisecond)
		for i := 0; i != many; i++ {
			time.AfterFunc(time.Until(due), func() {
				if time.Now().Before(due) {
					early.Add(1)
				}
				over.Done()
			})
		}
		if !time.Now().Before(due) {
			return 0, errors.New("the moment came before all timers were added")
		}
		over.Wait()
		late := time.Since(due)
		if early.Load() != 0 {
			return late, fmt.Errorf("%d timers came too early", early.Load())
		}
		return late, nil
	})
}

func timers() []benchmark {
	return []benchmark{
		{"add 100000 timers", add},
		{"add and cancel one of 100001", addAndCancel},
		{"late by, asleep", lateBy},
		{"run 100000 timers of one moment", allAtOnce},
	}
}
