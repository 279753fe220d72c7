// Items from a source through a pool of goroutines to a sink that takes them in their order, 256 under way: each item has a
// channel for its result, which the sink gives back.
package main

func transform(item uint64) uint64 { return mix(item, 200) }

func chained(sum, item uint64) uint64 { return sum*31 + item }

func sumInOrder(items int) (sum uint64) {
	const tokens = 256
	type work struct {
		item   uint64
		result chan<- uint64
	}
	free, inputs, results := make(chan chan uint64, tokens), make(chan work, tokens), make(chan chan uint64, tokens)
	for i := 0; i != tokens; i++ {
		free <- make(chan uint64, 1)
	}
	for i := 0; i != *workers; i++ {
		go func() {
			for each := range inputs {
				each.result <- transform(each.item)
			}
		}()
	}
	go func() {
		for i := 0; i != items; i++ {
			result := <-free
			inputs <- work{uint64(i), result}
			results <- result
		}
		close(inputs)
		close(results)
	}()
	for result := range results {
		sum = chained(sum, <-result)
		free <- result
	}
	return sum
}

func pipeline(size problemSize) measurement {
	items := pick(size, 1_000_000, 100_000, 1_000)
	var sum, expected uint64
	measured := timed("ns an item", func() { sum = sumInOrder(items) })
	for i := 0; i != items; i++ {
		expected = chained(expected, transform(uint64(i)))
	}
	measured.value = measured.seconds * 1e9 / float64(items)
	measured.right = sum == expected
	return measured
}
