package redact

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// blockKind says what kind of value of several lines is being read.
type blockKind uint8

const (
	noBlock      blockKind = iota
	armourBlock            // between -----BEGIN … KEY----- and -----END
	linesBlock             // a counted number of lines, as PuTTY writes them
	scalarBlock            // the indented lines of a YAML block scalar
	heredocBlock           // a here-document that feeds a command with a secret
)

// block is a value of several lines. Its zero value means that none is being read.
type block struct {
	kind   blockKind
	secret string // the kind of the secret
	begun  bool   // a line of it has been found
	width  int    // of the first line of an armour
	sep    byte   // what stands before the body in each line, 0 for nothing: grep's colon, diff's sign
	last   bool   // a line shorter than width was the last
	left   int    // lines that may still come
	indent int    // of the line that opened the scalar

	delimiter string // of the here-document
	pairs     bool   // its lines are user:password
}

// pem looks at the words "private key": in an armour's first line they begin a key. In the same line follows the body of
// one that was escaped for JSON or a shell; else it is in the next lines.
func (sc *scanner) pem(at, end int) {
	if sc.covered(at) {
		return
	}
	head := sc.s[max(0, at-64):at]
	i := strings.LastIndex(head, "BEGIN ")
	if i < 0 || strings.ContainsAny(head[i:], "\n\"'") || !strings.HasSuffix(strings.TrimRight(head[:i], " "), "--") {
		return
	}
	end = run(sc.s, end, func(c byte) bool { return isAlnum(c) || c == ' ' })
	dashes := run(sc.s, end, func(c byte) bool { return c == '-' })
	if dashes-end < 4 {
		return
	}
	rest := sc.s[dashes:]
	if strings.TrimSpace(rest) == "" {
		sc.carry.block = block{kind: armourBlock, secret: kindPrivateKey}
		return
	}
	sc.escapedBody(dashes, rest)
}

// escapedBody masks the body of a key that stands in one line.
func (sc *scanner) escapedBody(at int, rest string) {
	n := strings.Index(rest, "-----END")
	if n < 0 {
		n = run(rest, 0, isArmourByte)
	}
	body := rest[:n]
	start := 0
	for start < len(body) {
		switch {
		case body[start] == '\\' && start+1 < len(body):
			start += 2
		case isSpace(body[start]) || body[start] == '\\':
			start++
		default:
			goto trimmed
		}
	}
trimmed:
	stop := len(body)
	for stop > start {
		switch {
		case isSpace(body[stop-1]) || body[stop-1] == '\\':
			stop--
		case stop-2 >= start && body[stop-2] == '\\' && (body[stop-1] == 'n' || body[stop-1] == 'r'):
			stop -= 2
		default:
			goto done
		}
	}
done:
	if stop-start >= 16 && !fewCharacters(strings.ReplaceAll(body[start:stop], `\n`, "")) || strings.IndexByte(body[start:stop], atom) >= 0 {
		sc.add(at+start, at+stop, kindPrivateKey, rankKey)
	}
}

// isArmourByte is what the body of an armour consists of, its lines' escaped ends included.
func isArmourByte(c byte) bool {
	return isAlnum(c) || c == '+' || c == '/' || c == '=' || c == '\\' || c == ' ' || c == atom
}

// putty looks at PuTTY's "Private-Lines: n", which counts the lines of the private half.
func (sc *scanner) putty(_, end int) {
	i := skipBlank(sc.s, end)
	j := run(sc.s, i, isDigit)
	n, err := strconv.Atoi(sc.s[i:j])
	if err != nil || n <= 0 || n > 10000 {
		return
	}
	rest := sc.s[j:]
	if strings.TrimSpace(rest) == "" {
		sc.carry.block = block{kind: linesBlock, secret: kindPrivateKey, left: n}
		return
	}
	if stop := strings.Index(rest, "Private-MAC"); stop >= 0 {
		rest = rest[:stop]
	}
	sc.escapedBody(j, rest)
}

// base64PEM looks at the base64 of "-----BEGIN ": in a kubeconfig, a Kubernetes secret or an environment variable.
func (sc *scanner) base64PEM(at, _ int) {
	if sc.covered(at) || isB64(byteAt(sc.s, at-1)) {
		return
	}
	end := run(sc.s, at, isB64)
	head := sc.s[at:min(end, at+88)]
	text, err := base64.RawStdEncoding.DecodeString(head[:len(head)/4*4])
	if err != nil || !strings.Contains(string(text), "PRIVATE KEY") {
		return
	}
	sc.add(at, run(sc.s, end, func(c byte) bool { return c == '=' }), kindPrivateKey, rankKey)
}

// continueBlock reads the line as a part of the block that is open, if one is. It reports whether it took the line.
func (sc *scanner) continueBlock() bool {
	b := &sc.carry.block
	if b.kind == noBlock || !sc.lineStart {
		return false
	}
	line := strings.TrimRight(sc.s, "\r\n")
	if strings.IndexByte(line, atom) >= 0 && b.kind != scalarBlock {
		*b = block{} // the value has been masked before
		return false
	}
	start, end, state := 0, 0, blockEnds
	switch b.kind {
	case armourBlock:
		start, end, state = b.armour(line)
	case linesBlock:
		start, end, state = b.counted(line)
	case scalarBlock:
		start, end, state = b.scalar(line)
	case heredocBlock:
		return sc.heredocLine(line)
	}
	switch state {
	case blockEnds:
		*b = block{}
		return false
	case blockTakes:
		if f := len(sc.found); true {
			sc.add(start, end, b.secret, rankKey)
			if len(sc.found) > f {
				sc.found[f].joins = b.begun
				b.begun = true
			}
		}
	}
	return true
}

// blockState is what a line is to the open block.
type blockState uint8

const (
	blockEnds  blockState = iota // not a part of it
	blockPass                    // a part with nothing to hide: a blank line, a header
	blockTakes                   // a line of the value
)

// armour reads a line after an armour's first. What grep, diff, cat -n or a quoting mail program put before it is left.
func (b *block) armour(line string) (start, end int, state blockState) {
	if strings.Contains(line, "-----END") || strings.Contains(line, "---- END") {
		return 0, 0, blockEnds
	}
	start, end = bodyOf(line)
	body := line[start:end]
	switch n := len(body); {
	case strings.TrimSpace(line) == "":
		return 0, 0, blockPass
	case !b.begun && isArmourHeader(line):
		return 0, 0, blockPass
	case n == 0 || start > 96:
		return 0, 0, blockEnds
	case !b.begun && n >= 16:
		b.width, b.sep = n, byteAt(line, start-1)
	case !b.begun || b.sep != byteAt(line, start-1):
		return 0, 0, blockEnds
	case b.last && (n != 5 || body[0] != '='): // the checksum of an OpenPGP armour
		return 0, 0, blockEnds
	case n < b.width:
		b.last = true
	case n > b.width:
		return 0, 0, blockEnds
	}
	return start, end, blockTakes
}

// bodyOf finds the run of base64 at the end of a line, apart from quotes and escapes that source code puts after it.
func bodyOf(line string) (start, end int) {
	end = len(line)
	for end > 0 {
		c := line[end-1]
		if isSpace(c) || isQuote(c) || c == ',' || c == ';' || c == '\\' || c == '+' && end > 1 && isBlank(line[end-2]) {
			end--
			continue
		}
		if end > 1 && line[end-2] == '\\' && (c == 'n' || c == 'r') {
			end -= 2
			continue
		}
		break
	}
	start = end
	for start > 0 {
		c := line[start-1]
		if !isAlnum(c) && c != '+' && c != '/' && c != '=' && c != atom {
			break
		}
		start--
	}
	return start, end
}

// isArmourHeader tells whether a line is a header such as "Proc-Type: 4,ENCRYPTED" or "Version: GnuPG v2".
func isArmourHeader(line string) bool {
	line = strings.TrimSpace(line)
	n := run(line, 0, func(c byte) bool { return isAlpha(c) || c == '-' })
	return n > 0 && strings.HasPrefix(line[n:], ": ")
}

func (b *block) counted(line string) (start, end int, state blockState) {
	start, end = bodyOf(line)
	if b.left == 0 || start == end || strings.IndexByte(line, ':') >= 0 {
		return 0, 0, blockEnds
	}
	b.left--
	return start, end, blockTakes
}

func (b *block) scalar(line string) (start, end int, state blockState) {
	text := strings.TrimSpace(line)
	if text == "" {
		return 0, 0, blockPass
	}
	start = skipBlank(line, 0)
	if start <= b.indent {
		return 0, 0, blockEnds
	}
	if isReference(text, 0) || isPlaceholder(text) {
		return 0, 0, blockPass
	}
	return start, start + len(text), blockTakes
}

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
