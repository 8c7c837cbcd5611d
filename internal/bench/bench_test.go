package bench

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkLoop is what the generator itself costs: CPU for an operation, of the generator and the echo together.
func BenchmarkLoop(b *testing.B) {
	for _, workload := range []string{Get, Set} {
		for _, depth := range []int{1, 16, 256} {
			b.Run(fmt.Sprintf("%s/%d", workload, depth), func(b *testing.B) {
				o := options(EchoOnly, startEcho(b), workload)
				o.Connections, o.InFlight, o.Keys, o.Warmup = 50, depth, 1_000_000, 0
				o.Duration = max(time.Duration(b.N)*time.Microsecond, 10*time.Millisecond)
				r, err := Run(b.Context(), o, nil)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(0, "ns/op") // of the duration that was asked for: means nothing
				b.ReportMetric(r.Generator.CPUPerOperation, "cpu-ns/op")
				b.ReportMetric(r.Throughput, "op/s")
			})
		}
	}
}
