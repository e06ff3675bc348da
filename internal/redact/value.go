package redact

import "strings"

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
	if st.plural || byteAt(s, st.at) == '[' && (strings.HasSuffix(st.name, "s") || st.sep == ':' && st.class != queryName && headerList(s[st.at+1:])) {
		return byteAt(s, st.at) == '[' && sc.items(st)
	}
	st.at = behindTag(s, st.at)
	x, ok := quoted(s, st.at)
	if !ok && strings.HasPrefix(s[st.at:], "<<") && (isAlpha(byteAt(s, st.at+2)) || byteAt(s, st.at+2) == '-') && st.sep == '=' && st.spaced {
		sc.heredoc(st.at+2+run(s[st.at+2:], 0, func(c byte) bool { return c == '-' }), nesting{}, false)
		return true
	}
	if !ok {
		if st.sep == ',' || byteAt(s, st.at) == ',' {
			return false
		}
		if sc.blockScalar(st) {
			return true
		}
		x = sc.bare(st.at, st.sep, longestJudged)
		switch phrase := strings.HasSuffix(st.name, "phrase"); {
		case st.flag > 0:
		case sc.inGroups(x) && st.class == strongName:
			x.end = sc.lineStop(x.end)
			sc.add(x.start, x.end, st.kind, rankName)
			return true
		case st.first && (st.sep == ':' || st.sep == '=' && (st.spaced || phrase)):
			x = sc.wholeLine(st, x)
		case st.sep == '=' && st.class == strongName && (st.first || strings.HasSuffix(s[:st.start], "export ")):
			x = sc.envPhrase(x)
		}
	}
	if strings.Contains(s[x.start:min(x.end, x.start+64)], "-----BEGIN ") {
		return true // the rule for armours does better
	}
	if st.encoded {
		x = cutEncoded(s, x)
	}
	if v := x.text(s); st.class == tokenName && strings.HasSuffix(strings.ToLower(st.name), "auth") {
		if n := strings.IndexByte(v, ':'); n > 0 && n < 32 && run(v, 0, isNameByte) == n && !isNumber(v[n+1:]) { // user:password
			x.start += n + 1
			st.class, st.kind = strongName, kindPassword
		}
	}
	if !ok && byteAt(s, st.at) == '<' && sc.toFillIn(st.at) || !sc.accept(st, x) {
		return !ok && (sc.defaultArgument(st) || sc.wrapped(st))
	}
	if st.encoded {
		x.open = false
	}
	if x.open && x.quote == 0 {
		x = sc.bare(st.at, st.sep, len(s))
	}
	sc.add(x.start, x.end, st.kind, rankName)
	return true
}

// behindTag is the place behind a tag or an anchor of YAML that a plain value follows: !!str, &name.
func behindTag(s string, i int) int {
	if strings.HasPrefix(s[i:], "!!") || byteAt(s, i) == '&' && isAlpha(byteAt(s, i+1)) {
		if n := run(s, i+2, isNameByte); byteAt(s, n) == ' ' && byteAt(s, n+1) > ' ' {
			return n + 1
		}
	}
	return i
}

// headerList tells whether s, behind a bracket, is the values of a header as programs in Go print them: ["…"] or […] with one word.
func headerList(s string) bool {
	if isQuote(byteAt(s, 0)) {
		return true
	}
	n := run(s, 0, func(c byte) bool { return isPadded(c) || c == '.' })
	return n >= 16 && byteAt(s, n) == ']'
}

// items masks the secrets of a list in one line.
func (sc *scanner) items(st site) bool {
	const most = 64
	s, any := sc.s, false
	i := st.at + 1
	for range most {
		i = skipBlank(s, i)
		x, ok := quoted(s, i)
		if !ok {
			j := run(s, i, func(c byte) bool { return c > ' ' && c != ',' && c != ']' && !isQuote(c) })
			x = extent{start: i, end: j, next: j}
		}
		if x.end > x.start && sc.accept(site{kind: st.kind, class: st.class, name: st.name, sep: ':', quoted: true}, x) {
			sc.add(x.start, x.end, st.kind, rankName)
			any = true
		}
		if i = skipBlank(s, x.next); byteAt(s, i) != ',' {
			return any
		}
		i++
	}
	return any
}

// cutEncoded ends a value in percent-encoded text where the encoded field does.
func cutEncoded(s string, x extent) extent {
	for i := x.start; i+2 < x.end; i++ {
		if c := s[i : i+3]; s[i] == '%' && (c == "%26" || c == "%22" || c == "%7D" || c == "%7d" || c == "%2C" || c == "%2c" || c == "%0A") {
			x.end, x.next, x.open = i, i, false
			return x
		}
	}
	return x
}

// toFillIn tells whether words in angle brackets stand at i: <your password>.
func (sc *scanner) toFillIn(i int) bool {
	const longest = 96
	n := strings.IndexByte(sc.s[i:min(len(sc.s), i+longest)], '>')
	if n < 2 {
		return false
	}
	for w := range strings.FieldsSeq(sc.s[i+1 : i+n]) {
		if !isPlainWord(strings.Trim(w, "'\"")) {
			return false
		}
	}
	return true
}

// closesHere tells whether c may follow a closing quote.
func closesHere(c byte) bool {
	return c == 0 || isSpace(c) || strings.IndexByte("),;+.]}:|&>\\%", c) >= 0
}

// element reads <password>…</password>.
func (sc *scanner) element(st site) bool {
	st.at = valueElement(sc.s, run(sc.s, st.at, isSpace))
	rest := sc.s[st.at:]
	if cdata := "<![CDATA["; strings.HasPrefix(rest, cdata) {
		if n := strings.Index(rest, "]]>"); n > 0 {
			x := extent{start: st.at + len(cdata), end: st.at + n, quote: '>'}
			if x.start >= x.end || !sc.accept(st, x) {
				return false
			}
			sc.add(x.start, x.end, st.kind, rankName)
			return true
		}
	}
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
	at := st.at
	if byteAt(sc.s, at) == '!' { // a tag: !vault |
		at = skipBlank(sc.s, run(sc.s, at+1, isNameByte))
	}
	c := byteAt(sc.s, at)
	if st.sep != ':' || c != '|' && c != '>' || st.class != strongName && st.class != mediumName && st.class != tokenName {
		return false
	}
	i := run(sc.s, at+1, func(c byte) bool { return c == '-' || c == '+' || isDigit(c) })
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
	if strings.HasSuffix(strings.ToLower(st.name), "phrase") && isPhrase(sc.s[x.start:end]) {
		x.end = end
		x.next = end
		return x
	}
	if isLongPhrase(sc.s[x.start:end]) {
		x.end, x.next = end, end
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
