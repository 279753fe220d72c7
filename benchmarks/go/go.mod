module filch/benchmarks

go 1.19
