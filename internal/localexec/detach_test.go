package localexec

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDetach(t *testing.T) {
	s := startSupervisor(t)
	for _, test := range []struct{ text, rest, status string }{
		{"echo one; read x; echo two $x; exit 3", "two in\n", "exit 3\n"},
		{"echo one; read x; kill -KILL $$", "", "signal KILL 137\n"},
	} {
		detach := make(chan struct{})
		gate := make(chan struct{})
		var before, after buffer
		c := sh(strings.Replace(test.text, "read x", "read x; while [ ! -e $GATE ]; do sleep 0.02; done", 1))
		path := filepath.Join(t.TempDir(), "gate")
		c.Env = Environment(os.Environ(), []Var{{"GATE", &path}})
		c.Stdin = strings.NewReader("in\n")
		c.Stdout = writerFunc(func(p []byte) { before.Write(p); close(detach) })
		c.Detach = detach
		e, err := s.Run(t.Context(), c)
		close(gate)
		if err != nil || e.Handover == nil || e.Code != nil || before.String() != "one\n" {
			t.Fatalf("%+v, %v, %q", e, err, before.String())
		}
		h := e.Handover
		if !living(h.Pid) || h.ID == "" || h.Stderr != nil {
			t.Errorf("%+v", h)
		}
		write(t, path, "")
		if _, err := io.Copy(&after, h.Stdout); err != nil {
			t.Error(err)
		}
		line, err := io.ReadAll(h.Status)
		if err != nil || string(line) != test.status || after.String() != test.rest {
			t.Errorf("%v, status %q, rest %q", err, line, after.String())
		}
		h.Stdout.Close()
		h.Status.Close()
	}
}

func TestDetachWhatHasEnded(t *testing.T) {
	s := startSupervisor(t)
	detach := make(chan struct{})
	close(detach)
	for range 50 {
		c := sh("echo x")
		c.Detach = detach
		var out buffer
		c.Stdout = &out
		e, err := s.Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		got := out.String()
		if h := e.Handover; h != nil {
			rest, err := io.ReadAll(h.Stdout)
			line, serr := io.ReadAll(h.Status)
			if err != nil || serr != nil || string(line) != "exit 0\n" {
				t.Fatalf("%v, %v, %q", err, serr, line)
			}
			got += string(rest)
			h.Stdout.Close()
			h.Status.Close()
		} else if status(e) != "0" {
			t.Errorf("status %s", status(e))
		}
		if got != "x\n" {
			t.Errorf("output %q", got)
		}
	}
}

func TestDetachUnsupported(t *testing.T) {
	c := sh("true")
	c.Detach = make(chan struct{})
	if _, err := Run(t.Context(), c); code(err) != "unsupported" {
		t.Errorf("direct: %v", err)
	}
	c.TTY = true
	if _, err := startSupervisor(t).Run(t.Context(), c); code(err) != "unsupported" {
		t.Errorf("with a terminal: %v", err)
	}
}
