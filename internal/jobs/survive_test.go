package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/keeper/job"
	"relay-shell/internal/sshtest"
)

var manyLimits = Limits{Running: 64, Output: 1 << 20, Retention: time.Hour, History: 1000}

// TestMastersKilled kills the connection with -9 at random moments while jobs are started and waited for: every job whose start was told is followed
// to its end, with every byte of its output, and none is started twice. (That servers are killed is tried in cmd/relay-shell.)
func TestMastersKilled(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	p, engine := newHostEngine(t, server)
	p.Limits = manyLimits
	const lines = 400
	told := map[string]bool{}
	for range trialKills {
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			time.Sleep(time.Duration(rand.IntN(600)) * time.Millisecond)
			connections, err := engine.Connections(context.Background())
			if err != nil {
				t.Error(err)
			}
			for _, c := range connections {
				_ = syscall.Kill(c.PID, syscall.SIGKILL) // it may have been lost already
			}
		}()
		info, err := p.Start(t.Context(), Spec{Command: numbered(lines) + "; sleep 0.3; exit 3"})
		switch {
		case err == nil:
			told[info.ID] = true
			if w := wait(t, p, info.ID, WaitOptions{}); code(w.Info) != "ended 3" {
				t.Errorf("%s is %s: %s", info.ID, code(w.Info), w.Info.Error)
			}
		case errorCode(err) != "connection_lost":
			t.Error(err)
		}
		<-killed
	}
	list, err := p.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unanswered := 0
	for _, info := range list {
		answered := told[info.ID]
		if !answered {
			unanswered++
		}
		delete(told, info.ID)
		w := wait(t, p, info.ID, WaitOptions{})
		if !answered && w.Info.State == job.Lost && w.Info.Total == 0 {
			continue // its start was ended with the connection, and nothing of it has run
		}
		if code(w.Info) != "ended 3" {
			t.Errorf("%s is %s: %s", info.ID, code(w.Info), w.Info.Error)
			continue
		}
		data, missing := all(t, p, info.ID)
		checkNumbered(t, data, missing, lines)
		if missing != 0 {
			t.Errorf("%d bytes are missing", missing)
		}
	}
	if len(told) > 0 {
		t.Errorf("started and gone: %v", told)
	}
	t.Logf("%d kills, %d jobs, of which %d starts were not answered", trialKills, len(list), unanswered)
}

// TestMany runs as many jobs as there may be, at once.
func TestMany(t *testing.T) {
	onEach(t, func(t *testing.T, p Place) {
		const n = 64
		switch p := p.(type) {
		case *Local:
			p.Limits = manyLimits
		case *Host:
			p.Limits = manyLimits
		}
		var work sync.WaitGroup
		ids := make([]string, n)
		for i := range n {
			work.Go(func() {
				info, err := p.Start(t.Context(), Spec{Command: fmt.Sprintf("echo job %d; until [ -e %s ]; do sleep 1; done; exit %d", i, filepath.Join(os.TempDir(), "jobs-go-"+j0(t)), i)})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = info.ID
			})
		}
		work.Wait()
		if t.Failed() {
			return
		}
		if _, err := p.Start(t.Context(), Spec{Command: "true"}); !is(err, "limit_reached") {
			t.Errorf("one more: %v", err)
		}
		gate := filepath.Join(os.TempDir(), "jobs-go-"+j0(t))
		if err := os.WriteFile(gate, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(gate)
		for i, id := range ids {
			w := wait(t, p, id, WaitOptions{})
			if want := fmt.Sprintf("job %d\n", i); string(w.Chunk.Data) != want || w.Info.Code == nil || *w.Info.Code != i {
				t.Errorf("job %d: %s, %q", i, code(w.Info), w.Chunk.Data)
			}
		}
	})
}

// TestTwoServers has two servers follow one job, and one of them end it.
func TestTwoServers(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	one, two := newHost(t, server), newHost(t, server)
	j := start(t, one, numbered(2000)+"; sleep 600")
	for _, p := range []Place{one, two} {
		waitFor(t, p, j.ID, "000001999")
		data, missing := all(t, p, j.ID)
		checkNumbered(t, data, missing, 2000)
	}
	ended := make(chan Waited, 1)
	go func() {
		w, err := Wait(context.Background(), two, j.ID, WaitOptions{Timeout: time.Minute, Max: 100})
		if err != nil {
			t.Error(err)
		}
		ended <- w
	}()
	if info, _, err := one.Kill(t.Context(), j.ID, "TERM"); err != nil || info.State != job.Killed {
		t.Fatalf("%+v, %v", info, err)
	}
	if w := <-ended; w.Info.State != job.Killed || w.Reason != ReasonEnd {
		t.Errorf("%+v", w)
	}
}

// TestAnotherProcess takes a process that got the number of a job's runner for another: as after a reboot.
func TestAnotherProcess(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	p := newHost(t, server)
	j := start(t, p, "sleep 600")
	files, err := filepath.Glob(filepath.Join(server.AccountHome(), ".local/state/relay-shell/jobs", j.ID, "pid"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	was, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(was))
	for _, other := range []string{words[0] + " 1 " + words[2], words[0] + " " + words[1] + " another-boot", "1 " + words[1] + " " + words[2], "x", "$(id) 1 1"} {
		if err := os.WriteFile(files[0], []byte(other+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if w := wait(t, p, j.ID, WaitOptions{}); w.Info.State != job.Lost {
			t.Errorf("%q: %+v", other, w.Info)
		}
	}
	if err := os.WriteFile(files[0], was, 0o600); err != nil {
		t.Fatal(err)
	}
	if info, _, err := p.Kill(t.Context(), j.ID, "TERM"); err != nil || info.State != job.Killed {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestKeeperKilled ends what a job leaves whose keeper was killed.
func TestKeeperKilled(t *testing.T) {
	p := newLocal(t)
	j := start(t, p, "echo up; trap '' TERM; sleep 4714 & sleep 4714 & wait; sleep 4714")
	waitFor(t, p, j.ID, "up")
	info, err := p.Keepers.Find(t.Context(), job.Kind, j.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(info.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w := wait(t, p, j.ID, WaitOptions{})
	if w.Info.State != job.Lost || string(w.Chunk.Data) != "up\n" {
		t.Errorf("%+v %q", w.Info, w.Chunk.Data)
	}
	after, _, err := p.Kill(t.Context(), j.ID, "TERM")
	if err != nil || after.State != job.Killed || len(after.Survivors) > 0 {
		t.Errorf("%+v, %v", after, err)
	}
	if out, _ := exec.Command("pgrep", "-f", "sleep 4714").Output(); len(out) > 0 {
		t.Errorf("left %s", out)
	}
}
