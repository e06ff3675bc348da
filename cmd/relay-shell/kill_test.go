package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"sync"
	"testing"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/sshtest"
)

// traffic is work that must survive its servers.
type traffic interface {
	// begin starts it on the first server.
	begin(t *testing.T, s *server)
	// load makes calls until one fails, which is when the server was killed. It reports the request ids of what was answered.
	load(s *server, answered func(id string))
	// check looks at the end whether all is there.
	check(t *testing.T, s *server)
}

// tally is what was answered, by request ids. It is safe for concurrent use.
type tally struct {
	mu  sync.Mutex
	ids []string
}

func (l *tally) add(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids = append(l.ids, id)
}

// TestKilledServers kills the server with -9 at random moments while it works on sessions, jobs and calls that become jobs, here and on a host:
// whatever it had begun lives on or has ended with it, and no byte of output and no record of an answered call is lost.
// `go test -tags long -timeout 1h -run TestKilledServers ./cmd/relay-shell` does it 200 times.
func TestKilledServers(t *testing.T) {
	host := sshtest.Start(t, sshtest.Options{Alias: "web1", Ordinary: true})
	i := newInstall(t, host, "RELAY_SHELL_SESSION_BUFFER_BYTES=4194304", "RELAY_SHELL_LOG_LEVEL=error", "RELAY_SHELL_MAX_JOBS=512", "RELAY_SHELL_JOB_HISTORY=4096",
		"RELAY_SHELL_MAX_OUTPUT=8MiB", "RELAY_SHELL_MAX_OUTPUT_HARD=16MiB")
	marks := openDir(t)
	work := []traffic{
		&typing{}, &typing{host: "web1"}, &printing{},
		&counting{}, &counting{host: "web1"}, &starting{}, &starting{host: "web1"},
		&leaving{tool: "shell_exec", dir: marks}, &leaving{tool: "ssh_exec", host: "web1", dir: marks}, &leaving{tool: "ssh_script", host: "web1", dir: marks},
	}
	first := i.serve()
	for _, w := range work {
		w.begin(t, first)
	}
	_ = first.Close()
	answered := &tally{}
	for n := range kills {
		s := i.serve()
		var running sync.WaitGroup
		for _, w := range work {
			running.Go(func() { w.load(s, answered.add) })
		}
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Millisecond)
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		running.Wait()
		_ = s.Close()
		if n%10 == 9 {
			i.settle(t, work)
		}
	}
	last := i.serve()
	for _, w := range work {
		w.check(t, last)
	}
	ended := append(endedOf(t, last, ""), endedOf(t, last, "web1")...)
	_ = last.Close()
	i.endsRecorded(ended)
	begun := begunIn(t, marks)
	i.recorded(answered.ids, begun)
	t.Logf("%d kills, %d calls answered, %d detachable commands begun, %d jobs ended", kills, len(answered.ids), len(begun), len(ended))
}

// settle lets those commands come to their end whose calls were not answered.
func (i *install) settle(t *testing.T, work []traffic) {
	t.Helper()
	s := i.serve()
	for _, w := range work {
		if w, is := w.(*leaving); is {
			w.check(t, s)
		}
	}
	_ = s.Close()
}

// openDir is a directory that any account may write to.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "rk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	return dir
}

// endsRecorded wants the end of each job in the log, once. A keeper writes it after it has answered.
func (i *install) endsRecorded(ids []string) {
	i.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		found, err := audit.Query(nil, i.log(), audit.Filter{Tool: job.EndTool, Lines: 1 << 20})
		if err != nil {
			i.t.Fatal(err)
		}
		times := map[string]int{}
		for _, r := range found {
			var about struct {
				ID string `json:"job_id"`
			}
			if err := json.Unmarshal(r.Args, &about); err != nil {
				i.t.Fatal(err)
			}
			times[about.ID]++
		}
		var wrong []string
		for _, id := range ids {
			if n := times[id]; n != 1 {
				wrong = append(wrong, fmt.Sprintf("%s: %d", id, n))
			}
		}
		if len(wrong) == 0 {
			return
		}
		if time.Now().After(deadline) {
			i.t.Errorf("ends are not recorded once: %v", wrong)
			return
		}
	}
}

var trialMark = regexp.MustCompile(`trial-[a-z_]+-\d+`)

// recorded checks that the log is whole, that it has an intent and a result of each call that was answered, and a record of every command that
// was begun.
func (i *install) recorded(ids, begun []string) {
	i.t.Helper()
	known, marks := map[string]bool{}, map[string]bool{}
	for _, r := range i.results() {
		known[r.Call] = r.IntentSeq != nil
		marks[trialMark.FindString(string(r.Args))] = true
	}
	for _, id := range ids {
		if !known[id] {
			i.t.Errorf("call %s was answered and is not in the audit log", id)
		}
	}
	for _, mark := range begun {
		if !marks[mark] {
			i.t.Errorf("command %s was begun and no record says so", mark)
		}
	}
}

// results checks that the log is whole, and gives the results in it.
func (i *install) results() []audit.Joined {
	i.t.Helper()
	report, err := audit.Verify(context.Background(), audit.VerifyOptions{Path: i.log()})
	if err != nil || !report.OK {
		i.t.Errorf("the audit log does not verify: %+v, %v", report, err)
	}
	results, err := audit.Query(nil, i.log(), audit.Filter{Lines: 1 << 20})
	if err != nil {
		i.t.Fatal(err)
	}
	return results
}
