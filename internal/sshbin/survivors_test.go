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
