// What was measured, on the standard output, and in a file as Google Benchmark writes it: one value a line.
package main

import (
	"fmt"
	"os"
	"strings"
)

type report struct {
	file    string
	entries []string
	failed  bool
}

func (r *report) add(name string, measured measurement, err error) {
	lines := []string{fmt.Sprintf("%q: %q", "name", name)}
	if err != nil {
		r.failed = true
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		lines = append(lines, fmt.Sprintf("%q: %q", "error_message", err.Error()))
	} else {
		real := float64(measured.real.Nanoseconds()) / float64(measured.times)
		cpu := float64(measured.cpu.Nanoseconds()) / float64(measured.times)
		fmt.Printf("%-60s %12.0f ns %12.0f ns %8d", name, real, cpu, measured.times)
		lines = append(lines, fmt.Sprintf("%q: %d", "iterations", measured.times), fmt.Sprintf("%q: %e", "real_time", real),
			fmt.Sprintf("%q: %e", "cpu_time", cpu), fmt.Sprintf("%q: %q", "time_unit", "ns"))
		for _, each := range measured.counted {
			fmt.Printf(" %s=%.4g", each.what, each.value)
			lines = append(lines, fmt.Sprintf("%q: %e", each.what, each.value))
		}
		fmt.Println()
	}
	r.entries = append(r.entries, "    {\n      "+strings.Join(lines, ",\n      ")+"\n    }")
}

func (r *report) write() error {
	if r.file == "" {
		return nil
	}
	text := "{\n  \"benchmarks\": [\n" + strings.Join(r.entries, ",\n") + "\n  ]\n}\n"
	return os.WriteFile(r.file, []byte(text), 0o666)
}
