package output

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// cost is what a character takes of the budget: its bytes, but for one that is shown as an escape the length of the
// escape, in JSON or in text, whichever is longer. So a screenful of NUL bytes cannot make an answer six times its budget.
func cost(r rune, size int) int {
	switch {
	case r == utf8.RuneError:
		return len("\ufffd")
	case r >= ' ' && r < 0x7f || r == '\n' || r == '\r':
		return 1
	case !hidden(r):
		return size
	case r > 0xffff:
		return len(`\U000e0001`)
	}
	return len(`\u001b`)
}

// fit turns raw output into valid UTF-8, from its start, as much as costs no more than budget. It returns the text,
// how many raw bytes it stands for, and whether bytes that are not UTF-8 were replaced by U+FFFD.
func fit(raw []byte, budget int) (text string, used int, lossy bool) {
	var b strings.Builder
	for used < len(raw) {
		r, size := utf8.DecodeRune(raw[used:])
		c := cost(r, size)
		if c > budget {
			break
		}
		budget -= c
		lossy = lossy || r == utf8.RuneError && size == 1
		used += size
		if b.Len() == 0 {
			b.Grow(min(len(raw), budget) + utf8.UTFMax)
		}
		b.WriteRune(r)
	}
	return b.String(), used, lossy
}

// fitEnd is fit for the end of raw output: used counts from its end.
func fitEnd(raw []byte, budget int) (text string, used int, lossy bool) {
	for used < len(raw) {
		r, size := utf8.DecodeLastRune(raw[:len(raw)-used])
		c := cost(r, size)
		if c > budget {
			break
		}
		budget -= c
		used += size
	}
	text, _, lossy = fit(raw[len(raw)-used:], int(^uint(0)>>1))
	return text, used, lossy
}

// trimStart drops what is left of a character at the start of b whose beginning was cut off.
func trimStart(b []byte) []byte {
	for i := 0; i < utf8.UTFMax-1 && i < len(b); i++ {
		if utf8.RuneStart(b[i]) {
			return b[i:]
		}
	}
	return b[min(utf8.UTFMax-1, len(b)):]
}

// trimEnd drops what there is of a character at the end of b whose end was cut off.
func trimEnd(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			return b
		}
	}
	return b
}

// lineSlack is how many bytes a cut may give up to fall between two lines.
const lineSlack = 256

// headToLine shortens the raw beginning of an output so that it ends with a line, if one ends near.
func headToLine(b []byte) []byte {
	slack := min(lineSlack, len(b)/4)
	if i := bytes.LastIndexByte(b[len(b)-slack:], '\n'); i >= 0 {
		return b[:len(b)-slack+i+1]
	}
	return b
}

// tailToLine shortens the raw end of an output so that it starts with a line, if one starts near.
func tailToLine(b []byte) []byte {
	if i := bytes.IndexByte(b[:min(lineSlack, len(b)/4)], '\n'); i >= 0 {
		return b[i+1:]
	}
	return b
}
