package redact

import "strings"

// word is a word of a command: [start, end) with its quotes.
type word struct{ start, end int }

// commandWords are the words of one simple command.
type commandWords struct {
	words []word
	end   int  // where the command ends
	stop  byte // what ended it: | ; & ) < > newline, a quote, or 0
}

// maxWords bounds the words of one command that are looked at.
const maxWords = 4096

// command reads the words from i to the end of the simple command, which a quote of in, that encloses the whole, ends too.
func (sc *scanner) command(i int, in nesting) commandWords {
	s := sc.s
	var c commandWords
	for len(c.words) < maxWords {
		i = skipWordBreak(s, i, in)
		if i >= len(s) {
			break
		}
		if stop := commandStop(s, i, in); stop != 0 {
			c.stop = stop
			break
		}
		end := wordEnd(s, i, in)
		if end == i {
			c.stop = s[i]
			break
		}
		c.words = append(c.words, word{i, end})
		i = end
	}
	c.end = i
	return c
}

// skipWordBreak skips blanks, joined lines and, within quotes, a written tab.
func skipWordBreak(s string, i int, in nesting) int {
	for i < len(s) {
		switch {
		case isBlank(s[i]) || s[i] == '\v' || s[i] == '\f':
			i++
		case s[i] == '\\' && (byteAt(s, i+1) == '\n' || byteAt(s, i+1) == '\r' && byteAt(s, i+2) == '\n'):
			i += strings.IndexByte(s[i:], '\n') + 1
		case s[i] == '\\' && byteAt(s, i+1) == 't' && in.escaped():
			i += 2
		default:
			return i
		}
	}
	return i
}

// commandStop is what ends the command at i, 0 for nothing.
func commandStop(s string, i int, in nesting) byte {
	switch c := s[i]; c {
	case '\n', '\r', ';', '|', ')', '<', '>', '`':
		return c
	case '&':
		if next := byteAt(s, i+1); next == 0 || next == '&' || isSpace(next) || isQuote(next) {
			return c
		}
	case '\\', '"', '\'':
		if m, n := quoteMarkAt(s, i); n > 0 {
			if in.has(m) {
				return m.quote
			}
		} else if c == '\\' && (byteAt(s, i+1) == 'n' || byteAt(s, i+1) == 'r') && in.escaped() {
			return '\n'
		}
	}
	return 0
}

// wordEnd is the end of the word that begins at i.
func wordEnd(s string, i int, in nesting) int {
	depth := 0 // of parentheses that the word itself opened
	for i < len(s) {
		c := s[i]
		switch {
		case isSpace(c):
			return i
		case c == '(' || c == '{' && i > 0 && s[i-1] == '$':
			depth++
			i++
		case c == ')' && depth > 0:
			depth--
			i++
		case c == '\\' || c == '"' || c == '\'':
			m, n := quoteMarkAt(s, i)
			switch {
			case n > 0 && in.has(m):
				return i
			case n > 0 && m.slashes > 0 && in.n == 0:
				i += n // an escaped quote
			case n > 0:
				end := quoteEnd(s, i+n, m, in)
				if end < 0 {
					return i // closes a level that opened before the text began
				}
				i = end
			case commandStop(s, i, in) != 0 || byteAt(s, i+1) == '\n' || byteAt(s, i+1) == 't' && in.escaped():
				return i
			default:
				i = min(i+2, len(s))
			}
		case depth == 0 && commandStop(s, i, in) != 0:
			if c == '>' || c == '<' || c == ')' || c == '`' {
				if !endsWordHere(s, i) {
					i++
					continue
				}
			}
			return i
		default:
			i++
		}
	}
	return i
}

// endsWordHere tells < > ) ` that end a word from those in a password that somebody wrote without quotes.
func endsWordHere(s string, i int) bool {
	switch next := byteAt(s, i+1); s[i] {
	case ')', '`':
		return next == 0 || isSpace(next) || isQuote(next) || strings.IndexByte(";|)&\\,.:", next) >= 0
	default:
		return true
	}
}

// quoteEnd is the place after the quote that closes m, -1 if an enclosing level, the line or the text ends first.
func quoteEnd(s string, i int, m quoteMark, in nesting) int {
	for i < len(s) {
		n := strings.IndexAny(s[i:], "\\\"'\n")
		if n < 0 {
			return -1
		}
		i += n
		if s[i] == '\n' {
			i++
			continue
		}
		t, n := quoteMarkAt(s, i)
		switch {
		case n == 0:
			i++
			for byteAt(s, i) == '\\' {
				i++
			}
		case t == m || m == quoteMark{0, '\''} && t.quote == '\'':
			return i + n
		case in.has(t):
			return -1
		default:
			i += n
		}
	}
	return -1
}

// text is the word as it is written, without quotes around the whole of it.
func (sc *scanner) text(w word) string {
	x := sc.inner(w)
	return sc.s[x.start:x.end]
}

// inner is the part of a word within its quotes, the word itself if it is not one quoted whole.
func (sc *scanner) inner(w word) extent {
	return innerOf(sc.s, w.start, w.end)
}

// innerOf is the part of s[start:end] within quotes around the whole of it.
func innerOf(s string, start, end int) extent {
	i := start
	if byteAt(s, i) == '$' && isQuote(byteAt(s, i+1)) {
		i++
	}
	m, n := quoteMarkAt(s[:end], i)
	if n > 0 && end-i >= 2*n && s[end-1] == m.quote && s[end-n:end] == s[i:i+n] &&
		!strings.Contains(s[i+n:end-n], s[i:i+n]) {
		return extent{start: i + n, end: end - n, next: end, quote: m.quote}
	}
	return extent{start: start, end: end, next: end}
}

// listWords reads the strings of ["mysql", "-pX", …] from the one that stands at i, behind the quote m.
func (sc *scanner) listWords(i int, m quoteMark) commandWords {
	s := sc.s
	var c commandWords
	for len(c.words) < maxWords {
		end := listItemEnd(s, i, m)
		if end < 0 {
			break
		}
		c.words = append(c.words, word{i, end})
		i = end + m.slashes + 1
		c.end = i
		j := run(s, i, isSpace)
		if byteAt(s, j) != ',' {
			break
		}
		j = run(s, j+1, isSpace)
		t, n := quoteMarkAt(s, j)
		if n == 0 || t != m {
			break
		}
		i = j + n
	}
	return c
}

// listItemEnd is where the string that begins at i ends, before the mark m.
func listItemEnd(s string, i int, m quoteMark) int {
	for i < len(s) {
		n := strings.IndexAny(s[i:], "\\\"'")
		if n < 0 {
			return -1
		}
		i += n
		t, n := quoteMarkAt(s, i)
		switch {
		case n > 0 && t == m:
			return i
		case n > 0:
			i += n
		default:
			i++
			for byteAt(s, i) == '\\' {
				i++
			}
		}
	}
	return -1
}
