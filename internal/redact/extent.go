package redact

import "strings"

// extent is where a value stands and how it was written.
type extent struct {
	start, end int
	next       int  // where the text goes on after the value and its closing quote
	quote      byte // the quote around it, 0 for none
	open       bool // its quote is never closed
}

// text is the value itself.
func (x extent) text(s string) string { return s[x.start:x.end] }

// quoted reads a quoted value at i, where backslashes may stand before the quote (JSON within JSON), a letter (f"", $”)
// or two further quotes (Python). ok is false when no quote stands there.
func quoted(s string, i int) (x extent, ok bool) {
	if c := byteAt(s, i); (isAlpha(c) || c == '$' || c == '@') && isQuote(byteAt(s, i+1)) && byteAt(s, i+1) != '`' {
		i++
	}
	depth := 0
	for byteAt(s, i) == '\\' {
		depth++
		i++
	}
	q := byteAt(s, i)
	if !isQuote(q) {
		return extent{}, false
	}
	i++
	if depth == 0 && q != '`' && byteAt(s, i) == q && byteAt(s, i+1) == q {
		if n := strings.Index(s[i+2:], s[i-1:i+2]); n >= 0 {
			return extent{start: i + 2, end: i + 2 + n, next: i + 5 + n, quote: q}, true
		}
		end := lineStop(s, i+2)
		return extent{start: i + 2, end: end, next: end, quote: q, open: true}, true
	}
	return closing(s, i, q, depth), true
}

// closing finds the end of a value that began at start behind depth backslashes and the quote q: the next quote with as
// many backslashes, or fewer, before it.
func closing(s string, start int, q byte, depth int) extent {
	for i := start; i < len(s); i++ {
		n := strings.IndexByte(s[i:], q)
		if n < 0 {
			break
		}
		i += n
		slashes := 0
		for i-slashes > start && s[i-slashes-1] == '\\' {
			slashes++
		}
		if slashes > depth && slashes%2 == 1 {
			continue // escaped, a part of the value
		}
		if q != '`' && depth == 0 && slashes == 0 && i > start && byteAt(s, i+1) == q && isWordByte(byteAt(s, i+2)) {
			i++ // doubled: YAML and SQL write a quote so
			continue
		}
		return extent{start: start, end: i - min(slashes, depth), next: i + 1, quote: q}
	}
	end := lineStop(s, start)
	return extent{start: start, end: end, next: end, quote: q, open: true}
}

// lineStop is the end of the line that i stands in, without trailing blanks.
func lineStop(s string, i int) int {
	end := len(s)
	if n := strings.IndexAny(s[i:], "\r\n"); n >= 0 {
		end = i + n
	}
	for end > i && isBlank(s[end-1]) {
		end--
	}
	return end
}

// longestJudged is how much of a bare value is read before it is known to be a secret, so that values which are none cost
// little however long they are.
const longestJudged = 128

// bare reads a value without quotes at i: up to white space, a quote, or what separates it from the next field. sep is
// what stood before it. No more than longest bytes are read; the extent is open if there is more.
func (sc *scanner) bare(i int, sep byte, longest int) extent {
	s, start := sc.s, i
	for i < len(s) {
		if i-start >= longest {
			return extent{start: start, end: i, next: i, open: true}
		}
		c := s[i]
		if c <= ' ' && c != atom || c == 0x7f || isQuote(c) && !innerQuote(s, start, i) || endsField(s, start, i, sep) {
			break
		}
		if c == '\\' {
			switch n := byteAt(s, i+1); {
			case n == '"' || n == '\'' || n == '\\' && byteAt(s, i+2) == '"':
				return trimBare(s, start, i)
			case n == 'n' || n == 'r' || n == 't':
				if after := byteAt(s, i+2); after == 0 || after == '"' || after == '\\' || after == '\'' || isSpace(after) ||
					sc.escapes(start) {
					return trimBare(s, start, i)
				}
			case n == ' ' || n == atom:
				i++ // an escaped blank is a part of a shell word
			}
		}
		i++
	}
	return trimBare(s, start, i)
}

// escapes tells whether i is within a string of JSON or a program, where \n is an end of line and not a part of a value.
func (sc *scanner) escapes(i int) bool {
	q := sc.quotesTo(i)
	return q.escaped()
}

// innerQuote tells whether the quote at i is an apostrophe within a bare word, as in pa'ss.
func innerQuote(s string, start, i int) bool {
	return s[i] == '\'' && i > start && isAlnum(s[i-1]) && isAlnum(byteAt(s, i+1)) &&
		strings.IndexByte(s[:start], '\'') < 0
}

// endsField tells whether the byte at i ends an unquoted value.
func endsField(s string, start, i int, sep byte) bool {
	after := byteAt(s, i+1)
	switch s[i] {
	case '&':
		if n := run(s, i+1, isAlpha); n > i+2 && byteAt(s, n) == ';' {
			return true // a character of HTML
		}
		return after == 0 || after == '&' || isSpace(after) || isQuote(after) || beginsPair(s, i+1)
	case ';':
		return sep == '=' || after == 0 || isSpace(after) || isQuote(after) || beginsPair(s, i+1)
	case ',':
		return after == 0 || isSpace(after) || isQuote(after) || after == '}' || after == ']' || beginsPair(s, i+1)
	case '|':
		return after == 0 || isSpace(after) || after == '|'
	case '<':
		return after == '/' || htmlTags[strings.ToLower(s[i+1:run(s, i+1, isAlpha)])]
	}
	return false
}

// htmlTags are the tags that stand in text.
var htmlTags = set("br", "span", "td", "tr", "div", "p", "b", "i", "code", "a", "li", "ul", "pre", "tt", "var", "em", "strong",
	"font", "kbd", "samp", "small", "sup", "sub", "img", "h", "hr")

// beginsPair tells whether name= or name: stands at i.
func beginsPair(s string, i int) bool {
	j := run(s, i, isNameByte)
	return j > i && j-i < 48 && (byteAt(s, j) == '=' || byteAt(s, j) == ':' && (isBlank(byteAt(s, j+1)) || isQuote(byteAt(s, j+1))))
}

// trimBare takes closing brackets that nothing in the value opens, and what ends a field or a statement, from its end.
func trimBare(s string, start, end int) extent {
	next := end
	for end > start && next-end < 8 {
		c := s[end-1]
		if c == ',' || c == ';' || c == '\\' || c == ':' && byteAt(s, end-2) == ')' || unopened(s[start:end], c) {
			end--
			continue
		}
		break
	}
	return extent{start: start, end: end, next: next}
}

// unopened tells whether c is a closing bracket at the end of v without its partner in v.
func unopened(v string, c byte) bool {
	switch c {
	case ')':
		return strings.Count(v, "(") < strings.Count(v, ")")
	case ']':
		return strings.Count(v, "[") < strings.Count(v, "]")
	case '}':
		return strings.Count(v, "{") < strings.Count(v, "}")
	case '>':
		return strings.Count(v, "<") < strings.Count(v, ">")
	}
	return false
}
