package sshbin

import (
	"bytes"
	"context"
	"os/exec"
	"slices"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// BenchmarkExec runs `true` on a warm connection in every way there is, beside the ssh client over the same master and a
// cold login. Run it as: go test -run '^$' -bench Exec ./internal/sshbin/
func BenchmarkExec(b *testing.B) {
	server := sshtest.Start(b, sshtest.Options{Shell: "dash"})
	passenger := newEngine(b, server.Lab, Options{Engine: Passenger})
	fork := newEngine(b, server.Lab, Options{Engine: Fork})
	r := resolve(b, passenger, "target", dest.Options{})
	info := ready(b, passenger, r)
	ready(b, fork, r)
	ways := []struct {
		name string
		run  func() error
	}{
		{"passenger", func() error { return runTrue(passenger, r) }},
		{"fork", func() error { return runTrue(fork, r) }},
		{"ssh -S", func() error {
			return client(server, "-S", info.Path, "target", "true")
		}},
		{"cold ssh", func() error { return client(server, "-S", "none", "target", "true") }},
		{"local sh", func() error { return exec.Command("sh", "-c", "true").Run() }},
	}
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			times := make([]time.Duration, 0, b.N)
			for b.Loop() {
				began := time.Now()
				if err := way.run(); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(began))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
		})
	}
}

func runTrue(e *Engine, r *dest.Resolved) error {
	var out bytes.Buffer
	_, err := e.Run(context.Background(), r, Command{Text: "true", Stdout: &out, Stderr: &out})
	return err
}

func client(server *sshtest.Server, args ...string) error {
	cmd := exec.Command("ssh", server.SSH(args...)...)
	cmd.Env = server.Env()
	return cmd.Run()
}
