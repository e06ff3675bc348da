package sshbin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

func code(err error) string {
	var e interface{ ErrorCode() string }
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

// waitFor waits until ok.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func ready(t testing.TB, e *Engine, r *dest.Resolved) MasterInfo {
	t.Helper()
	info, err := e.Ready(context.Background(), r, true)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestDeadMasters breaks an idle master in every way; the next call works and runs once.
func TestDeadMasters(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	for _, test := range []struct {
		name     string
		damage   func(t *testing.T, m MasterInfo)
		sameOnly bool // the old process lives on
	}{
		{"killed", func(t *testing.T, m MasterInfo) { _ = syscall.Kill(m.MasterPID, syscall.SIGKILL) }, false},
		{"terminated", func(t *testing.T, m MasterInfo) { _ = syscall.Kill(m.MasterPID, syscall.SIGTERM) }, false},
		{"frozen", func(t *testing.T, m MasterInfo) {
			_ = syscall.Kill(m.MasterPID, syscall.SIGSTOP)
			time.Sleep(1100 * time.Millisecond) // longer than KeepAlive: a master that answered just now is trusted
		}, false},
		{"frozen while trusted", func(t *testing.T, m MasterInfo) { _ = syscall.Kill(m.MasterPID, syscall.SIGSTOP) }, false},
		{"socket removed", func(t *testing.T, m MasterInfo) { _ = os.Remove(m.Path) }, true},
		{"connection closed by the server", func(t *testing.T, m MasterInfo) {
			server.DropConnections()
			// A call that comes before the master has noticed may have started, and says so.
			waitFor(t, "the master notices", func() bool { return !isMaster(m.MasterPID, m.Path) })
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			modes(t, func(t *testing.T, mode Mode) {
				e := newEngine(t, server.Lab, Options{Engine: mode, RuntimeDir: runtimeDir(t), KeepAlive: time.Second})
				r := resolve(t, e, "target", dest.Options{})
				before := ready(t, e, r)
				count := filepath.Join(t.TempDir(), "count")
				test.damage(t, before)
				if test.name == "frozen while trusted" { // by a look first: it has a deadline shorter than any keepalive's
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
					defer cancel()
					if info, err := e.Ready(ctx, r, true); err != nil || info.MasterPID == before.MasterPID {
						t.Errorf("a look gave %+v, %v", info, err)
					}
					_ = syscall.Kill(ready(t, e, r).MasterPID, syscall.SIGSTOP)
				}
				if res := mustRun(t, e, r, Command{Text: "echo x >>" + count + "; cat " + count}); res.out != "x\n" {
					t.Errorf("output %q", res.out)
				}
				if after := ready(t, e, r); after.MasterPID == before.MasterPID {
					t.Error("the same master")
				}
				if test.sameOnly {
					_ = syscall.Kill(before.MasterPID, syscall.SIGKILL)
					return
				}
				waitFor(t, "the old master goes", func() bool { return !isMaster(before.MasterPID, before.Path) })
			})
		})
	}
}

// runtimeDir is a directory of its own with a short name.
func runtimeDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// TestMasterDiesUnderACommand ends the command with an error that says that it may have run, and does not run it again.
func TestMasterDiesUnderACommand(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	modes(t, func(t *testing.T, mode Mode) {
		for lane := range trialLanes { // a trial is mostly waiting
			t.Run(fmt.Sprint(lane), func(t *testing.T) {
				t.Parallel()
				e := newEngine(t, server.Lab, Options{Engine: mode, RuntimeDir: runtimeDir(t)})
				r := resolve(t, e, "target", dest.Options{})
				for i := range trialDeaths / trialLanes {
					masterDies(t, server, e, r, fmt.Sprintf("count-%s-%d-%d", mode, lane, i), fmt.Sprintf("sleep 70%02d1", lane))
				}
			})
		}
	})
}

// masterDies kills the master under a command that notes in the file count that it has run, and goes on as sleep.
func masterDies(t *testing.T, server *sshtest.Server, e *Engine, r *dest.Resolved, count, sleep string) {
	t.Helper()
	pid := make(chan int, 1)
	up := make(tell, 1)
	killed := make(chan time.Time, 1)
	go func() {
		<-up
		_ = syscall.Kill(<-pid, syscall.SIGKILL)
		killed <- time.Now()
	}()
	res, err := run(t, e, r, Command{Text: "echo x >>" + count + "; echo up; " + sleep, Stdout: up, Started: func(s Started) { pid <- s.MasterPID }})
	at := <-killed
	if took := time.Since(at); took > 2*time.Second {
		t.Errorf("the answer came %v after the master's death", took)
	}
	if !slices.Equal(res.exit.Survivors, []string{Unknown}) {
		t.Errorf("survivors %q", res.exit.Survivors)
	}
	if words := fmt.Sprint(err); strings.Contains(words, "dial") || strings.Contains(words, e.opt.RuntimeDir) {
		t.Errorf("not an operator's words: %s", words)
	}
	var lost *Error
	if !errors.As(err, &lost) || lost.Code != "connection_lost" || !lost.Started {
		t.Errorf("error %v", err)
	}
	if data, _ := os.ReadFile(filepath.Join(server.AccountHome(), count)); string(data) != "x\n" {
		t.Errorf("the command ran %d times", strings.Count(string(data), "x"))
	}
	waitFor(t, "the remote process goes", func() bool { return !server.Running(sleep) })
	if took := time.Since(at); took > 5*time.Second {
		t.Errorf("the remote process lived for %v after the master", took)
	}
	mustRun(t, e, r, Command{Text: "true"})
}

// TestKilledWhileConnecting kills the ssh that is to become a master: once is not noticed, again and again is an error that says so.
func TestKilledWhileConnecting(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	server := l.MustStart(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	for deaths, want := range map[int]string{1: "", 1000: "connection_lost"} {
		alias := fmt.Sprintf("dies-%d", deaths)
		count := filepath.Join(l.Dir(), alias)
		proxy := fmt.Sprintf(`ProxyCommand sh -c 'echo x >>%s; [ $(wc -l <%[1]s) -gt %d ] || kill -KILL $PPID; exec busybox nc %%h %%p'`, count, deaths)
		if err := l.AddHost(alias, server.HostLines(proxy)...); err != nil {
			t.Fatal(err)
		}
		e := newEngine(t, l, Options{})
		_, err := run(t, e, resolve(t, e, alias, dest.Options{}), Command{Text: "true"})
		if code(err) != want || want != "" && !errors.Is(err, errEnded) {
			t.Errorf("%d deaths: %v", deaths, err)
		}
		if starts, _ := os.ReadFile(count); len(starts)/2 != min(deaths, endedRetries)+1 {
			t.Errorf("%d deaths: %d starts", deaths, len(starts)/2)
		}
	}
}

// TestStalled freezes what lies between us and the command.
func TestStalled(t *testing.T) {
	t.Parallel()
	const keepAlive = 2 * time.Second
	for _, test := range []struct {
		name   string
		freeze func(s *sshtest.Server, pid int)
		thaw   func(s *sshtest.Server, pid int)
	}{
		{"server", func(s *sshtest.Server, _ int) { s.Pause() }, func(s *sshtest.Server, _ int) { s.Resume() }},
		{"master", func(_ *sshtest.Server, pid int) { _ = syscall.Kill(pid, syscall.SIGSTOP) }, func(_ *sshtest.Server, pid int) { _ = syscall.Kill(pid, syscall.SIGCONT) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
			e := newEngine(t, server.Lab, Options{KeepAlive: keepAlive})
			r := resolve(t, e, "target", dest.Options{})
			started, frozen := make(chan int, 1), make(chan time.Time, 1)
			var pid int
			up := make(tell, 1)
			go func() {
				<-up
				pid = <-started
				test.freeze(server, pid)
				frozen <- time.Now()
			}()
			_, err := run(t, e, r, Command{Text: "echo up; sleep 7002", Stdout: up, Started: func(s Started) { started <- s.MasterPID }})
			took := time.Since(<-frozen)
			test.thaw(server, pid)
			if code(err) != "connection_lost" || took > 3*keepAlive+2*time.Second {
				t.Errorf("error %v after %v", err, took)
			}
			mustRun(t, e, r, Command{Text: "true"})
			waitFor(t, "the remote process goes", func() bool { return !server.Running("sleep 7002") })
		})
	}
}

// TestConfigChanged gives a changed configuration a connection of its own.
func TestConfigChanged(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	e := newEngine(t, server.Lab, Options{})
	before := ready(t, e, resolve(t, e, "target", dest.Options{}))
	if err := server.AddHost("target", server.HostLines("Compression yes")...); err != nil {
		t.Fatal(err)
	}
	after := ready(t, e, resolve(t, e, "target", dest.Options{}))
	if before.Path == after.Path || before.MasterPID == after.MasterPID {
		t.Error("the changed configuration rides the old connection")
	}
}

// TestDisconnectFrozen ends a frozen master's process too, and the socket that it leaves behind goes with it.
func TestDisconnectFrozen(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	m := ready(t, e, r)
	if err := syscall.Kill(m.MasterPID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	closed, released, err := e.Disconnect(t.Context(), r)
	if closed != 1 || released != 0 || err != nil {
		t.Errorf("closed %d, released %d, %v", closed, released, err)
	}
	if isMaster(m.MasterPID, m.Path) {
		t.Error("the frozen process is still there")
	}
	if _, err := os.Lstat(m.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its socket: %v", err)
	}
	mustRun(t, e, r, Command{Text: "true"})
}
