package session

import (
	"bytes"
	"unicode/utf8"
)

// maxTyped bounds what is remembered of typing, in bytes. Beyond it nobody can say what a shell has been told.
const maxTyped = 32 << 10

// Typed is what a shell's line editor would hold by what has been typed. It is the same whoever asks, so that a command typed in pieces
// is judged whole.
type Typed struct {
	// Before are complete lines that a shell may still be collecting into one command, Line is what follows them.
	Before string `json:"before,omitempty"`
	Line   string `json:"line,omitempty"`
	// Unknown: the line was edited in a way that only the program can follow, or a person typed in it.
	Unknown bool `json:"unknown,omitempty"`
}

// Type adds input. Lines that it completes go to Before. blind says that a line was completed that nobody can know.
func (t Typed) Type(input []byte) (_ Typed, blind bool) {
	w := writer{Typed: t, line: []byte(t.Line)}
	for len(input) > 0 {
		input = w.step(input)
	}
	w.Line = string(w.line)
	if len(w.Before)+len(w.Line) > maxTyped {
		w.Typed = Typed{Unknown: true}
	}
	return w.Typed, w.blind
}

// Person is what is known after a person has typed: what they type is not kept.
func (t Typed) Person(input []byte) Typed {
	end := bytes.LastIndexAny(input, "\r\n\x03")
	switch {
	case end >= 0 && input[end] == 0x03:
		t = Typed{}
	case end >= 0:
		t.Line, t.Unknown = "", false
	}
	if end+1 < len(input) {
		t.Line, t.Unknown = "", true
	}
	return t
}

type writer struct {
	Typed
	line  []byte
	paste bool
	blind bool
}

// step takes in one character, key or control sequence and returns what follows it.
func (w *writer) step(in []byte) []byte {
	c := in[0]
	switch {
	case c == 0x1b:
		return w.escape(in)
	case w.paste && (c >= ' ' || c == '\t' || c == '\n' || c == '\r'):
		if c == '\r' {
			c = '\n'
		}
		w.line = append(w.line, c)
	case c == '\r' || c == '\n':
		w.enter()
	case c == 0x0f: // C-o: readline runs the line and fetches the next from its history
		w.enter()
		w.Unknown = true
	case c == 0x03 || c == 0x1c || c == 0x1a: // C-c, C-\, C-z: a shell starts afresh
		w.Typed, w.line = Typed{}, nil
	case w.Unknown:
	case c == 0x15: // C-u
		w.line = nil
	case c == 0x7f || c == 0x08:
		_, n := utf8.DecodeLastRune(w.line)
		w.line = w.line[:len(w.line)-n]
	case c == 0x04 && len(w.line) == 0: // C-d: end of file
		w.Before = ""
	case c < ' ':
		w.Unknown = true
	default:
		w.line = append(w.line, c)
	}
	return in[1:]
}

func (w *writer) enter() {
	w.blind = w.blind || w.Unknown
	w.Before += string(w.line) + "\n"
	w.line, w.Unknown = nil, false
}

// escape takes in a control sequence, whose end it finds as a terminal does. But for the marks of a paste, it edits the line.
func (w *writer) escape(in []byte) []byte {
	switch {
	case bytes.HasPrefix(in, []byte("\x1b[200~")):
		w.paste = true
		return in[6:]
	case bytes.HasPrefix(in, []byte("\x1b[201~")):
		w.paste = false
		return in[6:]
	}
	w.Unknown = true
	n := 1
	if n < len(in) && (in[n] == '[' || in[n] == 'O') {
		for n++; n < len(in) && (in[n] < 0x40 || in[n] > 0x7e); n++ {
			if in[n] < ' ' { // not of the sequence
				return in[n:]
			}
		}
	}
	if n < len(in) && in[n] >= ' ' {
		n++
	}
	return in[n:]
}
