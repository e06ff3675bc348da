package sshbin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

var errCancelled = errors.New("the caller has had enough")

// trees are commands that leave processes behind unless all of them are ended. %d is a number of seconds that marks the processes.
var trees = []struct{ name, text string }{
	{"plain", "echo up; sleep %d"},
	{"exec", "echo up; exec sleep %d"},
	{"ignores TERM", `trap "" TERM; echo up; while :; do sleep %d; done`},
	{"setsid", "setsid sleep %d & echo up; wait"},
	{"setsid twice and gone", "(setsid sh -c 'setsid sleep %d & sleep 0.2' &) ; echo up; sleep %[1]d"},
	{"timeout", "echo up; timeout 4000 sleep %d"},
	{"nohup", "nohup sleep %d >/dev/null 2>&1 & echo up; wait"},
	{"stopped", "sleep %d & kill -STOP $!; echo up; wait"},
	{"clean environment", "env -i sleep %d & echo up; wait"},
	{"clean environment and session", "env -i setsid -w sleep %d & echo up; wait"},
	{"thirty", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do sleep %d & done; echo up; wait"},
	{"name of two lines", twoLines + "env -i \"$n\" %d & echo up; wait"},
	{"pipeline", "echo up; sleep %d | cat | cat"},
}

// twoLines makes n a sleep whose name is two lines in the system's list of processes.
const twoLines = "d=$(mktemp -d) && n=\"$d/a\nb sleep\" && cp \"$(command -v sleep)\" \"$n\" || exit\n"

// tell writes to a channel when something has been written.
type tell chan struct{}

func (c tell) Write(p []byte) (int, error) {
	select {
	case c <- struct{}{}:
	default:
	}
	return len(p), nil
}

// cutShort runs the command, cancels when it says that it is up, and returns what Run did and how long it took from there.
func cutShort(t testing.TB, e *Engine, r *dest.Resolved, c Command) (Exit, time.Duration, error) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	up := make(tell, 1)
	c.Stdout = up
	c.StoreHostKey = true
	var cut time.Time
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-up:
		case <-time.After(20 * time.Second):
		}
		cut = time.Now()
		cancel(errCancelled)
	}()
	exit, err := e.Run(ctx, r, c)
	ended := time.Now()
	<-done
	return exit, ended.Sub(cut), err
}

// checkGone cancels a command and has its processes gone when the answer says so. On a machine under heavy load the host may not get to tell in
// time; that is no reason to leave them.
func checkGone(t *testing.T, server *sshtest.Server, e *Engine, r *dest.Resolved, text string, mark int) {
	t.Helper()
	exit, took, err := cutShort(t, e, r, Command{Text: fmt.Sprintf(text, mark)})
	if !errors.Is(err, errCancelled) {
		t.Errorf("error %v", err)
	}
	gone := func() bool { return !server.Running(fmt.Sprintf("sleep %d", mark)) }
	switch {
	case took > 4*killTimeout:
		t.Errorf("the answer came after %v", took)
	case len(exit.Survivors) == 0 && !gone():
		t.Error("something still runs, and the answer says that nothing does")
	case tooBusy(exit, took):
		waitFor(t, "a host too busy to tell ends the processes all the same", gone)
	case len(exit.Survivors) > 0:
		t.Errorf("survivors %q after %v", exit.Survivors, took)
	}
}

// tooBusy reports whether the host did not get to tell in the time that the answer gives it.
func tooBusy(exit Exit, took time.Duration) bool {
	return slices.Equal(exit.Survivors, []string{Unknown}) && took >= killTimeout
}

func TestCancelEndsTheTree(t *testing.T) {
	t.Parallel()
	for i, o := range []sshtest.Options{{Shell: "bash"}, {Ordinary: true, Shell: "dash"}, {Shell: "fish"}} {
		server := sshtest.Start(t, o)
		e := newEngine(t, server.Lab, Options{})
		r := resolve(t, e, "target", dest.Options{})
		bystander := fmt.Sprintf("sleep %d", 4099+100*i)
		mustRun(t, e, r, Command{Text: twoLines + "setsid \"$d\"/a*" + strings.TrimPrefix(bystander, "sleep") + " >/dev/null 2>&1 </dev/null &"})
		for j, tree := range trees {
			if i > 0 && j != 0 && j != 2 && j != 4 {
				continue // the rest does not depend on the account
			}
			t.Run(fmt.Sprintf("%+v/%s", o.Shell, tree.name), func(t *testing.T) {
				checkGone(t, server, e, r, tree.text, 4000+100*i+j)
			})
		}
		if !server.Running(bystander) {
			t.Errorf("%s: what an earlier command left running is gone", o.Shell)
		}
	}
}

func TestCancelForked(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	e := newEngine(t, server.Lab, Options{Engine: Fork})
	r := resolve(t, e, "target", dest.Options{})
	for i, tree := range trees[:4] {
		t.Run(tree.name, func(t *testing.T) { checkGone(t, server, e, r, tree.text, 5000+i) })
	}
}

// TestCancelAtOnce cancels before the command can have said anything.
func TestCancelAtOnce(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	mustRun(t, e, r, Command{Text: "true"})
	atOnce(t, trialCancels, trialLanes, func(i int) error {
		ctx, cancel := context.WithCancelCause(context.Background())
		began := time.Now()
		exit, err := e.Run(ctx, r, Command{Text: "sleep 6001", Started: func(Started) {
			go func() {
				time.Sleep(time.Duration(i%20) * time.Millisecond / 2)
				cancel(errCancelled)
			}()
		}})
		if busy := tooBusy(exit, time.Since(began)); !errors.Is(err, errCancelled) || len(exit.Survivors) > 0 && !busy {
			return fmt.Errorf("error %w, survivors %q", err, exit.Survivors)
		}
		return nil
	})
	waitFor(t, "nothing runs any more", func() bool { return !server.Running("sleep 6001") })
}

func TestCancelKeepsPartialOutput(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		r := resolve(t, e, "target", dest.Options{})
		mustRun(t, e, r, Command{Text: "true"})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		res, err := runIn(ctx, e, r, Command{Text: "trap 'echo last words' TERM; echo first; seq 50000; sleep 6002"})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(res.out, "first\n1\n2\n") || !strings.Contains(res.out, "\n50000\n") {
			t.Errorf("error %v, output %.40q… of %d bytes", err, res.out, len(res.out))
		}
	})
}

// TestBackgroundChild answers when the command has exited, though a child keeps its output open, and leaves the child alone.
func TestBackgroundChild(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		r := resolve(t, e, "target", dest.Options{})
		for _, text := range []string{"sleep 70 & echo up; exit 3", "(while :; do echo tick; sleep 0.1; done) & echo up; exit 3", "yes & echo up; exit 3"} {
			began := time.Now()
			res := mustRun(t, e, r, Command{Text: text})
			if res.code != 3 || !strings.Contains(res.out, "up\n") || time.Since(began) > 15*time.Second {
				t.Errorf("%s: exit %d, output %.40q after %v", text, res.code, res.out, time.Since(began))
			}
		}
		if !server.Running("sleep 70") {
			t.Error("the child did not outlive its command")
		}
	})
}

func TestLeashless(t *testing.T) {
	t.Parallel()
	t.Run("forced command", func(t *testing.T) {
		server := sshtest.Start(t, sshtest.Options{Shell: "dash", Config: []string{"ForceCommand cat >/dev/null; echo forced \"$SSH_ORIGINAL_COMMAND\"; exit 3"}})
		e := newEngine(t, server.Lab, Options{})
		r := resolve(t, e, "target", dest.Options{})
		for range 2 {
			if res := mustRun(t, e, r, Command{Text: "git upload-pack 'x'"}); res.out != "forced git upload-pack 'x'\n" || res.code != 3 {
				t.Errorf("output %q, exit %d", res.out, res.code)
			}
		}
		if n := server.Sessions(); n != 3 {
			t.Errorf("%d sessions, want the leash's once and the commands' two", n)
		}
	})
	t.Run("timeout", func(t *testing.T) {
		server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
		e := newEngine(t, server.Lab, Options{})
		r := resolve(t, e, "target", dest.Options{})
		exit, _, err := cutShort(t, e, r, Command{Text: "echo up; sleep 6003", NoLeash: true})
		if !errors.Is(err, errCancelled) || len(exit.Survivors) != 1 || exit.Survivors[0] != Unknown {
			t.Errorf("error %v, survivors %q", err, exit.Survivors)
		}
	})
	t.Run("one session only", func(t *testing.T) {
		server := sshtest.Start(t, sshtest.Options{Shell: "dash", Config: []string{"MaxSessions 1"}})
		e := newEngine(t, server.Lab, Options{})
		r := resolve(t, e, "target", dest.Options{})
		for range 3 {
			if res := mustRun(t, e, r, Command{Text: "echo hello"}); res.out != "hello\n" {
				t.Errorf("output %q", res.out)
			}
		}
	})
}
