package localexec

import (
	"bytes"
	"io"
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

const (
	terminalCols = 120
	terminalRows = 40
	// eot is the character that ends input on a terminal in canonical mode; in the middle of a line it passes on what has
	// been typed so far (termios(3), VEOF).
	eot = 4
	// lineMax is how much of a line is written at a time: in canonical mode a terminal cuts lines at 4096 bytes.
	lineMax = 4000
)

// openTerminal gives the command a terminal for all three streams. It does not echo: standard input is no part of the output.
func (s *streams) openTerminal(c Command) error {
	master, slave, err := pty.Open()
	if err != nil {
		return err
	}
	s.child = [3]*os.File{slave, slave, slave}
	s.ours = []*os.File{slave}
	s.terminal, s.stdin = master, master
	s.stdout = newDrain(master, c.Stdout)
	s.stdout.terminal = true
	if err := pty.Setsize(master, &pty.Winsize{Rows: terminalRows, Cols: terminalCols}); err != nil {
		return err
	}
	if err := control(master, func(fd int) error { return unix.SetNonblock(fd, true) }); err != nil { // deadlines need it
		return err
	}
	s.source = c.Stdin
	if s.source == nil {
		s.source = bytes.NewReader(nil)
	}
	return noEcho(slave)
}

func noEcho(f *os.File) error {
	return control(f, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, getTermios)
		if err != nil {
			return err
		}
		t.Lflag &^= unix.ECHO
		return unix.IoctlSetTermios(fd, setTermios, t)
	})
}

// control calls f with the descriptor of a file, which stays open and in its mode meanwhile.
func control(file *os.File, f func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var ferr error
	if err := raw.Control(func(fd uintptr) { ferr = f(int(fd)) }); err != nil {
		return err
	}
	return ferr
}

// typist writes to a terminal so that no line is cut and the end is an end of file for the program.
type typist struct {
	w    io.Writer
	line int // bytes of the line that have not been passed on
}

// Write types the bytes, a long line in parts.
func (t *typist) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		part := p[:min(len(p), lineMax-t.line)]
		if i := bytes.IndexByte(part, '\n'); i >= 0 {
			part = part[:i+1]
		}
		k, err := t.w.Write(part)
		n += k
		if err != nil {
			return n, err
		}
		p = p[k:]
		t.line += k
		if part[k-1] == '\n' {
			t.line = 0
		} else if t.line >= lineMax {
			if err := t.pass(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// pass hands over what has been typed; on an empty line it is an end of file.
func (t *typist) pass() error {
	t.line = 0
	_, err := t.w.Write([]byte{eot})
	return err
}

// end makes the program see an end of file.
func (t *typist) end() {
	if t.line > 0 && t.pass() != nil {
		return
	}
	_ = t.pass() // the program may be gone
}
