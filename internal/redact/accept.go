package redact

import "strings"

// accept judges a value in its place.
func (sc *scanner) accept(st site, x extent) bool {
	v := x.text(sc.s)
	if len(v) > longestJudged {
		v = v[:longestJudged]
	}
	trimmed := strings.TrimSpace(v)
	if st.class == tokenName && !tokenLike(trimmed, 6) {
		return false
	}
	if len(trimmed) < 3 || isReference(trimmed, x.quote) || isPlaceholder(trimmed) || isPath(trimmed) {
		return false
	}
	if x.quote == 0 && (isCode(trimmed) || st.sep == ' ' && !startsValue(trimmed[0])) || isProse(trimmed) {
		return false
	}
	if st.flag == 0 && st.name == "PASS" && st.sep == ':' {
		return false // the result of a test
	}
	if st.class == mediumName && st.kind == kindPassword && st.sep == '=' && !st.spaced && byteAt(sc.s, st.start-1) == ';' {
		st.class = strongName // Pwd=… of a connection string
	}
	if st.class != strongName && x.quote == 0 && (st.sep == ':' && !st.spaced && byteAt(sc.s, st.start-1) == ':' ||
		st.sep == ' ' && isPair(trimmed)) {
		return false // a part of a resource's name; id=…,src=… of docker build
	}
	switch st.class {
	case strongName:
		return sc.acceptPassword(st, x, trimmed)
	case mediumName:
		return sc.acceptMedium(st, x, trimmed)
	case tokenName:
		if st.flag > 0 && st.sep != ' ' {
			return tokenLike(trimmed, 6)
		}
		if x.quote == 0 && st.spaced && isWords(trimmed) {
			return false
		}
		return tokenLike(trimmed, 8) && !isVersion(trimmed)
	case queryName:
		before := byteAt(sc.s, st.start-1)
		return st.sep == '=' && !st.spaced && (before == '?' || before == '&') && tokenLike(trimmed, 16)
	}
	return false
}

// isPair tells whether v is name=value with a short name of letters.
func isPair(v string) bool {
	n := run(v, 0, isLower)
	return n > 1 && n < 12 && n+1 < len(v) && v[n] == '=' && v[n+1] != '='
}

// startsValue tells whether c may begin a value that only a blank separates from its name.
func startsValue(c byte) bool { return strings.IndexByte("-([<{&|>=/*\\,.:", c) < 0 }

// acceptPassword judges the value of a name that leaves no doubt: everything but prose and code.
func (sc *scanner) acceptPassword(st site, x extent, v string) bool {
	l := lookAt(v)
	if !l.letters() && !l.other && l.n < 4 {
		return false
	}
	plain := isPlainWord(v)
	if plain {
		if _, class := classify(v); class == strongName {
			return false // password = "dbPassword"
		}
	}
	if x.quote != 0 {
		return !plain || st.sep != ',' && (st.sep != ' ' || !l.upper || l.lower) || st.sep == ',' && sc.setter(st)
	}
	switch {
	case !plain && st.sep != ' ':
		return true
	case st.sep == ' ' && st.flag == 0 && sc.directive(st, x):
		return l.n >= 4
	case st.sep == ' ' && st.flag == 0:
		return l.letters() && (l.digit || l.other) && !plain && !strings.ContainsAny(v, "/()[]{}<>=\\`$&|") &&
			(st.first || strong(v) && v[len(v)-1] != '.' && v[len(v)-1] != ':')
	case st.flag > 0:
		return !plain || !isAllCaps(v) // --password PASSWORD of a usage text
	case strings.ContainsAny(v, "_.:/"):
		return false // a variable, a key of a translation
	case st.sep == ':' || st.spaced:
		rest := strings.TrimSpace(sc.s[x.end:sc.lineStop(x.end)])
		return st.first && (rest == "" || rest[0] == '#') && l.n >= 4 && !(l.lower && l.upper)
	}
	return true
}

// directive tells whether the name is set by what stands before it, or is a directive that nothing but a password follows.
func (sc *scanner) directive(st site, x extent) bool {
	rest := strings.TrimSpace(sc.s[x.end:sc.lineStop(x.end)])
	if rest != "" && strings.IndexByte("#;&|\"'", rest[0]) < 0 {
		return false
	}
	return sc.setsName(st.start) || st.first && directives[strings.ToLower(st.name)]
}

// directives are the names of configuration files that nothing but a password follows.
var directives = set("requirepass", "masterauth", "bindpw", "rootpw", "auth_pass", "rootbindpw")

// acceptMedium judges the value of a name that may name something else: a result, a program, an object.
func (sc *scanner) acceptMedium(st site, x extent, v string) bool {
	l := lookAt(v)
	plain := isPlainWord(v)
	if plain && (weakWords[strings.ToLower(v)] || strings.Contains(strings.ToLower(st.name), "cred")) || isVersion(v) {
		return false
	}
	if x.quote != 0 && (st.sep == '=' || st.sep == ':') || st.flag > 0 && st.sep != ' ' {
		return l.letters() && !(plain && strings.ContainsAny(v, "_./:")) || l.n >= 6
	}
	if st.sep == ' ' && st.flag == 0 {
		return strong(v) && st.first && !strings.ContainsAny(v, "/()[]{}<>=")
	}
	return l.n >= 6 && !plain && l.letters() && (l.digit || l.other) && !(st.spaced && isWords(v) && x.quote == 0 && !l.other)
}

// setter tells whether the call that the name is the first argument of sets something: define, put, setProperty.
func (sc *scanner) setter(st site) bool {
	head := strings.ToLower(sc.s[max(0, st.start-32):st.start])
	for _, f := range []string{"define", "set", "put", "add", "env", "header"} {
		if strings.Contains(head, f) {
			return true
		}
	}
	return false
}

func isAllCaps(v string) bool {
	l := lookAt(v)
	return l.upper && !l.lower && !l.digit
}

// isVersion tells whether v is a version, a date, a time or an address: digits with dots, dashes or colons.
func isVersion(v string) bool {
	for i := 0; i < len(v); i++ {
		if !isDigit(v[i]) && !strings.ContainsRune(".-:_v/+TZ^~<>=", rune(v[i])) {
			return false
		}
	}
	return strings.ContainsAny(v, ".-:/")
}
