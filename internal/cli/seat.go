package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	terminal "relay-shell/internal/keeper/session"
	"relay-shell/internal/pty"
)

// seat is a person's terminal, of which a session's keeper is given in and out.
type seat struct {
	stdin   *os.File
	stdout  io.Writer
	state   *term.State
	in, out *os.File
	// copied is closed when all that the session has shown is on stdout; nil where the keeper writes there itself.
	copied chan struct{}
}

// sitDown makes the terminal raw, and descriptors that can be given away.
func sitDown(stdin *os.File, stdout io.Writer) (*seat, error) {
	p := &seat{stdin: stdin, stdout: stdout}
	var err error
	if p.state, err = term.MakeRaw(int(stdin.Fd())); err != nil {
		return nil, err
	}
	if err = p.open(); err != nil {
		p.passed()
		_ = term.Restore(int(stdin.Fd()), p.state)
	}
	return p, err
}

// open opens the terminal anew: a keeper's descriptors do not block, and that is a property of the open file, which is the person's shell's too.
// What can't be opened, as after su, or is no terminal, is copied.
func (p *seat) open() (err error) {
	if p.in, err = reopen(p.stdin, unix.O_RDONLY); err != nil {
		var typed *os.File
		if p.in, typed, err = os.Pipe(); err != nil {
			return err
		}
		go func() { // ends with the process: a terminal's read can't be cut short
			_, _ = io.Copy(typed, p.stdin)
			typed.Close()
		}()
	}
	if f, ok := p.stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if p.out, err = reopen(f, unix.O_WRONLY); err == nil {
			return nil
		}
	}
	var shown *os.File
	if shown, p.out, err = os.Pipe(); err != nil {
		return err
	}
	p.copied = make(chan struct{})
	go func() { // ends when the keeper closes its end
		defer close(p.copied)
		_, _ = io.Copy(p.stdout, shown)
		shown.Close()
	}()
	return nil
}

func reopen(f *os.File, mode int) (*os.File, error) {
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), mode|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// passed closes what the keeper has now.
func (p *seat) passed() {
	for _, f := range []*os.File{p.in, p.out} {
		if f != nil {
			f.Close()
		}
	}
}

// getUp gives the terminal back as it was.
func (p *seat) getUp() {
	if p.copied != nil {
		<-p.copied
	}
	_, _ = io.WriteString(p.stdout, pty.Reset)
	_ = term.Restore(int(p.stdin.Fd()), p.state)
}

// size is the terminal's.
func (p *seat) size() terminal.Frame {
	cols, rows, _ := term.GetSize(int(p.stdin.Fd())) // 0 changes nothing
	return terminal.Frame{Cols: cols, Rows: rows}
}
