package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// seated is somebody at a terminal.
type seated struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	gone chan struct{}
	more chan struct{} // has something when more was shown

	mu   sync.Mutex
	seen strings.Builder
}

func (i *install) sit(cols, rows uint16, args ...string) *seated {
	i.t.Helper()
	p := &seated{t: i.t, cmd: i.command(args...), gone: make(chan struct{}), more: make(chan struct{}, 1)}
	var err error
	if p.tty, err = pty.StartWithSize(p.cmd, &pty.Winsize{Cols: cols, Rows: rows}); err != nil {
		i.t.Fatal(err)
	}
	go func() { // ends with the command
		defer close(p.gone)
		buf := make([]byte, 4096)
		for {
			n, err := p.tty.Read(buf)
			p.mu.Lock()
			p.seen.Write(buf[:n])
			p.mu.Unlock()
			select {
			case p.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	i.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // again, where the test has waited
		<-p.gone
		p.tty.Close()
	})
	return p
}

func (p *seated) types(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.tty, text); err != nil {
		p.t.Fatal(err)
	}
}

// sees waits until the terminal has shown the pattern, and returns what it and its groups match.
func (p *seated) sees(pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	late := time.After(60 * time.Second)
	for {
		p.mu.Lock()
		seen := p.seen.String()
		p.mu.Unlock()
		if found := re.FindStringSubmatch(seen); found != nil {
			return found
		}
		select {
		case <-p.more:
		case <-late:
			p.t.Fatalf("no %s in %q", pattern, seen)
		}
	}
}

func (p *seated) leaves(status int) {
	p.t.Helper()
	_ = p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != status {
		p.t.Errorf("exit status %d, want %d", got, status)
	}
}

// TestTogether puts two servers, a person who types and one who only looks on one session: each sees everything, what was typed does not
// mix, and what the program asks of its terminal is answered once.
func TestTogether(t *testing.T) {
	i := newInstall(t, nil)
	one, two := i.serve(), i.serve()
	defer one.Close()
	defer two.Close()
	id := one.must(t, "shell_spawn", map[string]any{"command": "PS1='$ ' exec sh", "name": "shared"}).SessionID
	typist := i.sit(100, 30, "attach", id)
	viewer := i.sit(40, 10, "attach", id, "--read-only")
	typist.sees(`attached to ` + id)
	viewer.sees(`attached to ` + id)
	typist.sees(`\$ `)
	if list := i.run("sessions"); !strings.Contains(list, "2 attached") || !strings.Contains(list, "100x30") {
		t.Error(list)
	}
	typist.types("stty size\r")
	typist.sees(`30 100`)
	if err := pty.Setsize(typist.tty, &pty.Winsize{Cols: 90, Rows: 20}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(i.run("sessions"), "90x20"); {
		if time.Now().After(deadline) {
			t.Fatal("the session does not follow the person's window")
		}
	}
	viewer.types("echo nev\"\"er\r")
	var work sync.WaitGroup
	for _, s := range []*server{one, two} {
		work.Go(func() {
			for range 10 {
				if _, err := s.call("session_send", map[string]any{"session_id": id, "data": "echo model $((40+2))"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	typist.types("echo person $((40+2))\r")
	const all = `(?s)(model 42.*){20}person 42`
	typist.sees(all)
	viewer.sees(all)
	for _, s := range []*server{one, two} {
		a := s.must(t, "session_recv", map[string]any{"session_id": id, "cursor": 0, "until": `person 42`, "timeout": 60})
		if n := strings.Count(a.Data, "model 42\r\n"); n != 20 || strings.Contains(a.Data, "never") {
			t.Errorf("%d of 20 lines in %q", n, a.Data)
		}
	}
	viewer.types("\x1d")
	viewer.leaves(0)
	viewer.sees(`left ` + id + ` running`)
	typist.types("exit 3\r")
	typist.sees(id + ` has ended, exit 3`)
	typist.leaves(0)
	late := i.sit(80, 24, "attach", id)
	late.sees(`(?s)person 42.*has ended, exit 3`)
	late.leaves(0)
	none := i.sit(80, 24, "attach", "s-aaaaaaaa")
	none.sees(`s-aaaaaaaa`)
	none.leaves(1)
	if log := i.run("audit", "tail"); strings.Count(log, "operator:attach") < 3 {
		t.Error(log)
	}
}

// TestStop: the emergency stop ends what would outlive its servers, and says so in the audit.
func TestStop(t *testing.T) {
	i := newInstall(t, nil)
	s := i.serve()
	defer s.Close()
	id := s.must(t, "shell_spawn", map[string]any{"command": "sleep 1000", "name": "doomed"}).SessionID
	p := i.sit(80, 24, "attach", id)
	p.sees("attached to")
	if out := i.run("stop", "--reason", "drill"); !strings.Contains(out, "ended "+id) {
		t.Error(out)
	}
	p.sees(`ended|gone`)
	if _, err := s.call("shell_spawn", map[string]any{"command": "sleep 1000"}); err == nil {
		t.Error("a session was started while stopped")
	}
	i.run("stop", "--resume")
	if left := i.sessions(); len(left) > 0 {
		t.Error(left)
	}
	if log := i.run("audit", "tail"); !strings.Contains(log, "operator:stop") || !strings.Contains(log, id) {
		t.Error(log)
	}
	if list, err := os.ReadDir(i.state + "/recordings"); err != nil || len(list) != 1 {
		t.Error(list, err)
	}
}
