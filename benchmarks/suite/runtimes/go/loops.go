// Loops in as many parts as goroutines work, each part a goroutine; the caller does the first.
package main

import (
	"math"
	"sync"
)

func parallelFor(first, last int, body func(from, to int)) {
	var over sync.WaitGroup
	over.Add(*workers - 1)
	part := func(i int) int { return first + (last-first)*i / *workers }
	for i := 1; i != *workers; i++ {
		from, to := part(i), part(i+1)
		go func() {
			body(from, to)
			over.Done()
		}()
	}
	body(part(0), part(1))
	over.Wait()
}

func mix(value uint64, rounds int) uint64 {
	for ; rounds != 0; rounds-- {
		value += 0x9e3779b97f4a7c15
		value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9
		value = (value ^ (value >> 27)) * 0x94d049bb133111eb
		value ^= value >> 31
	}
	return value
}

func thousandIterations(loops int, body func(i int) uint64) measurement {
	const iterations = 1_000
	sums := make([]uint64, iterations)
	measured := timed("us a loop", func() {
		for loop := 0; loop != loops; loop++ {
			parallelFor(0, iterations, func(from, to int) {
				for i := from; i != to; i++ {
					sums[i] += body(i)
				}
			})
		}
	})
	measured.value = measured.seconds * 1e6 / float64(loops)
	measured.right = true
	for i, sum := range sums {
		measured.right = measured.right && sum == uint64(loops)*body(i)
	}
	return measured
}

func loopEmpty(size problemSize) measurement {
	return thousandIterations(pick(size, 100_000, 10_000, 20), func(int) uint64 { return 1 })
}

func loopFine(size problemSize) measurement {
	return thousandIterations(pick(size, 50_000, 5_000, 20), func(i int) uint64 { return mix(uint64(i), 9) })
}

const (
	steps     = 100
	frequency = math.Pi / 16
)

// n + 1 rows of n + 1, of which the border is 0.
func wave(n int, height float64) (grid []float64) {
	for row := 0; row <= n; row++ {
		for column := 0; column <= n; column++ {
			grid = append(grid, height*math.Sin(frequency*float64(row))*math.Sin(frequency*float64(column)))
		}
	}
	return grid
}

func relax(from, to []float64, row, n int) {
	width := n + 1
	above, here, below := from[(row-1)*width:row*width], from[row*width:(row+1)*width], from[(row+1)*width:(row+2)*width]
	out := to[row*width : (row+1)*width]
	for column := 1; column < n; column++ {
		out[column] = (above[column] + below[column] + here[column-1] + here[column+1]) / 4
	}
}

func jacobi(size problemSize) measurement {
	n := pick(size, 2048, 1024, 64)
	now := wave(n, 1)
	next := append([]float64(nil), now...)
	measured := timed("ms", func() {
		for step := 0; step != steps; step++ {
			parallelFor(1, n, func(first, last int) {
				for row := first; row != last; row++ {
					relax(now, next, row, n)
				}
			})
			now, next = next, now
		}
	})
	measured.value = measured.seconds * 1e3
	measured.right = true
	for i, expected := range wave(n, math.Pow(math.Cos(frequency), steps)) {
		measured.right = measured.right && math.Abs(now[i]-expected) < 1e-10
	}
	return measured
}
