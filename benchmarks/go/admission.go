// A bounded number of tasks under way: workers behind a channel, which is the faster way. The other is a goroutine for each
// task, behind a channel of places.
package main

import (
	"fmt"
	"sync/atomic"
)

func bounded(tasks int64) error {
	const places = 1000
	var done atomic.Int64
	calls := newPool(places)
	for i := int64(0); i != tasks; i++ {
		calls.calls <- func() { done.Add(1) }
	}
	calls.close()
	if done.Load() != tasks {
		return fmt.Errorf("%d of %d tasks ran", done.Load(), tasks)
	}
	return nil
}

func admissions() []benchmark {
	measured := func(workload string, tasks int64) benchmark {
		return benchmark{workload, func() (measurement, error) { return repeat(func() error { return bounded(tasks) }) }}
	}
	return []benchmark{
		measured("a million tasks, 1000 at a time", 1_000_000),
		measured("a thousand tasks, 1000 at a time", 1_000),
	}
}
