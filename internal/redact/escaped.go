package redact

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxEscaped is how often a text may have been put into a string of JSON: a log line that quotes a request that quotes a file.
const maxEscaped = 2

// escapes are what tells a string of JSON, or of a language with the same escapes, that holds lines of its own.
var escapes = []string{`\n`, `\t`, `\u00`}

// escaped finds what the lines say that stand escaped in one line of raw, as files do in JSON: line by line they are read as any text. It
// calls found with places in raw. What a whole line says is not its business.
func (e *engine) escaped(raw string, found func(start, end int, f finding)) {
	if e.depth >= maxEscaped || !holdsEscapes(raw) {
		return
	}
	text, from := unescaped(raw)
	e.within(text, func(start, end int, f finding) { found(int(from[start]), int(from[end]), f) })
}

// within finds what a text says that stands in another.
func (e *engine) within(text string, found func(start, end int, f finding)) {
	sub := engine{rules: e.rules, known: e.known, depth: e.depth + 1}
	for at := sub.skip(text, 0, true); at < len(text); {
		next, hits, _ := sub.step(text, at, true)
		for _, f := range hits {
			if f.Start < f.End {
				found(f.Start, f.End, f)
			}
		}
		at = sub.skip(text, next, true)
	}
}

// titles finds what the commands to a terminal in raw say, such as a window's title or the address of a link, which are no part of its text.
func (e *engine) titles(raw string, found func(start, end int, f finding)) {
	if e.depth >= maxEscaped || strings.IndexByte(raw, escape) < 0 {
		return
	}
	for at := 0; ; {
		i := strings.Index(raw[at:], "\x1b]")
		if i < 0 {
			return
		}
		at += i
		n := escapeLen(raw[at:])
		if n == 0 {
			at += len("\x1b]")
			continue
		}
		from := at + len("\x1b]")
		e.within(raw[from:at+n-1], func(start, end int, f finding) { found(from+start, from+end, f) })
		at += n
	}
}

func holdsEscapes(s string) bool {
	if strings.IndexByte(s, '\\') < 0 {
		return false
	}
	for _, e := range escapes {
		if strings.Contains(s, e) {
			return true
		}
	}
	return false
}

// unescaped undoes the escapes of JSON. from gives the place in raw of each byte, and of the end.
func unescaped(raw string) (text string, from []int32) {
	out := make([]byte, 0, len(raw))
	from = make([]int32, 0, len(raw)+1)
	for i := 0; i < len(raw); {
		var buf [utf8.UTFMax]byte
		plain, n := unescape1(raw[i:], buf[:0])
		for _, c := range plain {
			out = append(out, c)
			from = append(from, int32(i))
		}
		i += n
	}
	return string(out), append(from, int32(len(raw)))
}

// unescape1 undoes the escape that s begins with and says how long it is; a byte that begins none stands for itself.
func unescape1(s string, buf []byte) (plain []byte, n int) {
	if s[0] != '\\' || len(s) < 2 {
		return append(buf, s[0]), 1
	}
	switch s[1] {
	case 'n':
		return append(buf, '\n'), 2
	case 't':
		return append(buf, '\t'), 2
	case 'r':
		return append(buf, '\r'), 2
	case '"', '\\', '/', '\'':
		return append(buf, s[1]), 2
	case 'u':
		if len(s) >= 6 {
			if r, err := strconv.ParseUint(s[2:6], 16, 16); err == nil && !(r >= 0xd800 && r < 0xe000) {
				return utf8.AppendRune(buf, rune(r)), 6
			}
		}
	}
	return append(buf, s[0]), 1
}
