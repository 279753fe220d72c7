// Ten times more work than the workers can do, for a fifth of a second: what finds the channel full is turned away.
package main

import (
	"errors"
	"time"
)

func overload() (measured measurement, err error) {
	const (
		places = 100
		cost   = 50 * time.Microsecond
		tick   = time.Millisecond
		ticks  = 200
	)
	arrivals := 10 * workers * int(tick/cost)
	latencies := make([]time.Duration, ticks*arrivals)
	admitted := 0
	cpu := usedCPU()
	calls := newPool(places)
	began := time.Now()
	for i := 0; i != ticks; i++ {
		time.Sleep(time.Until(began.Add(time.Duration(i) * tick)))
		for k := 0; k != arrivals; k++ {
			arrived, slot := time.Now(), &latencies[admitted]
			select {
			case calls.calls <- func() {
				beBusy(cost)
				*slot = time.Since(arrived)
			}:
				admitted++
			default:
			}
		}
	}
	calls.close()
	latencies = latencies[:admitted]
	if admitted == 0 {
		return measured, errors.New("nothing was admitted")
	}
	for _, each := range latencies {
		if each < cost {
			return measured, errors.New("an admitted task did not run")
		}
	}
	measured = measurement{times: 1, real: mean(latencies), cpu: usedCPU() - cpu}
	measured.countLatencies("latency", latencies)
	measured.counted = append(measured.counted, count{"rejected %", 100 * (1 - float64(admitted)/float64(ticks*arrivals))})
	return measured, nil
}

func overloads() []benchmark { return []benchmark{{"ten times overloaded", overload}} }
