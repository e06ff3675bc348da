package redact

import (
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
