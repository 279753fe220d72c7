// A million tasks: calls that a channel hands to a pool of goroutines, each with a channel for its result or counted by a
// WaitGroup; and a goroutine each, from one goroutine.
package main

import "sync"

func tasksIn(size problemSize) int { return pick(size, 1_000_000, 100_000, 1_000) }

func sumBelow(count int) int { return count * (count - 1) / 2 }

type pool struct {
	calls chan func()
}

// With room for as many calls as there are tasks, so that all of them are queued.
func newPool(room int) pool {
	p := pool{make(chan func(), room)}
	for i := 0; i != *workers; i++ {
		go func() {
			for call := range p.calls {
				call()
			}
		}()
	}
	return p
}

func (p pool) submit(call func() int) <-chan int {
	result := make(chan int, 1)
	p.calls <- func() { result <- call() }
	return result
}

func sumOfSubmitted(p pool, first, last int) (sum int) {
	results := make([]<-chan int, 0, last-first)
	for i := first; i != last; i++ {
		i := i
		results = append(results, p.submit(func() int { return i }))
	}
	for _, result := range results {
		sum += <-result
	}
	return sum
}

// Every task has a place to write to.
func postAll(p pool, values []int, over *sync.WaitGroup, first, last int) {
	for i := first; i != last; i++ {
		i := i
		p.calls <- func() {
			values[i] = i
			over.Done()
		}
	}
}

func sumOf(values []int) (sum int) {
	for _, each := range values {
		sum += each
	}
	return sum
}

func inFourGoroutines(tasks int, produce func(first, last int)) {
	var over sync.WaitGroup
	over.Add(4)
	for i := 0; i != 4; i++ {
		first, last := tasks*i/4, tasks*(i+1)/4
		go func() {
			produce(first, last)
			over.Done()
		}()
	}
	over.Wait()
}

func eachTask(measured measurement, tasks, sum int) measurement {
	measured.value = measured.seconds * 1e9 / float64(tasks)
	measured.right = sum == sumBelow(tasks)
	return measured
}

func outsideSubmit(size problemSize) measurement {
	tasks, sum := tasksIn(size), 0
	p := newPool(tasks)
	defer close(p.calls)
	measured := timed("ns a task", func() { sum = sumOfSubmitted(p, 0, tasks) })
	return eachTask(measured, tasks, sum)
}

func outsidePost(size problemSize) measurement {
	tasks := tasksIn(size)
	p, values := newPool(tasks), make([]int, tasks)
	defer close(p.calls)
	measured := timed("ns a task", func() {
		var over sync.WaitGroup
		over.Add(tasks)
		postAll(p, values, &over, 0, tasks)
		over.Wait()
	})
	return eachTask(measured, tasks, sumOf(values))
}

func producersSubmit(size problemSize) measurement {
	tasks := tasksIn(size)
	sums := make(chan int, 4)
	p := newPool(tasks)
	defer close(p.calls)
	measured := timed("ns a task", func() {
		inFourGoroutines(tasks, func(first, last int) { sums <- sumOfSubmitted(p, first, last) })
	})
	return eachTask(measured, tasks, <-sums+<-sums+<-sums+<-sums)
}

func producersPost(size problemSize) measurement {
	tasks := tasksIn(size)
	p, values := newPool(tasks), make([]int, tasks)
	defer close(p.calls)
	measured := timed("ns a task", func() {
		var over sync.WaitGroup
		over.Add(tasks)
		inFourGoroutines(tasks, func(first, last int) { postAll(p, values, &over, first, last) })
		over.Wait()
	})
	return eachTask(measured, tasks, sumOf(values))
}

func workerChildren(size problemSize) measurement {
	tasks := tasksIn(size)
	values := make([]int, tasks)
	measured := timed("ns a task", func() {
		var over sync.WaitGroup
		over.Add(tasks)
		for i := 0; i != tasks; i++ {
			i := i
			go func() {
				values[i] = i
				over.Done()
			}()
		}
		over.Wait()
	})
	return eachTask(measured, tasks, sumOf(values))
}
