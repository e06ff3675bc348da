package redact

import "strings"

// The engine reads a text in units that depend on the text alone, never on how it arrives: a unit is a line, with the
// lines that a trailing backslash joins to it, and of a line longer than unitMax a window of that size. A window is
// scanned with some of the line before and after it. So a stream can be scanned as it comes, in bounded memory, with the
// same result as the whole.
const (
	unitMax = 64 << 10
	ahead   = 16 << 10 // what a window sees beyond its end: the longest token whose head is enough to judge it
	behind  = 4 << 10  // what a window sees before its start
)

// engine scans one text. It keeps what earlier units say about later ones.
type engine struct {
	rules *rules
	known *knownSet
	carry carry
	// inside means that the next unit begins in the middle of a line.
	inside bool
	depth  int // how often the text has been taken out of escapes

	scanner scanner   // of the last window, kept for its memory
	found   []finding // the same

	at      int // the stream's offset of the next unit
	classes classCache

	hints  seeker
	values seeker
}

// carry is what one unit leaves to the next. Its zero value is the state between two ordinary lines.
type carry struct {
	block block    // a private key or another value of several lines that is being read
	span  spanning // a finding that goes on over the end of a window
	// expect is what the last line lets expect, for as many lines as patience says; of a name's value, with its kind.
	expect   expectation
	patience uint8
	kind     string
	class    nameClass
}

// spanning is a finding that goes on over the end of a window.
type spanning struct {
	on   bool
	rest int  // how many bytes of it are still to come
	more bool // whether it may be longer than that: to the next blank or quote
	kind string
}

// learn takes values that have become known since.
func (e *engine) learn(known *knownSet) {
	if e.known != known {
		e.known, e.values = known, seeker{}
	}
}

// open tells whether the last finding may go on in the next unit.
func (e *engine) open() bool {
	return e.carry.block.kind != noBlock && e.carry.block.begun || e.carry.span.on
}

// skip returns the end of the complete lines from pos on in which nothing can be found, which are most lines of most
// texts. Without eof, the line that is still coming is not skipped.
func (e *engine) skip(s string, pos int, eof bool) int {
	if e.inside || e.carry != (carry{}) {
		return pos
	}
	hit, ok := e.hints.next(e.rules.literals.find, s, pos, e.at)
	if e.known != nil {
		if k, found := e.values.next(e.known.literals.find, s, pos, e.at); found && (!ok || k < hit) {
			hit, ok = k, true
		}
	}
	switch {
	case !ok && eof:
		e.at += len(s) - pos
		return len(s)
	case !ok:
		hit = len(s)
	}
	n := lastLineStart(s[pos:hit])
	e.at += n
	return pos + n
}

// seeker remembers how far a text has been searched for literals, so that no part of it is searched twice, whichever of
// two searches finds something first. Offsets are of the whole stream.
type seeker struct {
	hit   int // the end of a literal that has been found, if it is ahead
	clean int // the start of a line before which none ends
}

// next returns the end of the first literal after s[pos], which stands at the stream's offset at.
func (k *seeker) next(find func(string) (int, bool), s string, pos, at int) (int, bool) {
	if k.hit > at {
		return pos + k.hit - at, true
	}
	from := pos + max(0, k.clean-at)
	if n, ok := find(s[from:]); ok {
		k.hit = at + from - pos + n
		return from + n, true
	}
	if n := strings.LastIndexByte(s[from:], '\n'); n >= 0 { // no literal spans two lines
		k.clean = at + from - pos + n + 1
	}
	return 0, false
}

// lastLineStart is where the last logical line of s begins.
func lastLineStart(s string) int {
	for {
		i := strings.LastIndexByte(s, '\n')
		if i < 0 || !continued(s[:i]) {
			return i + 1
		}
		s = s[:i]
	}
}

// continued tells whether a line (without its newline) is joined to the next by a backslash.
func continued(line string) bool {
	line = strings.TrimSuffix(line, "\r")
	return strings.HasSuffix(line, `\`) && !strings.HasSuffix(line, `\\`)
}

// lineEnd returns the end of the logical line that begins at s[0], its newline included, or -1.
func lineEnd(s string) int {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '\n')
		if i < 0 {
			return -1
		}
		at += i + 1
		if !continued(s[:at-1]) {
			return at
		}
	}
}

// step scans the unit that begins at pos. s[:pos] is what came before, as far as it is at hand. It returns the unit's end
// and what was found that begins in it, in offsets of s and valid until the next step; not ok means that more of the text is needed.
func (e *engine) step(s string, pos int, eof bool) (next int, found []finding, ok bool) {
	rest := s[pos:]
	end, full := len(rest), len(rest)
	switch n := lineEnd(rest[:min(len(rest), unitMax)]); {
	case n >= 0:
		end, full = n, n
	case !eof && len(rest) < unitMax+ahead:
		return pos, nil, false
	case len(rest) > unitMax:
		end, full = unitMax, min(len(rest), unitMax+ahead)
		if n := strings.IndexByte(rest[unitMax:full], '\n'); n >= 0 {
			full = unitMax + n + 1
		}
	}
	from := pos
	if e.inside {
		from = max(0, pos-behind)
		if i := strings.LastIndexByte(s[from:pos], '\n'); i >= 0 {
			from += i + 1
		}
	}
	found = e.window(s[from:pos+full], pos-from, pos-from+end)
	for i := range found {
		found[i].Start += from
		found[i].End += from
	}
	next = pos + end
	e.at += end
	e.inside = end < full || rest[end-1] != '\n'
	return next, found, true
}

// window scans text, of which [core, end) is the unit. What it finds begins in the unit and ends in it or, when the line
// goes on, at its end.
func (e *engine) window(text string, core, end int) []finding {
	p := plain(text)
	sc := &e.scanner
	*sc = scanner{carry: &e.carry, classes: &e.classes, s: p.text, lineStart: !e.inside, found: sc.found[:0]}
	resumed := e.resume(text, core, end)
	if resumed.End < end && !sc.continueBlock() {
		sc.expected()
		e.rules.scan(sc)
		sc.knownValues(e.known)
	}
	found := e.found[:0]
	if resumed.End > resumed.Start {
		found = append(found, resumed)
	}
	add := func(start, stop int, f finding) {
		if stop <= resumed.End || stop <= core || start >= end {
			return
		}
		f.Start, f.End, f.joins = max(start, resumed.End, core), stop, false
		found = append(found, f)
	}
	for _, f := range sc.found {
		start, stop := p.raw(f.Start, f.End)
		add(start, stop, f)
	}
	if resumed.End < end {
		e.escaped(text, add)
		e.titles(text, add)
		e.wrapped(text, add)
	}
	found = merge(found)
	e.cut(found, text, end)
	e.found = found
	return found
}
