package redact

import "strings"

// Names and values that stand as two values of one object: {"name": "DB_PASSWORD", "value": "…"}.

// tuplePassword tells whether the string at i, behind a password's name and a comma, looks like one: not the next of a list of names.
func (sc *scanner) tuplePassword(i int) bool {
	x, ok := quoted(sc.s, skipBlank(sc.s, i))
	if !ok || x.open || len(x.text(sc.s)) > maxName {
		return false
	}
	v := x.text(sc.s)
	_, class := classify(v)
	return class == notSecret && strong(v) && lookAt(v).digit
}

// namesPair tells whether what stands before i says that a name follows, and then its value: {name: DB_PASSWORD, value: …}.
func (sc *scanner) namesPair(i int) bool {
	head := strings.ToLower(sc.s[max(0, i-6):i])
	return strings.HasSuffix(head, "name: ") || strings.HasSuffix(head, "name=") || strings.HasSuffix(head, "key: ") || strings.HasSuffix(head, "key=")
}

// names tells whether the quote at i opens an attribute of XML that names an element: key=, name= or id=.
func (sc *scanner) names(i int) bool {
	head := strings.ToLower(sc.s[max(0, i-8):max(i, 0)])
	return strings.HasSuffix(head, " key=") || strings.HasSuffix(head, " name=") || strings.HasSuffix(head, " id=")
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
		return sc.valueBefore(st)
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

// valueBefore looks at {"value": "…", "name": "DB_PASSWORD"}: the value comes first.
func (sc *scanner) valueBefore(st *site) bool {
	const reach = 512
	s := sc.s
	head := strings.TrimRight(s[max(0, st.start-16):max(0, st.start-1)], " :\\\"'")
	if !strings.HasSuffix(head, "ame") && !strings.HasSuffix(head, "ey") {
		return false
	}
	from := max(0, st.start-reach)
	from += strings.LastIndexByte(s[from:st.start], '{') + 1
	n := strings.Index(strings.ToLower(s[from:st.start]), "value")
	if n < 0 {
		return false
	}
	at, ok := valueAt(s, from+n+len("value"))
	if !ok || at >= st.start || !isQuote(byteAt(s, at-1)) {
		return false
	}
	st.sep, st.at = ':', at-1
	for byteAt(s, st.at-1) == '\\' {
		st.at--
	}
	return true
}

// elementPair looks at <name>NAME</name><value>…</value>, and at <key> and <string> of a property list; the value's element may be in the next
// line.
func (sc *scanner) elementPair(st *site, i int) bool {
	s := sc.s
	n := strings.IndexByte(s[i:min(len(s), i+16)], '>')
	if n < 0 || byteAt(s, i+1) != '/' {
		return false
	}
	if tag := s[i+2 : i+n]; tag != "name" && tag != "key" {
		return false
	}
	if i = run(s, i+n+1, isSpace); i >= len(s) {
		sc.expectNext(expectElement, *st)
		return false
	}
	st.sep, st.at = '>', valueElement(s, i)
	return st.at > i
}

// valueElement is the place behind the <value> or <string> that stands at i; i if none does.
func valueElement(s string, i int) int {
	for _, tag := range []string{"<value>", "<string>"} {
		if hasFoldPrefix(s[i:], tag) {
			return i + len(tag)
		}
	}
	return i
}
