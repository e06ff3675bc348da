package pty

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// MaxLine is the longest input line in bytes that a terminal in canonical mode keeps (termios(3); 4096 with its end).
const MaxLine = 4095

// inputMax is how long a program may take to read its input when the context has no deadline.
const inputMax = 10 * time.Second

// Input types bytes as they are. In canonical mode, a line of more than MaxLine bytes is refused as a whole (too_large), since
// the terminal would cut it silently. A program that does not read its input in time gets a part, and the error
// limit_reached says how much.
func (t *Terminal) Input(ctx context.Context, p []byte) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	select {
	case <-t.exited:
		return t.gone(nil, "typing")
	default:
	}
	mode, err := t.LineMode()
	if err != nil {
		return err
	}
	line := 0
	if mode.Canonical {
		if line, err = mode.measure(t.line, p); err != nil {
			return err
		}
	}
	n, err := t.write(ctx, p)
	if err != nil {
		t.line, _ = mode.measure(t.line, p[:n])
		return err
	}
	t.line = line
	return nil
}

// measure follows the length of the current input line through p.
func (m LineMode) measure(line int, p []byte) (int, error) {
	for _, c := range p {
		switch {
		case c == '\n', c == '\r' && m.returnEnds, c == m.endOfFile:
			line = 0
			continue
		case c == 0x03 || c == 0x15 || c == 0x1c || c == 0x1a: // the usual interrupt, kill line, quit and suspend throw the line away
			line = 0
			continue
		}
		if line++; line > MaxLine {
			return line, refuse("too_large", "send shorter lines, or put the data into a file and let the program read that",
				"an input line is longer than %d bytes, where the terminal would cut it", MaxLine)
		}
	}
	return line, nil
}

// write types p. A key is taken at once, without the timers that waiting takes.
func (t *Terminal) write(ctx context.Context, p []byte) (int, error) {
	n := 0
	err := control(t.master, func(fd int) (err error) {
		n, err = unix.Write(fd, p)
		return err
	})
	if n = max(n, 0); n < len(p) && (err == nil || err == unix.EAGAIN || err == unix.EINTR) {
		var more int
		more, err = t.writeOn(ctx, p[n:])
		n += more
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, refuse("limit_reached", "look at the screen; the program may be busy, stopped (fg, C-q) or not interested in input",
			"the program does not read its input: %d of %d bytes were taken", n, len(p))
	}
	return n, t.gone(err, "typing")
}

// writeOn types p as the program reads.
func (t *Terminal) writeOn(ctx context.Context, p []byte) (int, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(inputMax)
	}
	_ = t.master.SetWriteDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = t.master.SetWriteDeadline(time.Now()) })
	defer stop()
	return t.master.Write(p)
}

var (
	pasteStart = []byte("\x1b[200~")
	pasteEnd   = []byte("\x1b[201~")
)

// Paste prepares data that is pasted rather than typed: if the program asked for it (bracketed paste) and there is more
// than one line, it is marked, so that an editor or shell takes it as one piece. Marks inside the data are removed.
func Paste(p []byte, m Modes) []byte {
	if !m.BracketedPaste || !bytes.ContainsAny(p, "\r\n") {
		return p
	}
	for bytes.Contains(p, pasteEnd) { // removing one may make another
		p = bytes.ReplaceAll(p, pasteEnd, nil)
	}
	p = bytes.ReplaceAll(bytes.ReplaceAll(p, []byte("\r\n"), []byte("\r")), []byte("\n"), []byte("\r"))
	return append(append(bytes.Clone(pasteStart), p...), pasteEnd...)
}
