package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	flightCalls = 200
	flightWidth = 64
)

// inFlight puts many calls at once on one sshd with OpenSSH's own limits: ten sessions a connection, ten logins under way. Both ways run
// the same command the same number of times; failures and logins are counted.
func (b *bench) inFlight() error {
	live, err := b.serveIn("fly")
	if err != nil {
		return err
	}
	defer live.end()
	ctl := filepath.Join(b.lab.RuntimeDir(), "x-fly")
	if out, err := b.ssh("-M", "-N", "-f", "-S", ctl, "target"); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	defer b.ssh("-S", ctl, "-O", "exit", "target")
	fmt.Printf("%d calls on one default sshd, %d in flight\n", flightCalls, flightWidth)
	for _, way := range []struct {
		name string
		call func() error
	}{
		{"ssh_exec", func() error {
			return call(b, live.session, "ssh_exec", map[string]any{"host": "target", "command": "sleep 0.1"})
		}},
		{"ssh -S, live master", func() error { _, err := b.ssh("-S", ctl, "target", "sleep 0.1"); return err }},
	} {
		before := b.target.Logins()
		began := time.Now()
		failed, err := flood(way.call)
		fmt.Printf("  %-30s %6.2f s, %d failed, %d logins\n", way.name, time.Since(began).Seconds(), failed, b.target.Logins()-before)
		if failed > 0 && way.name == "ssh_exec" {
			return err
		}
	}
	return nil
}

// flood makes the calls and says how many failed, and how.
func flood(call func() error) (failed int64, err error) {
	var count atomic.Int64
	var mu sync.Mutex
	var errs []error
	places := make(chan struct{}, flightWidth)
	var calls sync.WaitGroup
	for range flightCalls {
		places <- struct{}{}
		calls.Go(func() {
			defer func() { <-places }()
			if err := call(); err != nil {
				count.Add(1)
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	calls.Wait()
	return count.Load(), errors.Join(errs...)
}
