package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestTerminated: a server that is told to end (SIGTERM) still answers the calls that it ends, with what they had printed, and ends well.
func TestTerminated(t *testing.T) {
	i := newInstall(t, nil)
	s := i.serve()
	started := filepath.Join(openDir(t), "started")
	if err := syscall.Mkfifo(started, 0o666); err != nil {
		t.Fatal(err)
	}
	type ended struct {
		answer
		err error
	}
	done := make(chan ended, 1)
	go func() {
		a, err := s.call("shell_exec", map[string]any{"command": "echo so far; echo >" + started + "; sleep 600", "timeout": 300})
		done <- ended{a, err}
	}()
	if _, err := os.ReadFile(started); err != nil { // until the command opens it
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case e := <-done:
		if e.Outcome != "cancelled" || e.Stdout != "so far\n" || len(e.Survivors) != 0 {
			t.Errorf("outcome %q, stdout %q, survivors %q, error %v", e.Outcome, e.Stdout, e.Survivors, e.err)
		}
	case <-time.After(30 * time.Second):
		t.Error("no answer")
	}
	_ = s.Close()
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit status %d", code)
	}
}
