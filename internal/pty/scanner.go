package pty

import "bytes"

// scanner cuts what a program prints into text, control characters and terminal sequences (ECMA-48, with the strings and
// the cancelling of xterm), across the borders of writes. It keeps no more than maxSequence bytes.
type scanner struct {
	state scanState
	seq   []byte
	long  bool // seq is longer than what is kept of it
	// pos counts the bytes before the one or the text that is reported.
	pos int64
}

type scanState byte

const (
	scanText   scanState = iota
	scanEscape           // after ESC
	scanInter            // after ESC and an intermediate byte
	scanCSI
	scanString // OSC, DCS, SOS, PM, APC
	scanStringEscape
)

// maxSequence is the most bytes of one sequence that are looked at. A longer one is passed on as cut.
const maxSequence = 64 << 10

// sequences are what a scanner finds. The slices are only valid during the call.
type sequences interface {
	// text is printable characters, or bytes from 0x80 on.
	text([]byte)
	// control is a byte below 0x20, or 0x7f.
	control(byte)
	// escape is a whole sequence from ESC on: ESC and one final, or a CSI. A cut one has lost its end.
	escape(seq []byte, cut bool)
	// str is a whole string (OSC, DCS, SOS, PM, APC) from ESC to its terminator. A cut one has lost its end.
	str(seq []byte, cut bool)
}

func (s *scanner) feed(p []byte, to sequences) {
	for len(p) > 0 {
		if s.state == scanText {
			n := plain(p)
			if n > 0 {
				to.text(p[:n])
				s.pos += int64(n)
				p = p[n:]
				continue
			}
		}
		if s.state == scanString {
			if n := bytes.IndexAny(p, "\x07\x18\x1a\x1b"); n != 0 {
				if n < 0 {
					n = len(p)
				}
				s.keep(p[:n]...)
				s.pos += int64(n)
				p = p[n:]
				continue
			}
		}
		s.step(p[0], to)
		s.pos++
		p = p[1:]
	}
}

func plain(p []byte) int {
	for i, c := range p {
		if c < 0x20 || c == 0x7f {
			return i
		}
	}
	return len(p)
}

func (s *scanner) keep(b ...byte) {
	if room := maxSequence - len(s.seq); len(b) > room {
		b = b[:room]
		s.long = true
	}
	s.seq = append(s.seq, b...)
}

func (s *scanner) begin(state scanState) {
	s.state, s.long = state, false
	s.seq = append(s.seq[:0], 0x1b)
}

func (s *scanner) end(report func([]byte, bool)) {
	s.state = scanText
	report(s.seq, s.long)
	if cap(s.seq) > 4096 {
		s.seq = nil
	}
}

// step handles one byte of something that is not plain text.
func (s *scanner) step(c byte, to sequences) {
	switch {
	case c == 0x18 || c == 0x1a: // CAN and SUB cancel
		s.state = scanText
		to.control(c)
		return
	case s.state == scanStringEscape:
		if c == '\\' {
			s.keep(0x1b, c)
			s.end(to.str)
			return
		}
		s.begin(scanEscape) // the string was not ended but dropped
		s.step(c, to)
		return
	case c == 0x1b && s.state == scanString:
		s.state = scanStringEscape
		return
	case c == 0x1b:
		s.begin(scanEscape)
		return
	case s.state == scanString: // BEL: ends an OSC, and is ignored in the others
		s.keep(c)
		if s.seq[1] == ']' {
			s.end(to.str)
		}
		return
	case c < 0x20 || c == 0x7f: // is obeyed inside a sequence too
		to.control(c)
		return
	}
	s.inSequence(c, to)
}

func (s *scanner) inSequence(c byte, to sequences) {
	if c >= 0x80 { // no sequence has such bytes
		s.state = scanText
		to.text([]byte{c})
		return
	}
	s.keep(c)
	switch s.state {
	case scanEscape:
		switch {
		case c == '[':
			s.state = scanCSI
		case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
			s.state = scanString
		case c < 0x30:
			s.state = scanInter
		default:
			s.end(to.escape)
		}
	case scanInter:
		if c >= 0x30 {
			s.end(to.escape)
		}
	case scanCSI:
		if c >= 0x40 {
			s.end(to.escape)
		}
	}
}
