package pty

import "golang.org/x/sys/unix"

// LineMode is how the terminal treats input now (termios(3)).
type LineMode struct {
	// Echo: what is typed is printed. Canonical: the terminal collects and edits lines; programs with line editors of their
	// own, shells among them, switch that off.
	Echo, Canonical bool
	// newlines are the characters that end a line in canonical mode, beside the newline.
	returnEnds bool
	endOfFile  byte
}

// Secret says whether the program asks for something that nobody should see, such as a password: it lets the terminal
// collect a line and not echo it. Line editors, which echo by themselves, collect no lines.
func (m LineMode) Secret() bool { return m.Canonical && !m.Echo }

// LineMode asks the terminal. After the program's end it is the zero value.
func (t *Terminal) LineMode() (m LineMode, err error) {
	err = control(t.master, func(fd int) error {
		tio, err := unix.IoctlGetTermios(fd, getTermios)
		if err == nil {
			m = LineMode{
				Echo: tio.Lflag&unix.ECHO != 0, Canonical: tio.Lflag&unix.ICANON != 0,
				returnEnds: tio.Iflag&unix.ICRNL != 0 && tio.Iflag&unix.IGNCR == 0, endOfFile: tio.Cc[unix.VEOF],
			}
		}
		return err
	})
	if err != nil {
		return LineMode{}, t.gone(err, "asking the terminal")
	}
	return m, nil
}
