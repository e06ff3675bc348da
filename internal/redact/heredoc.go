package redact

import "strings"

// heredocLine masks a line of a here-document, each line for itself.
func (sc *scanner) heredocLine(line string) bool {
	b := &sc.carry.block
	text := strings.TrimSpace(line)
	if text == b.delimiter || text == "" || b.left == 0 || b.pairs && !isPairLine(text) {
		*b = block{}
		return false
	}
	b.left--
	if b.pairs {
		sc.pairsIn(extent{start: 0, end: len(line)})
		return true
	}
	start := skipBlank(line, 0)
	sc.given(extent{start: start, end: start + len(text)}, b.secret)
	return true
}

// isPairLine tells whether a line is user:password, as chpasswd reads it.
func isPairLine(text string) bool {
	n := run(text, 0, func(c byte) bool { return isNameByte(c) || c == '$' || c == '{' || c == '}' })
	return n > 0 && n+1 < len(text) && text[n] == ':'
}

// heredoc opens the here-document whose delimiter stands at i: in the next lines or, where newlines are written \n, in this.
func (sc *scanner) heredoc(i int, in nesting, pairs bool) {
	s := sc.s
	stop := wordEnd(s, i, in)
	delimiter := innerOf(s, i, stop).text(s)
	if delimiter == "" || len(delimiter) > 32 {
		return
	}
	// More lines than a person feeds to a password prompt are something else, or the document's end was cut off.
	b := block{kind: heredocBlock, secret: kindPassword, delimiter: delimiter, pairs: pairs, left: 4}
	if pairs {
		b.left = 256
	}
	n := strings.Index(s[stop:], `\n`)
	if !in.escaped() || n < 0 {
		sc.carry.block = b
		return
	}
	for i = stop + n + 2; b.left > 0; b.left-- {
		end := wordsEnd(s, i, in)
		text := strings.TrimSpace(s[i:end])
		if text == "" || text == delimiter || pairs && !isPairLine(text) {
			return
		}
		if pairs {
			sc.pairsIn(extent{start: i, end: end})
		} else {
			sc.given(extent{start: i, end: end}, kindPassword)
		}
		if !strings.HasPrefix(s[end:], `\n`) {
			return
		}
		i = end + 2
	}
}

// wordsEnd is the end of the line that begins at i, where a newline is written \n.
func wordsEnd(s string, i int, in nesting) int {
	for i < len(s) && s[i] != '\n' {
		if m, n := quoteMarkAt(s, i); n > 0 {
			if in.has(m) {
				return i
			}
			i += n
			continue
		}
		if s[i] == '\\' && (byteAt(s, i+1) == 'n' || byteAt(s, i+1) == 'r') {
			return i
		}
		i++
	}
	return i
}
