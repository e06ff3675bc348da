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

// BenchmarkExec runs `true` on a warm connection in every way there is, in turn, so that all of them meet the same load: our
// two, the ssh client over the same master, a cold login every tenth time, and a local shell. Run it as:
//
//	go test -run '^$' -bench Exec -benchtime 500x ./internal/sshbin/
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
		{"ssh-S", func() error {
			return client(server, "-S", info.Path, "target", "true")
		}},
		{"cold-ssh", func() error { return client(server, "-S", "none", "target", "true") }},
		{"local-sh", func() error { return exec.Command("sh", "-c", "true").Run() }},
	}
	times := make([][]time.Duration, len(ways))
	for i := 0; b.Loop(); i++ {
		for j, way := range ways {
			if way.name == "cold-ssh" && i%10 > 0 {
				continue
			}
			began := time.Now()
			if err := way.run(); err != nil {
				b.Fatal(err)
			}
			times[j] = append(times[j], time.Since(began))
		}
	}
	for j, way := range ways {
		slices.Sort(times[j])
		b.ReportMetric(float64(times[j][len(times[j])/2].Microseconds()), way.name+"-p50-µs")
		b.ReportMetric(float64(times[j][len(times[j])*99/100].Microseconds()), way.name+"-p99-µs")
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
