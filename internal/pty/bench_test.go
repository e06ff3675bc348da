package pty

import (
	"context"
	"slices"
	"testing"
	"time"
)

// BenchmarkEcho is the time from a keystroke to its echo in the ring: what a session adds to a shell's own.
func BenchmarkEcho(b *testing.B) {
	term := start(b, "/bin/sh", "-c", "stty raw -echo; echo ready; exec cat")
	expect(b, term, 0, "ready\n")
	_, at := term.Output().Bounds()
	ctx := context.Background()
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		if err := term.Input(ctx, []byte("x")); err != nil {
			b.Fatal(err)
		}
		end, _, err := term.Output().Wait(ctx, at)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
		at = end
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
