package redact

import "strings"

const (
	escape     = '\x1b'
	jsonEscape = `\u001b[`
)

// plainText is a text as the scanners see it: without colour and erase escapes, and with each mark as one atom.
type plainText struct {
	text string
	// from and to give the bytes of the raw text that byte i stands for; nil when the text is the raw text.
	from, to []int32
}

// raw maps a span of the plain text to the raw text. Escapes inside the span are part of it, those at its edges are not.
func (p plainText) raw(start, end int) (int, int) {
	if p.from == nil || start >= end {
		return start, end
	}
	return int(p.from[start]), int(p.to[end-1])
}

// plain takes from raw what a terminal would not show as text of its own: SGR and erase-line sequences (ECMA-48), charset
// selection, OSC strings such as hyperlinks. Other controls stay and separate words.
func plain(raw string) plainText {
	if strings.IndexByte(raw, escape) < 0 && !strings.Contains(raw, markOpen) && !strings.Contains(raw, jsonEscape) {
		return plainText{text: raw}
	}
	text := make([]byte, 0, len(raw))
	from := make([]int32, 0, len(raw))
	to := make([]int32, 0, len(raw))
	for i := 0; i < len(raw); {
		n := 0
		switch raw[i] {
		case escape:
			n = escapeLen(raw[i:])
		case '\\':
			if strings.HasPrefix(raw[i:], jsonEscape) {
				n = colourLen(raw[i:], len(jsonEscape))
			}
		case markOpen[0]:
			if m := markLen(raw[i:]); m > 0 {
				text = append(text, atom)
				from = append(from, int32(i))
				to = append(to, int32(i+m))
				i += m
				continue
			}
		}
		if n > 0 {
			i += n
			continue
		}
		text = append(text, raw[i])
		from = append(from, int32(i))
		to = append(to, int32(i+1))
		i++
	}
	return plainText{text: string(text), from: from, to: to}
}

// escapeLen is the length of the invisible sequence that s begins with, 0 for anything else.
func escapeLen(s string) int {
	switch byteAt(s, 1) {
	case '[':
		return colourLen(s, 2)
	case '(', ')':
		if len(s) >= 3 {
			return 3
		}
	case ']':
		// An operating system command ends with BEL or ST; an unterminated one is not taken for one.
		const longest = 4096
		for i := 2; i < len(s) && i < longest; i++ {
			if s[i] == '\a' {
				return i + 1
			}
			if s[i] == escape {
				if byteAt(s, i+1) == '\\' {
					return i + 2
				}
				return 0
			}
			if s[i] == '\n' {
				return 0
			}
		}
	}
	return 0
}

// colourLen is the length of a control sequence whose parameters begin at i, if it only sets colours or erases.
func colourLen(s string, i int) int {
	const longest = 64
	for ; i < len(s) && i < longest; i++ {
		switch c := s[i]; {
		case c == 'm' || c == 'K':
			return i + 1
		case c < 0x20 || c > 0x3f:
			return 0
		}
	}
	return 0
}
