package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// modes are those of the person's terminal.
func (p *seated) modes() unix.Termios {
	p.t.Helper()
	raw, err := p.tty.SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	var modes *unix.Termios
	var asked error
	if err := raw.Control(func(fd uintptr) { modes, asked = unix.IoctlGetTermios(int(fd), unix.TCGETS) }); err != nil || asked != nil {
		p.t.Fatal(err, asked)
	}
	return *modes
}

// TestPersonIsLeft: however an attachment ends, the person has their terminal back as it was, and a keeper lets go of it at once.
func TestPersonIsLeft(t *testing.T) {
	i := newInstall(t, nil)
	s := i.serve()
	defer s.Close()
	for _, test := range []struct {
		name, says string
		status     int
		ends       func(p *seated, keeper int)
	}{
		{"keeper killed", `the session is gone`, 1, func(_ *seated, keeper int) {
			if err := syscall.Kill(keeper, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}},
		{"asked to end", `left s-\w+ running`, 0, func(p *seated, _ int) { _ = p.cmd.Process.Signal(syscall.SIGTERM) }},
		{"detached", `left s-\w+ running`, 0, func(p *seated, _ int) { p.types("\x1d") }},
		{"ended", `has ended, exit 3`, 0, func(p *seated, _ int) { p.types("exit 3\r") }},
		{"closed", `has ended, exit 129|is gone`, -1, func(p *seated, _ int) {
			i.run("sessions", "kill", p.cmd.Args[len(p.cmd.Args)-1])
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := s.must(t, "shell_spawn", map[string]any{"command": "PS1='$ ' exec sh"}).SessionID
			p := i.sit(80, 24, "attach", id)
			before := p.modes() // raw already, perhaps: what matters is what a new terminal has
			p.sees(`attached to ` + id)
			p.types("printf '\\033[?1049h\\033[?25l'; echo keeper=$PPID=\r")
			keeper, err := strconv.Atoi(p.sees(`keeper=(\d+)=`)[1])
			if err != nil {
				t.Fatal(err)
			}
			if m := p.modes(); m.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) != 0 {
				t.Error("the terminal is not raw")
			}
			test.ends(p, keeper)
			p.sees(`(?s)\x1b\[\?1049l.*\x1b\[\?25h.*` + test.says)
			if test.status >= 0 {
				p.leaves(test.status)
			} else {
				_ = p.cmd.Wait()
			}
			if m := p.modes(); m.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) != unix.ICANON|unix.ECHO|unix.ISIG || before.Lflag&unix.ICANON != 0 && m != before {
				t.Errorf("the terminal is not as it was: %+v", m)
			}
		})
	}
}

// TestAttachInAPipe: what is shown may go somewhere else than to a terminal, to its last byte.
func TestAttachInAPipe(t *testing.T) {
	i := newInstall(t, nil)
	s := i.serve()
	defer s.Close()
	id := s.must(t, "shell_spawn", map[string]any{"command": "read x; seq 20000; echo the end; exit 4"}).SessionID
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := i.command("attach", id)
	cmd.Stdout = w
	tty, err := pty.Start(cmd)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	if _, err := io.WriteString(tty, "\r"); err != nil {
		t.Fatal(err)
	}
	_ = r.SetReadDeadline(time.Now().Add(60 * time.Second))
	shown, err := io.ReadAll(r)
	if err != nil || !bytes.Contains(shown, []byte("\r\n20000\r\nthe end\r\n")) {
		t.Errorf("%q, %v", shown[max(0, len(shown)-100):], err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestReplay shows a recording faster, without its pauses, and as far as it goes.
func TestReplay(t *testing.T) {
	i := newInstall(t, nil)
	cast := filepath.Join(t.TempDir(), "long.cast")
	lines := `{"version":3,"term":{"cols":80,"rows":24}}
[0.1,"o","one\r\n"]
[7200,"o","two\r\n"]
[1,"i","typed"]
[100,"o","three\u001b[c\r\n"]
[0.5,"x","3"]
`
	for _, torn := range []string{"", `[0.1,"o","fo`} {
		if err := os.WriteFile(cast, []byte(lines+torn), 0o600); err != nil {
			t.Fatal(err)
		}
		p := i.sit(80, 24, "replay", cast, "--speed", "100", "--idle-limit", "1s")
		p.sees(`one\s+two\s+three\s`)
		p.leaves(0)
		p.mu.Lock()
		seen := p.seen.String()
		p.mu.Unlock()
		if strings.Contains(seen, "typed") || strings.Contains(seen, "\x1b[c") || strings.Contains(seen, "fo") {
			t.Errorf("%q", seen)
		}
	}
	slow := i.sit(80, 24, "replay", cast, "--idle-limit", "0")
	slow.sees(`one`)
	slow.types("\x03")
	slow.leaves(0)
	bad := i.sit(80, 24, "replay", filepath.Join(i.state, "none.cast"))
	bad.leaves(1)
}
