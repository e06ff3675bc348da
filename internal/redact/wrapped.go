package redact

import "strings"

// wrapMark is what line editors write behind the last column, so that the terminal goes on in the next row.
const wrapMark = " \r"

// wrapped finds what a line says that a line editor has wrapped at the terminal's width: its rows are one text. What they say as they stand is
// found as well, for others write the same bytes to begin a line again.
func (e *engine) wrapped(raw string, found func(start, end int, f finding)) {
	if e.depth >= maxEscaped || !holdsWraps(raw) {
		return
	}
	text := make([]byte, 0, len(raw))
	from := make([]int32, 0, len(raw)+1)
	for i := 0; i < len(raw); i++ {
		if wrapsAt(raw, i) {
			i++
			continue
		}
		text = append(text, raw[i])
		from = append(from, int32(i))
	}
	from = append(from, int32(len(raw)))
	e.within(string(text), func(start, end int, f finding) { found(int(from[start]), int(from[end-1])+1, f) })
}

func holdsWraps(raw string) bool {
	for at := 0; ; {
		i := strings.Index(raw[at:], wrapMark)
		if i < 0 {
			return false
		}
		if wrapsAt(raw, at+i) {
			return true
		}
		at += i + len(wrapMark)
	}
}

// wrapsAt tells whether a wrap stands at i: the line goes on behind it.
func wrapsAt(raw string, i int) bool {
	next := byteAt(raw, i+len(wrapMark))
	return strings.HasPrefix(raw[i:], wrapMark) && next != 0 && next != '\n' && next != '\r'
}
