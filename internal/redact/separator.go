package redact

import "strings"

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
	case (c == '=' || c == '!') && byteAt(s, blank+1) == '=':
		st.sep, st.compared, i = '=', true, run(s, blank+1, func(c byte) bool { return c == '=' })
	case c == '%' && hasEncodedSeparator(s[blank:]):
		st.sep, st.encoded, i = '=', true, blank+strings.IndexAny(s[blank:], "aAdD")+1
		if strings.HasPrefix(s[i:], "%22") {
			i += len("%22")
		}
	case c == ':' && byteAt(s, blank+1) == ':' && isBlank(byteAt(s, blank+2)) && st.first && !st.spaced:
		st.sep, i = ':', blank+2 // LDIF, in base64
	case c == '.' && strings.HasPrefix(s[blank:], "...") && st.spaced:
		st.sep, i = ':', run(s, blank, func(c byte) bool { return c == '.' })
	case c == '<' && byteAt(s, st.start-1) == '>' && !st.quoted:
		return sc.elementPair(st, blank)
	case c == '>' && st.quoted && sc.names(st.start-1):
		st.sep, i = '>', blank+1 // <entry key="password">
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
	case (c == '|' || c == '?') && byteAt(s, blank+1) == c && st.spaced && isQuote(byteAt(s, skipBlank(s, blank+2))):
		st.sep, i = '=', blank+2 // process.env.NAME || "…"
	case c == '|' && st.spaced && sc.inTable(st.start):
		st.sep, i = ':', blank+1
	case st.spaced && !st.quoted && noteLen(s[blank:]) > 0:
		st.sep, i = ':', blank+noteLen(s[blank:])
	case c == ',' && !st.quoted && byteAt(s, st.start-1) == ':' && isQuote(byteAt(s, skipBlank(s, blank+1))):
		st.sep, i = '=', blank+1 // set :password, "…"
	case st.spaced && isAlpha(c) && sc.opensTag(st.start) && tagEnd(s, blank) > 0:
		st.sep, i = '>', tagEnd(s, blank) // <Password Type="…">
	case arrowLen(s[blank:]) > 0 && st.flag == 0 && !st.quoted && sc.lonely(skipBlank(s, blank+arrowLen(s[blank:]))):
		st.sep, i = ':', blank+arrowLen(s[blank:])
	case c == ',' && st.quoted && st.class == strongName && !sc.inCall(st.start-1) && sc.tuplePassword(blank+1):
		st.sep, i = '=', blank+1
	case c == '>' && byteAt(s, st.start-1) == ':' && run(s, max(0, st.start-16)+strings.LastIndexByte(s[max(0, st.start-16):st.start], '<')+1, isAlnum) == st.start-1:
		st.sep, i = '>', blank+1 // <ns:password>
	case c == '*' && st.flag == 0 && emphasized(s[blank:]) > 0:
		st.sep, i = ':', blank+emphasized(s[blank:])
	case c == ',' && !st.quoted && st.flag == 0 && sc.namesPair(st.start):
		return sc.pair(st, blank)
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
	if st.sep == ':' && byteAt(s, st.at) == '*' { // **Password:** …
		st.at = skipBlank(s, run(s, st.at, func(c byte) bool { return c == '*' }))
	}
	if at := declared(s, st.at); st.sep == ':' && at > 0 {
		st.sep, st.spaced, st.at = '=', true, at
	}
	if st.sep == '=' && st.at > i {
		st.spaced = true
	}
	return st.at < len(s)
}

// declared is where the value stands behind a type, as in PASSWORD: &str = "…"; 0 if no type and quoted value do.
func declared(s string, i int) int {
	const longest = 48
	j := run(s[:min(len(s), i+longest)], i, func(c byte) bool { return isNameByte(c) || strings.IndexByte("&' <>[]?|:", c) >= 0 })
	if j == i || byteAt(s, j) != '=' || !isBlank(byteAt(s, j-1)) || byteAt(s, j+1) == '=' {
		return 0
	}
	if at := skipBlank(s, j+1); byteAt(s, at) == '"' {
		return at
	}
	return 0
}

// hasEncodedSeparator tells whether s begins with %3D or %3A, behind a %22 perhaps.
func hasEncodedSeparator(s string) bool {
	s = strings.TrimPrefix(s, "%22")
	return hasFoldPrefix(s, "%3d") || hasFoldPrefix(s, "%3a")
}

// noteLen is the length of a short note in brackets and the colon behind it, as programs that ask for a value print a default: [None]:; 0 without.
func noteLen(s string) int {
	const longest = 24
	if c := byteAt(s, 0); c != '[' && c != '(' {
		return 0
	}
	n := strings.IndexAny(s[:min(len(s), longest)], "])")
	if n < 0 || byteAt(s, n+1) != ':' || byteAt(s, n+2) != ' ' {
		return 0
	}
	return n + 2
}

// opensTag tells whether the name at i is that of an element of XML, with or without a name space.
func (sc *scanner) opensTag(i int) bool {
	s := sc.s
	if byteAt(s, i-1) == ':' {
		i--
		for n := 0; i > 0 && n < 16 && isAlnum(s[i-1]); n++ {
			i--
		}
	}
	return byteAt(s, i-1) == '<'
}

// tagEnd is the place behind the end of the tag whose attributes begin at i, 0 if it does not end soon.
func tagEnd(s string, i int) int {
	const longest = 256
	if n := strings.IndexAny(s[i:min(len(s), i+longest)], "<>/\n"); n > 0 && s[i+n] == '>' && strings.IndexByte(s[i:i+n], '=') > 0 {
		return i + n + 1
	}
	return 0
}

// arrowLen is the length of the arrow or dash that s begins with, as people put it between a name and its value; 0 without.
func arrowLen(s string) int {
	for _, a := range []string{"->", "→", "–", "—", "- "} {
		if strings.HasPrefix(s, a) {
			return len(a)
		}
	}
	return 0
}

// lonely tells whether the word at i looks like a password and ends its line.
func (sc *scanner) lonely(i int) bool {
	v := sc.s[i:sc.lineStop(i)]
	return len(v) <= longestJudged && strings.IndexByte(v, ' ') < 0 && strong(v) && lookAt(v).digit && !isVersion(v) && !strings.ContainsAny(v, "(){}")
}

// inTable tells whether i is where the first cell of a table's row begins.
func (sc *scanner) inTable(i int) bool {
	for i > 0 && (sc.s[i-1] == ' ' || sc.s[i-1] == '*') {
		i--
	}
	return byteAt(sc.s, i-1) == '|' && sc.firstInLine(i-1)
}

// emphasized is the length of the stars and the colon that s begins with, as behind a name that Markdown prints bold; 0 without.
func emphasized(s string) int {
	n := run(s, 0, func(c byte) bool { return c == '*' })
	if n <= 2 && byteAt(s, n) == ':' {
		return n + 1
	}
	return 0
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

// takesBlank tells whether a name may be followed by its value after white space alone: an option, a directive of a
// configuration file, a keyword of SQL or of a command.
func (sc *scanner) takesBlank(st *site, stop int) bool {
	after := skipBlank(sc.s, stop)
	if programs()[st.name] != nil && st.flag == 0 && !isQuote(byteAt(sc.s, after)) && !sc.setsName(st.start) && !sc.followsUser(st.start) {
		return false // wpa_passphrase NETWORK
	}
	if byteAt(sc.s, st.start-1) == '/' {
		return false // the end of a path
	}
	if st.flag > 0 {
		return after-stop == 1 || isQuote(byteAt(sc.s, after))
	}
	return st.class == strongName || (st.class == tokenName || st.class == mediumName) && (st.first || sc.setsName(st.start)) ||
		st.class == mediumName && sc.followsUser(st.start) || st.class == tokenName && sc.possessed(st.start) ||
		st.class == mediumName && isQuote(byteAt(sc.s, after))
}

// possessed tells whether the word before i says whose the name is that stands there: my token, the API key.
func (sc *scanner) possessed(i int) bool {
	words := strings.Fields(sc.s[max(0, i-16):i])
	if len(words) == 0 || byteAt(sc.s, i-1) != ' ' {
		return false
	}
	switch strings.ToLower(words[len(words)-1]) {
	case "my", "our", "this", "the", "your", "new", "old", "leaked":
		return true
	}
	return false
}

// followsUser tells whether a user and its name stand before i: user NAME pass ….
func (sc *scanner) followsUser(i int) bool {
	words := strings.Fields(sc.s[max(0, i-64):i])
	if n := len(words); n >= 2 {
		w := strings.ToLower(strings.Trim(words[n-2], ":"))
		return w == "user" || w == "username" || w == "login"
	}
	return false
}

// setsName tells whether the name at i is what a command sets: setenv NAME, set -gx NAME, ENV NAME.
func (sc *scanner) setsName(i int) bool {
	from := max(0, i-24)
	head := sc.s[from:i]
	if n := strings.LastIndexByte(head, '\n'); n >= 0 {
		head = head[n+1:]
	}
	for head != "" {
		head = strings.TrimRight(head, " \t$")
		n := strings.LastIndexAny(head, " \t") + 1
		switch w := strings.ToLower(head[n:]); {
		case w == "set" || w == "setenv" || w == "setx" || w == "env" || w == "arg" || w == "put" || w == "add" || strings.HasSuffix(w, "_header") || strings.HasSuffix(w, "-header") || strings.HasSuffix(w, "_param"):
			return n > 0 || from == 0 || head != sc.s[from:i]
		case !strings.HasPrefix(w, "-"):
			return false
		}
		head = head[:n]
	}
	return false
}
