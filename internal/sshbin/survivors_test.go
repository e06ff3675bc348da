package sshbin

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestSurvivors cancels a command that has become another user, as by sudo: its processes cannot be ended, and the answer
// says which they are. Only root can set this up.
func TestSurvivors(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		return // an ordinary user's processes are all its own
	}
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	// This program again, made to run as root whoever starts it.
	helper := filepath.Join(server.AccountHome(), "helper")
	copyProgram(t, helper)
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	exit, took, err := cutShort(t, e, r, Command{Text: "SSHBIN_SURVIVOR=1 " + helper + " -test.run='^TestSurvivorHelper$'"})
	if !errors.Is(err, errCancelled) || took > 10*time.Second {
		t.Errorf("error %v after %v", err, took)
	}
	if len(exit.Survivors) != 1 || !strings.HasPrefix(exit.Survivors[0], "pid ") {
		t.Fatalf("survivors %q", exit.Survivors)
	}
	pid := atoi(strings.TrimPrefix(exit.Survivors[0], "pid "))
	if args := processArgs(pid); len(args) == 0 || args[0] != helper {
		t.Errorf("process %d is %q", pid, args)
		return
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// TestSurvivorsUnknown cancels a command on a host that shows no processes, and says that it does not know. Only root can set this up.
func TestSurvivorsUnknown(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		return // it takes a mount namespace
	}
	shell := filepath.Join(runtimeDir(t), "dash")
	script := "#!/bin/sh\nexec unshare -m sh -c 'mount -t tmpfs none /proc && exec dash \"$@\"' sh \"$@\"\n"
	if err := os.WriteFile(shell, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	server := sshtest.Start(t, sshtest.Options{Shell: shell})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	if res := mustRun(t, e, r, Command{Text: "ls /proc; exit 3"}); res.out != "" || res.code != 3 {
		t.Fatalf("output %q, exit %d", res.out, res.code)
	}
	exit, took, err := cutShort(t, e, r, Command{Text: "echo up; sleep 6004"})
	if !errors.Is(err, errCancelled) || len(exit.Survivors) != 1 || exit.Survivors[0] != Unknown || took >= killTimeout {
		t.Errorf("error %v, survivors %q after %v", err, exit.Survivors, took)
	}
}

func copyProgram(t *testing.T, to string) {
	t.Helper()
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, from); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(), os.Chmod(to, 0o755|os.ModeSetuid)); err != nil {
		t.Fatal(err)
	}
}

// TestSurvivorHelper is TestSurvivors' process.
func TestSurvivorHelper(t *testing.T) {
	if os.Getenv("SSHBIN_SURVIVOR") == "" {
		return // nothing to help with
	}
	if err := syscall.Setreuid(0, 0); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("up\n")
	time.Sleep(time.Minute)
}
