package redact

import "strings"

// site is the place of a name with a value.
type site struct {
	kind  string
	class nameClass
	name  string
	start int  // where the name begins
	at    int  // where the value begins
	sep   byte // '=', ':', ' ', ',' or '>'
	// spaced means white space around the separator, as INI files and programs have it and shells do not.
	spaced bool
	flag   int  // how many dashes stand before the name
	quoted bool // the name stands in quotes
	first  bool // nothing but indentation or a list's dash stands before the name in its line
}

// name looks at a piece of a name: finds the whole name, judges it, finds its value and judges that.
func (sc *scanner) name(at, end int) {
	if end <= sc.nameEnd || sc.covered(at) {
		return
	}
	st, stop, ok := sc.nameAt(at, end)
	sc.nameEnd = max(sc.nameEnd, stop)
	if !ok {
		return
	}
	if sc.separator(&st, stop) && sc.value(st) || sc.goesOn(st, stop) {
		return
	}
	if st.class == strongName && st.flag == 0 && !st.quoted {
		sc.sentence(st, stop)
	}
}

// goesOn notes where a value stands in the next line: of an option in a list, of a name in a list of names and values. It
// reports whether nothing is to be found in this line.
func (sc *scanner) goesOn(st site, stop int) bool {
	s := sc.s
	i := stop + closingQuote(s, stop)
	if byteAt(s, i) == ',' {
		i++
	}
	if strings.TrimSpace(s[i:]) != "" {
		return false
	}
	if st.flag > 0 {
		sc.expectNext(expectItem, st)
		return true
	}
	head := strings.TrimRight(s[max(0, st.start-24):st.start], " \t\"'=")
	if n := len(head) - 1; n > 0 && head[n] == ':' {
		head = strings.ToLower(strings.TrimRight(head[:n], " \"'"))
		if strings.HasSuffix(head, "name") || strings.HasSuffix(head, "key") {
			sc.expectNext(expectValue, st)
		}
	}
	return true
}

// nameAt finds the name around [at, end) and its class. stop is the name's end.
func (sc *scanner) nameAt(at, end int) (st site, stop int, ok bool) {
	s := sc.s
	start := at
	for start > 0 && at-start < maxName && isNameByte(s[start-1]) {
		start--
	}
	stop = end
	if c := s[end-1]; c == '=' || c == ':' {
		stop = end - 1
	}
	for stop < len(s) && stop-at < maxName && isNameByte(s[stop]) {
		stop++
	}
	for stop > start && (s[stop-1] == '.' || s[stop-1] == '-') {
		stop--
	}
	for start < stop && s[start] == '-' {
		st.flag++
		start++
	}
	if start >= stop {
		return st, max(stop, end), false
	}
	st.name, st.start = s[start:stop], start
	if st.flag == 1 && len(st.name) > 2 && (st.name[0] == 'D' || st.name[0] == 'P') && isLower(st.name[1]) {
		st.name = st.name[1:] // -Ddb.password=… of java, -Ptoken=… of gradle
	}
	if byteAt(s, start-1) == '/' && !isNameByte(byteAt(s, start-2)) && byteAt(s, stop) == ':' {
		st.flag = 1 // /password:… of Windows programs
	}
	st.kind, st.class = classify(st.name)
	st.first = sc.firstInLine(start - st.flag)
	return st, stop, st.class != notSecret
}

// firstInLine tells whether only indentation, quotes and list marks stand before i in its line.
func (sc *scanner) firstInLine(i int) bool {
	for i > 0 {
		switch c := sc.s[i-1]; {
		case c == '\n':
			return true
		case isBlank(c) || c == '-' || isQuote(c) || c == '{':
			i--
		default:
			return false
		}
	}
	return sc.lineStart
}

// separator finds what stands between the name that ends at stop and its value.
func (sc *scanner) separator(st *site, stop int) bool {
	s, i := sc.s, stop
	if n := closingQuote(s, i); n > 0 && isQuote(byteAt(s, st.start-st.flag-1)) {
		st.quoted = true
		i += n
		if byteAt(s, i) == ']' {
			i++
		}
	}
	blank := skipBlank(s, i)
	st.spaced = blank > i
	switch c := byteAt(s, blank); {
	case c == '=' && byteAt(s, blank+1) == '>':
		st.sep, i = '=', blank+2
	case c == '=' && byteAt(s, blank+1) != '=' && byteAt(s, blank+1) != '~':
		st.sep, i = '=', blank+1
	case c == ':' && byteAt(s, blank+1) == '=':
		st.sep, i = '=', blank+2
	case c == ':' && byteAt(s, blank+1) != ':':
		st.sep, i = ':', blank+1
	case (c == '+' || c == '?' || c == '|') && byteAt(s, blank+1) == '=':
		st.sep, i = '=', blank+2
	case c == ',' && st.quoted && st.flag > 0:
		st.sep, i = ' ', blank+1 // a list of arguments
	case c == ',' && st.quoted && sc.inCall(st.start-1):
		st.sep, i = ',', blank+1
	case c == '(' && blank == stop && (st.name == "PASSWORD" || st.name == "OLD_PASSWORD") && isQuote(byteAt(s, stop+1)):
		st.sep, i = '=', stop+1 // a function of SQL
	case c == '>' && byteAt(s, st.start-1) == '<':
		st.sep, i = '>', blank+1
	case st.quoted:
		return sc.pair(st, blank)
	case st.spaced:
		st.sep, i = ' ', blank
		if !sc.takesBlank(st, stop) {
			return false
		}
	default:
		return false
	}
	st.at = skipBlank(s, i)
	if st.sep == '=' && st.at > i {
		st.spaced = true
	}
	return st.at < len(s)
}

// closingQuote is the length of the quote at i with the backslashes before it, 0 for none.
func closingQuote(s string, i int) int {
	n := 0
	for byteAt(s, i+n) == '\\' {
		n++
	}
	if isQuote(byteAt(s, i+n)) {
		return n + 1
	}
	return 0
}

// inCall tells whether the quote at i is the first argument of a call: define('DB_PASSWORD', …).
func (sc *scanner) inCall(i int) bool {
	for byteAt(sc.s, i-1) == '\\' {
		i--
	}
	for isBlank(byteAt(sc.s, i-1)) {
		i--
	}
	return byteAt(sc.s, i-1) == '(' && isWordByte(byteAt(sc.s, i-2))
}

// pair looks at {"name": "DB_PASSWORD", "value": "…"} and <add key="Password" value="…"/>, where the name is a value.
func (sc *scanner) pair(st *site, i int) bool {
	s := sc.s
	if byteAt(s, i) == ',' {
		i = skipBlank(s, i+1)
	}
	i += closingQuote(s, i)
	if !hasFoldPrefix(s[i:], "value") {
		return false
	}
	i += len("value")
	i += closingQuote(s, i)
	i = skipBlank(s, i)
	if c := byteAt(s, i); c != '=' && c != ':' {
		return false
	}
	st.sep, st.at = s[i], skipBlank(s, i+1)
	return st.at < len(s)
}

// takesBlank tells whether a name may be followed by its value after white space alone: an option, a directive of a
// configuration file, a keyword of SQL or of a command.
func (sc *scanner) takesBlank(st *site, stop int) bool {
	after := skipBlank(sc.s, stop)
	if programs()[st.name] != nil {
		return false // wpa_passphrase NETWORK
	}
	if st.flag > 0 {
		return after-stop == 1 || isQuote(byteAt(sc.s, after))
	}
	return st.class == strongName || (st.class == tokenName || st.class == mediumName) && (st.first || sc.setsName(st.start))
}

// setsName tells whether the name at i is what a command sets: setenv NAME, set -gx NAME, ENV NAME.
func (sc *scanner) setsName(i int) bool {
	from := max(0, i-24)
	head := sc.s[from:i]
	if n := strings.LastIndexByte(head, '\n'); n >= 0 {
		head = head[n+1:]
	}
	for head != "" {
		head = strings.TrimRight(head, " \t")
		n := strings.LastIndexAny(head, " \t") + 1
		switch w := strings.ToLower(head[n:]); {
		case w == "set" || w == "setenv" || w == "setx" || w == "env" || w == "arg" || w == "put":
			return n > 0 || from == 0 || head != sc.s[from:i]
		case !strings.HasPrefix(w, "-"):
			return false
		}
		head = head[:n]
	}
	return false
}

// value reads and judges the value of a name. It reports whether it found one.
func (sc *scanner) value(st site) bool {
	s := sc.s
	if byteAt(s, st.at) == '\n' || byteAt(s, st.at) == '\r' {
		return false
	}
	if st.sep == '>' {
		return sc.element(st)
	}
	if st.sep == ' ' && sc.typedPassword(st, st.at) {
		return true
	}
	if m, n := quoteMarkAt(s, st.at); n > 0 && closesHere(byteAt(s, st.at+n)) {
		if in := sc.quotesTo(st.at); in.has(m) {
			return false // the quote ends a string that the name stands in: there is no value
		}
	}
	x, ok := quoted(s, st.at)
	if !ok {
		if st.sep == ',' || byteAt(s, st.at) == ',' {
			return false
		}
		if sc.blockScalar(st) {
			return true
		}
		x = sc.bare(st.at, st.sep, longestJudged)
		if st.sep == ':' && st.flag == 0 && st.first || st.sep == '=' && st.spaced && st.first {
			x = sc.wholeLine(st, x)
		}
	}
	if strings.Contains(s[x.start:min(x.end, x.start+64)], "-----BEGIN ") {
		return true // the rule for armours does better
	}
	if !sc.accept(st, x) {
		return false
	}
	if x.open && x.quote == 0 {
		x = sc.bare(st.at, st.sep, len(s))
	}
	sc.add(x.start, x.end, st.kind, rankName)
	return true
}

// closesHere tells whether c may follow a closing quote.
func closesHere(c byte) bool {
	return c == 0 || isSpace(c) || strings.IndexByte("),;+.]}:|&>\\%", c) >= 0
}

// element reads <password>…</password>.
func (sc *scanner) element(st site) bool {
	rest := sc.s[st.at:]
	n := strings.IndexByte(rest, '<')
	if n <= 0 || byteAt(rest, n+1) != '/' {
		return false
	}
	x := extent{start: st.at, end: st.at + len(strings.TrimRight(rest[:n], " \t\r\n")), quote: '>'}
	if !sc.accept(st, x) {
		return false
	}
	sc.add(x.start, x.end, st.kind, rankName)
	return true
}

// blockScalar opens a YAML block scalar.
func (sc *scanner) blockScalar(st site) bool {
	c := byteAt(sc.s, st.at)
	if st.sep != ':' || c != '|' && c != '>' || st.class != strongName && st.class != mediumName && st.class != tokenName {
		return false
	}
	i := run(sc.s, st.at+1, func(c byte) bool { return c == '-' || c == '+' || isDigit(c) })
	if strings.TrimSpace(sc.s[i:]) != "" {
		return false
	}
	line := strings.LastIndexByte(sc.s[:st.start], '\n') + 1
	sc.carry.block = block{kind: scalarBlock, secret: st.kind, indent: skipBlank(sc.s, line) - line}
	return true
}

// wholeLine extends a bare value of a configuration line to the end of the line where more words follow that belong to it.
func (sc *scanner) wholeLine(st site, x extent) extent {
	if x.open || x.next != x.end || x.end == x.start {
		return x
	}
	end := sc.lineStop(x.end)
	rest := sc.s[x.end:end]
	if rest == "" || !isBlank(rest[0]) || st.class != strongName {
		return x
	}
	if n := strings.Index(rest, " #"); n >= 0 {
		rest = rest[:n]
	}
	words := strings.Fields(rest)
	if len(words) == 0 || len(words) > 6 || !strong(x.text(sc.s)) {
		return x
	}
	for _, w := range words {
		if commonWords[strings.ToLower(w)] || strings.ContainsAny(w, "=:()|&;<>,.\"'") {
			return x
		}
	}
	x.end += len(strings.TrimRight(rest, " \t"))
	x.next = x.end
	return x
}
