package localexec

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "supervise" {
		if err := Supervise(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		syscall.Exit(0) // without the second that the race detector waits
	}
	if dir := os.Getenv("LOCALEXEC_TEST_SERVER"); dir != "" {
		server(dir)
	}
	goleak.VerifyTestMain(m)
}

var selfSupervised = SupervisorOptions{Args: []string{"supervise"}, Environ: os.Environ()}

func startSupervisor(t testing.TB) *Supervisor {
	t.Helper()
	s, err := StartSupervisor(selfSupervised)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

type runner struct {
	name string
	run  func(context.Context, Command) (Exit, error)
}

// runners are the ways to run a command; every test of behaviour is for all of them.
func runners(t testing.TB) []runner {
	return []runner{{"direct", Run}, {"supervised", startSupervisor(t).Run}}
}

// each runs a test with every runner.
func each(t *testing.T, test func(t *testing.T, run func(context.Context, Command) (Exit, error))) {
	for _, r := range runners(t) {
		t.Run(r.name, func(t *testing.T) { test(t, r.run) })
	}
}

// buffer is a writer for two goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func env() []string { return Environment(os.Environ(), nil) }

func sh(text string) Command { return Command{Argv: Shell(text), Env: env()} }

func status(e Exit) string {
	if e.Code == nil {
		return "unknown"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", *e.Code, e.Signal))
}

// await waits for a condition that an event elsewhere brings about.
func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// reportQuantiles reports the median and the 99th percentile of durations.
func reportQuantiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
