package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkAppend measures a record on the road. Target: p50 under 0.3 ms with a sync, under 0.05 ms without.
func BenchmarkAppend(b *testing.B) {
	for _, durable := range []bool{true, false} {
		b.Run(fmt.Sprintf("durable=%v", durable), func(b *testing.B) {
			l := open(b, Options{Path: logPath(b)})
			took := make([]time.Duration, 0, b.N)
			for i := 0; b.Loop(); i++ {
				r := intent(fmt.Sprint(i))
				began := time.Now()
				appendOK(b, l, r, durable)
				took = append(took, time.Since(began))
				delete(l.state.open, r.Call)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// BenchmarkAppendParallel measures durable records with several writers: at least 5,000 a second with 8.
func BenchmarkAppendParallel(b *testing.B) {
	for _, writers := range []int{8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l := open(b, Options{Path: logPath(b)})
			b.SetParallelism((writers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			var n atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					appendOK(b, l, result(fmt.Sprint(n.Add(1))), true)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// bigLog makes a closed log of about n records, without syncs.
func bigLog(b *testing.B, n int) (string, int64) {
	path := logPath(b)
	l, err := Open(Options{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	for i := range n / 2 {
		appendOK(b, l, intent(fmt.Sprint(i)), false)
		appendOK(b, l, result(fmt.Sprint(i)), false)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	return path, l.Head().Size
}

// BenchmarkVerify measures a full verification: at least 150,000 records a second.
func BenchmarkVerify(b *testing.B) {
	path, n := bigLog(b, 200_000)
	b.ResetTimer()
	for b.Loop() {
		r, err := Verify(context.Background(), VerifyOptions{Path: path})
		if err != nil || !r.OK {
			b.Fatal(err, r.Fault)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkProve measures one proof in a log of 200,000 records (1,000,000 with RELAY_SHELL_BENCH_RECORDS), and reports its size.
func BenchmarkProve(b *testing.B) {
	n := 200_000
	if text := os.Getenv("RELAY_SHELL_BENCH_RECORDS"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			b.Fatal(err)
		}
	}
	path, size := bigLog(b, n)
	b.ResetTimer()
	var p *Proof
	for i := int64(0); b.Loop(); i++ {
		var err error
		if p, err = Prove(nil, path, i*7919%size); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(p.Hashes)), "hashes")
	b.ReportMetric(float64(len(p.Text())-len(p.Line)), "proof-bytes")
}

// BenchmarkOpen measures what a log of 200,000 records costs at the start of a server.
func BenchmarkOpen(b *testing.B) {
	path, _ := bigLog(b, 200_000)
	b.ResetTimer()
	for b.Loop() {
		l, err := Open(Options{Path: path})
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
	if names, _ := os.ReadDir(filepath.Dir(path)); len(names) < 2 {
		b.Fatal(names)
	}
}
