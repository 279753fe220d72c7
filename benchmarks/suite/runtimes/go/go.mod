module filch/benchmarks/suite

go 1.19
