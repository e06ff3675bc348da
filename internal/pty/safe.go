package pty

import (
	"bytes"
	"io"
)

// Reset puts a person's terminal back after it has shown a program's output: main screen, visible cursor, no colours, no mouse
// reports, no paste marks, ordinary keys.
const Reset = "\x1b[?1049l\x1b[?25h\x1b[0m\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>"

// SafeWriter passes a program's output on to a person's terminal without what could harm there: questions, whose answers the
// terminal would type into whatever reads it next; the clipboard, printing and other orders in strings; C1 controls.
// Text, colours, cursor movement, screen modes, titles and links pass.
type SafeWriter struct {
	w    io.Writer
	scan scanner
	out  []byte
	c2   bool // the first byte of a C1 control in UTF-8 may be held back
}

// NewSafeWriter makes a SafeWriter.
func NewSafeWriter(w io.Writer) *SafeWriter { return &SafeWriter{w: w} }

// Write passes on what is safe of p. A sequence is passed on when it is whole.
func (s *SafeWriter) Write(p []byte) (int, error) {
	s.out = s.out[:0]
	s.scan.feed(p, s)
	if len(s.out) > 0 {
		if _, err := s.w.Write(s.out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (s *SafeWriter) text(p []byte) {
	for _, c := range p {
		switch {
		case s.c2 && c >= 0x80 && c <= 0x9f:
			s.c2 = false
			continue
		case s.c2:
			s.out = append(s.out, 0xc2)
		}
		if s.c2 = c == 0xc2; !s.c2 {
			s.out = append(s.out, c)
		}
	}
}

func (s *SafeWriter) flush() {
	if s.c2 {
		s.c2 = false
		s.out = append(s.out, 0xc2)
	}
}

func (s *SafeWriter) control(c byte) {
	s.flush()
	if c >= '\a' && c <= 0x0f { // BEL, BS, TAB, LF, VT, FF, CR, SO, SI; not ENQ, which asks
		s.out = append(s.out, c)
	}
}

func (s *SafeWriter) escape(seq []byte, cut bool) {
	s.flush()
	switch {
	case cut, seq[1] == 'Z': // DECID asks
		return
	case seq[1] == '[' && (isQuestion(seq) || seq[len(seq)-1] == 'i'): // i prints
		return
	}
	s.out = append(s.out, seq...)
}

func (s *SafeWriter) str(seq []byte, cut bool) {
	s.flush()
	if cut || seq[1] != ']' || bytes.ContainsFunc(seq[2:], func(r rune) bool { return r >= 0x80 && r <= 0x9f }) {
		return
	}
	number, _, _ := bytes.Cut(seq[2:], []byte{';'})
	switch string(number) {
	case "0", "1", "2", "8":
		s.out = append(s.out, seq...)
	}
}
