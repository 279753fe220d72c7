// Results that stream from workers to one consumer, 256 in flight at most.
package main

import (
	"fmt"
	"sync"
)

const (
	elements = 1_000_000
	window   = 256
)

func itself(i int64) int64 { return i }

// Each element has a channel for its result; the consumer reads these in their order and gives them back.
func sumInOrder() (sum int64) {
	type element struct {
		value  int64
		result chan<- int64
	}
	free := make(chan chan int64, window)
	for i := 0; i != window; i++ {
		free <- make(chan int64, 1)
	}
	inputs := make(chan element, window)
	results := make(chan chan int64, window)
	for i := 0; i != workers; i++ {
		go func() {
			for each := range inputs {
				each.result <- itself(each.value)
			}
		}()
	}
	go func() {
		for i := int64(0); i != elements; i++ {
			result := <-free
			inputs <- element{i, result}
			results <- result
		}
		close(inputs)
		close(results)
	}()
	for each := range results {
		sum += <-each
		free <- each
	}
	return sum
}

func sumAsTheyEnd() (sum int64) {
	inputs := make(chan int64, window/2)
	results := make(chan int64, window/2)
	var over sync.WaitGroup
	over.Add(workers)
	for i := 0; i != workers; i++ {
		go func() {
			defer over.Done()
			for each := range inputs {
				results <- itself(each)
			}
		}()
	}
	go func() {
		for i := int64(0); i != elements; i++ {
			inputs <- i
		}
		close(inputs)
		over.Wait()
		close(results)
	}()
	for each := range results {
		sum += each
	}
	return sum
}

func streams() []benchmark {
	measured := func(workload string, sum func() int64) benchmark {
		return benchmark{workload, func() (measurement, error) {
			return repeat(func() error {
				if got := sum(); got != elements*(elements-1)/2 {
					return fmt.Errorf("an element is missing or came twice: the sum is %d", got)
				}
				return nil
			})
		}}
	}
	return []benchmark{
		measured("1000000 elements in order", sumInOrder),
		measured("1000000 elements as they end", sumAsTheyEnd),
	}
}
