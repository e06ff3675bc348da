package sshbin

import (
	"os"
	"strings"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Size of the terminal that a command with TTY sees.
const (
	terminalColumns = 120
	terminalRows    = 40
)

// terminal is a local pseudo-terminal from which the master reads modes, size and input for a remote one.
type terminal struct {
	control, line *os.File
	modes         unix.Termios // of the remote terminal
}

// newTerminal makes a terminal whose modes are what the remote one shall have: without echo, since nobody looks at the input,
// and without a carriage return before each newline of the output.
func newTerminal() (*terminal, error) {
	control, line, err := pty.Open()
	if err != nil {
		return nil, err
	}
	t := &terminal{control: control, line: line}
	if err := t.prepare(); err != nil {
		control.Close()
		line.Close()
		return nil, err
	}
	return t, nil
}

func (t *terminal) prepare() error {
	if err := pty.Setsize(t.line, &pty.Winsize{Cols: terminalColumns, Rows: terminalRows}); err != nil {
		return err
	}
	modes, err := unix.IoctlGetTermios(int(t.line.Fd()), getTermios)
	if err != nil {
		return err
	}
	modes.Lflag &^= unix.ECHO | unix.ECHOE | unix.ECHOK | unix.ECHONL | unix.ECHOCTL
	modes.Oflag &^= unix.ONLCR
	t.modes = *modes
	return unix.IoctlSetTermios(int(t.line.Fd()), setTermios, modes)
}

// raw makes the local terminal hand on every byte as it is, once the master has read the modes (cfmakeraw, termios(3)).
func (t *terminal) raw() {
	modes := t.modes
	modes.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	modes.Oflag &^= unix.OPOST
	modes.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	modes.Cc[unix.VMIN], modes.Cc[unix.VTIME] = 1, 0
	raw, err := t.control.SyscallConn()
	if err != nil {
		return // closed already
	}
	// A control end sets the modes of its line, too. Not Fd, which would make writes block for good.
	_ = raw.Control(func(fd uintptr) { _ = unix.IoctlSetTermios(int(fd), setTermios, &modes) })
}

// endOfFile types what a terminal's line discipline takes for the end of the input: twice, in case a line has begun.
func (t *terminal) endOfFile() { _, _ = t.control.WriteString(strings.Repeat("\x04", 2)) }
