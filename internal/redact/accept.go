package redact

import "strings"

// accept judges a value in its place.
func (sc *scanner) accept(st site, x extent) bool {
	v := x.text(sc.s)
	if len(v) > longestJudged {
		v = v[:longestJudged]
	}
	v = strings.TrimSpace(v)
	if isPattern(v) {
		return false
	}
	if st.class == tokenName && (x.quote != 0 && isNoise(v) || isBootstrapToken(v)) {
		return true
	}
	if st.class == tokenName && !tokenLike(v, 6) || sc.isExpression(st, x, v) {
		return false
	}
	if len(v) < 3 || isReference(v, x.quote) || isPlaceholder(v) || isPath(v) || isProse(v) {
		return false
	}
	if x.quote == 0 && st.sep == ' ' && (!startsValue(v[0]) || st.flag == 0 && isVersion(v)) || st.flag == 0 && st.name == "PASS" && st.sep == ':' { // the result of a test
		return false
	}
	before := byteAt(sc.s, st.start-1)
	if st.class == mediumName && st.kind == kindPassword && st.sep == '=' && !st.spaced && before == ';' {
		st.class = strongName // Pwd=… of a connection string
	}
	if st.class != strongName && x.quote == 0 && (st.sep == ':' && !st.spaced && before == ':' || st.sep == ' ' && isPair(v)) {
		return false // a part of a resource's name; id=…,src=… of docker build
	}
	switch st.class {
	case strongName:
		return sc.acceptPassword(st, x, v)
	case mediumName:
		return sc.acceptMedium(st, x, v)
	case tokenName:
		return sc.acceptToken(st, x, v)
	case queryName:
		return sc.acceptQuery(st, x, v)
	}
	return false
}

// isExpression tells whether a program says where the value comes from, or compares it with something that is no secret.
func (sc *scanner) isExpression(st site, x extent, v string) bool {
	before := byteAt(sc.s, st.start-1)
	switch {
	case st.compared && (x.quote == 0 || !strong(v) && !tokenLike(v, 16)):
		return true
	case x.quote == '`' && st.sep == '=' && !st.spaced && strings.IndexByte(v, ' ') > 0: // a command's output
		return true
	case x.quote != 0 || !isCode(v):
		return false
	}
	return st.sep != '=' || st.spaced || before != ';' && before != '&' && before != '?' // not of a connection string or a query
}

// acceptToken judges the value of a name of a token or a key.
func (sc *scanner) acceptToken(st site, x extent, v string) bool {
	switch {
	case strings.HasPrefix(st.name, "routing") && !isHexDigits(v):
		return false
	case strings.HasSuffix(strings.ToLower(st.name), "seed"):
		return lookAt(v).letters() && tokenLike(v, 24) && !isWords(v)
	case isSecretID(st.name):
		return isUUID(v)
	case st.flag == 0 && st.sep == ' ' && !st.first && !sc.setsName(st.start):
		l := lookAt(v) // in a sentence
		return tokenLike(v, 20) && l.digit && (l.upper || isHexDigits(v)) && !isWords(v) && !isUUID(v) && !strings.ContainsAny(v, "/.:")
	case st.flag > 0 && st.sep != ' ':
		return tokenLike(v, 6)
	case x.quote == 0 && st.spaced && isWords(v):
		return false
	}
	return tokenLike(v, 8) && !isVersion(v) && !(st.kind == kindKey && isUUID(v) && identifies(st.name))
}

// acceptQuery judges the value of a name that says little outside of a query.
func (sc *scanner) acceptQuery(st site, x extent, v string) bool {
	if l := lookAt(v); st.kind == kindToken && l.lower && l.upper && l.digit && tokenLike(v, 40) && (x.quote != 0 || !st.spaced) {
		return true // BW_SESSION="…"
	}
	if st.kind == kindKey && len(v) == 40 && strings.HasPrefix(v, "AQ") && strings.HasSuffix(v, "==") {
		return true // of Ceph
	}
	if l := lookAt(v); st.kind == kindKey && st.sep == '=' && !st.spaced && l.lower && l.upper && l.digit && isAllCaps(trimDigits(st.name)) && tokenLike(v, 20) && !isWords(v) && !strings.ContainsAny(v, "/:.") {
		return true // HONEYCOMB_KEY=…
	}
	if st.kind == kindKey && st.sep == ':' && sc.possessed(st.start) && tokenLike(v, 20) && lookAt(v).digit && !isWords(v) && !isUUID(v) && !strings.ContainsAny(v, "/.:_-") {
		return true // use this key: …
	}
	if st.kind == kindKey && len(v) == 88 && strings.HasSuffix(v, "==") && !isHexDigits(v[:86]) {
		return true // 64 bytes in base64: a key of an account at Azure
	}
	before := byteAt(sc.s, st.start-1)
	return st.sep == '=' && !st.spaced && (before == '?' || before == '&') && tokenLike(v, 16)
}

// isSecretID tells whether name is that of the secret half of a pair of identifiers.
func isSecretID(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "secretid") || strings.HasSuffix(name, "secret_id") || strings.HasSuffix(name, "secret-id")
}

// isPattern tells whether v is a pattern, as sed and grep have it in the place of a value.
func isPattern(v string) bool {
	for _, p := range []string{".*", ".+", "[^", `\S`, `\w`, `\s`, "(.", "([", `\(`, "(?"} {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	return false
}

// isBootstrapToken tells whether v has the form of the tokens that nodes join a Kubernetes cluster with.
func isBootstrapToken(v string) bool {
	const id, length = 6, 23
	return len(v) == length && v[id] == '.' && run(v, 0, isLowerNum) == id && run(v, id+1, isLowerNum) == length && lookAt(v).digit
}

// isNoise tells whether v is generated from all characters, blanks among them, as the keys of WordPress are.
func isNoise(v string) bool {
	return len(v) >= 32 && lookAt(v).classes() == 4 && !isProse(v) && len(strings.Fields(v))*6 < len(v) && !isCode(v)
}

// identifies tells whether a key of this name is the name of a record as often as a secret.
func identifies(name string) bool {
	l := strings.ToLower(name)
	for _, p := range []string{"primary", "secondary", "main", "host", "user", "data", "service", "product", "session"} {
		if strings.HasPrefix(l, p) {
			return true
		}
	}
	return false
}

func isUUID(v string) bool {
	return len(v) == 36 && v[8] == '-' && v[13] == '-' && v[18] == '-' && v[23] == '-' && run(v, 0, isHexDash) == 36
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
	if plain && st.kind == kindSecret && strings.IndexByte(v, '-') > 0 {
		return false // existingSecret: db-credentials
	}
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
		return st.first && (rest == "" || rest[0] == '#') && l.n >= 4 && !(l.lower && l.upper && isWords(v))
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
	if plain && st.kind == kindSecret && st.flag > 0 && strings.IndexByte(v, '-') > 0 {
		return false // --secret=db-password: the name of one
	}
	if x.quote != 0 && (st.sep == '=' || st.sep == ':') || st.flag > 0 && st.sep != ' ' {
		return l.letters() && !(plain && (strings.ContainsAny(v, "_./:") || x.quote == 0 && strings.Contains(v, "-"))) || l.n >= 6
	}
	if st.sep == ' ' && st.flag == 0 {
		if (x.quote != 0 || st.first) && len(v) >= 20 && run(v, 0, isPadded) == len(v) && l.classes() > 2 && !isWords(v) {
			return true // a key of named
		}
		return strong(v) && (st.first || (x.quote != 0 || sc.followsUser(st.start)) && l.digit) && !strings.ContainsAny(v, "/()[]{}<>=")
	}
	if st.kind == kindPassword && st.first && st.sep == '=' && l.n >= 6 && l.letters() && l.digit && !isVersion(v) && !strings.ContainsAny(v, "()[]{}.") {
		if rest := strings.TrimSpace(sc.s[x.end:sc.lineStop(x.end)]); rest == "" || rest[0] == '#' || rest[0] == ';' {
			return true // pass = hunter22
		}
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
