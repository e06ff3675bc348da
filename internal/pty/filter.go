package pty

import (
	"bytes"
	"strconv"
)

// maxNumber is the largest number in a control sequence that means anything on our largest terminal.
const maxNumber = 9999

// repeated are the finals of sequences that are obeyed as often as their number says: more than the screen is large changes
// nothing.
var repeated = []byte("@ILMPSTXZb")

// tamer passes output on to the emulator, with sequences whole and their demands bounded: a few bytes must not cost
// seconds (REP, the repetition of a character, takes any number) or megabytes (a string has no end).
type tamer struct {
	scan       scanner
	cols, rows int
	out        []byte
	// far: something has reached beyond its line other than by a newline.
	far bool
}

// tame returns what of the output can be shown now. The slice is valid until the next call.
func (t *tamer) tame(p []byte) []byte {
	t.out = t.out[:0]
	t.scan.feed(p, t)
	return t.out
}

func (t *tamer) text(p []byte) { t.out = append(t.out, p...) }
func (t *tamer) control(c byte) {
	t.out = append(t.out, c)
	t.far = t.far || bytes.IndexByte([]byte("\a\b\t\n\r"), c) < 0 || t.scan.state != scanText // inside a sequence
}

func (t *tamer) escape(seq []byte, cut bool) {
	if t.far = t.far || cut || !near(seq); cut {
		return
	}
	if seq[1] == '[' {
		limit := maxNumber
		if bytes.IndexByte(repeated, seq[len(seq)-1]) >= 0 {
			limit = max(t.cols, t.rows)
		}
		seq = boundNumbers(seq, limit)
	}
	t.out = append(t.out, seq...)
}

func (t *tamer) str(seq []byte, cut bool) {
	if t.far = t.far || cut || !near(seq); !cut {
		t.out = append(t.out, seq...)
	}
}

// boundNumbers replaces the numbers over limit in a sequence by it.
func boundNumbers(seq []byte, limit int) []byte {
	var out []byte
	rest := seq
	for len(rest) > 0 {
		i := bytes.IndexAny(rest, "0123456789")
		if i < 0 {
			break
		}
		n := 0
		for i+n < len(rest) && rest[i+n] >= '0' && rest[i+n] <= '9' {
			n++
		}
		out = append(out, rest[:i]...)
		if v, err := strconv.Atoi(string(rest[i : i+n])); err != nil || v > limit {
			out = strconv.AppendInt(out, int64(limit), 10)
		} else {
			out = append(out, rest[i:i+n]...)
		}
		rest = rest[i+n:]
	}
	return append(out, rest...)
}
