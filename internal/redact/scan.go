package redact

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// scanner finds the secrets of one window.
type scanner struct {
	carry     *carry
	classes   *classCache
	s         string // the window's plain text
	lineStart bool   // whether it begins at the beginning of a line
	found     []finding

	nameEnd      int    // names that end here or before have been looked at
	walked       [5]int // commands before these places have been read, at each depth of quotes
	fed          [5]int // and what is fed to them
	pendingFeeds [][]word
	rejected     []int // for each format, the end of the last long run that was none of its tokens
	hashed       int   // and the end of the last that was no hash
	webKeys      int   // JSON Web Keys before this place have been read
	lineFrom     int   // the line [lineFrom, lineTo) was the last whose end was asked for
	lineTo       int
	quoteFrom    int // from quoteFrom on, the next quote stands at quoteAt
	quoteAt      int
	quotes       nesting // that enclose the place quotesAt
	quotesAt     int
}

// add notes a finding. What holds a mark is none: a rule that takes it now did not take the text that the mark stands for,
// and reading a text twice must change nothing.
func (sc *scanner) add(start, end int, kind string, rank int) {
	if start >= end || strings.IndexByte(sc.s[start:end], atom) >= 0 {
		return
	}
	sc.found = append(sc.found, finding{Span: Span{Start: start, End: end, Kind: kind}, rank: rank})
}

// covered tells whether i lies in the newest finding, so that nothing needs to be looked for there. It also keeps rules
// that read far ahead from reading the same text over and over.
func (sc *scanner) covered(i int) bool {
	if n := len(sc.found); n > 0 {
		return sc.found[n-1].Start <= i && i < sc.found[n-1].End
	}
	return false
}

// lineStop is the end of the line that i stands in, without trailing blanks.
func (sc *scanner) lineStop(i int) int {
	if i < sc.lineFrom || i > sc.lineTo || sc.lineTo == 0 {
		sc.lineFrom, sc.lineTo = i, lineStop(sc.s, i)
	}
	return max(i, sc.lineTo)
}

// nextQuote is the place of the next quote from i on that comes before stop, or stop.
func (sc *scanner) nextQuote(i, stop int) int {
	if i < sc.quoteFrom || i > sc.quoteAt || sc.quoteAt == 0 {
		sc.quoteFrom, sc.quoteAt = i, len(sc.s)
		if n := strings.IndexAny(sc.s[i:], "\"'"); n >= 0 {
			sc.quoteAt = i + n
		}
	}
	return min(sc.quoteAt, stop)
}

// rule looks at a text where one of its literals stands.
type rule struct {
	literals []string
	// find is called with the place of the literal.
	find func(sc *scanner, at, end int)
	// in is the least profile that has the rule.
	in Profile
}

// rules are the rules of a profile and the table that finds their literals.
type rules struct {
	literals *automaton[uint16]
	length   []int
	find     []func(sc *scanner, at, end int)
}

// scan calls the rules for every literal in the text.
func (r *rules) scan(sc *scanner) {
	r.literals.each(sc.s, func(id int32, end int) {
		if find := r.find[id]; find != nil {
			find(sc, end-r.length[id], end)
		}
	})
}

// newRules builds the table for a profile.
func newRules(p Profile) *rules {
	r := &rules{}
	var literals []string
	add := func(literal string, find func(sc *scanner, at, end int)) {
		literals = append(literals, literal)
		r.length = append(r.length, len(literal))
		r.find = append(r.find, find)
	}
	// A line with one of these has to be read as plain text before anything can be said of it.
	add(string(rune(escape)), nil)
	add(jsonEscape, nil)
	add(wrapMark, nil)
	add(`\u003c\u003c`, nil)
	for _, rule := range allRules() {
		if p == All || rule.in == p {
			for _, l := range rule.literals {
				add(l, rule.find)
			}
		}
	}
	r.literals = newAutomaton[uint16](literals, true)
	return r
}

// tables are the rules of each profile, made when they are first needed.
var tables struct {
	of     [3]atomic.Pointer[rules]
	making sync.Mutex
}

func rulesFor(p Profile) *rules {
	at := &tables.of[0]
	switch p {
	case Keys:
		at = &tables.of[1]
	case Off:
		at = &tables.of[2]
	}
	if r := at.Load(); r != nil {
		return r
	}
	tables.making.Lock()
	defer tables.making.Unlock()
	if r := at.Load(); r != nil {
		return r
	}
	r := newRules(p)
	at.Store(r)
	return r
}

// Release forgets the tables of patterns, which are made again when they are needed: for a process that does nothing most of the time and of
// which there are many. Writers hold them until their Rest.
func Release() {
	for i := range tables.of {
		tables.of[i].Store(nil)
	}
}

// allRules is every rule there is.
func allRules() []rule {
	all := []rule{
		{literals: []string{"private key", "static key v"}, find: (*scanner).pem, in: Keys},
		{literals: []string{"private-lines:"}, find: (*scanner).putty, in: Keys},
		{literals: []string{"ls0tls1crudjti"}, find: (*scanner).base64PEM, in: Keys},
		{literals: nameLiterals, find: (*scanner).name},
		{literals: []string{"://"}, find: (*scanner).url},
		{literals: []string{"authorization"}, find: (*scanner).authorization},
		{literals: []string{"bearer ", "basic "}, find: (*scanner).scheme},
		{literals: []string{"cookie"}, find: (*scanner).cookie},
		{literals: programLiterals(), find: (*scanner).programAt},
		{literals: []string{"echo ", "printf ", "yes "}, find: (*scanner).feed},
		{literals: []string{"<<"}, find: (*scanner).heredocPipe},
	}
	return slices.Concat(all, printerRules(), logonRules(), wordyRules(), codeRules(), middleRules(), sqlRules(), placeRules(), fileRules(), callRules(), toldRules(), phraseRules(), networkRules(), keyRules(), hashRules(), tokenRules())
}
