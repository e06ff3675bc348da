package redact

import (
	"strings"
)

// programAt looks at the name of a program that takes secrets as arguments, and reads its command.
func (sc *scanner) programAt(at, end int) {
	s := sc.s
	if s[end-1] == ' ' {
		end--
	}
	if c := byteAt(s, at-1); isWordByte(c) || c == '-' || c == '.' || c == '@' || c == '=' && !isQuote(byteAt(s, at-2)) {
		return
	}
	if hasFoldPrefix(s[end:], ".exe") {
		end += len(".exe")
	} else if strings.HasPrefix(s[end:], ".py ") {
		end += len(".py")
	}
	c := byteAt(s, end)
	in := sc.quotesTo(at)
	if at < sc.walked[in.n] {
		return
	}
	switch {
	case isSpace(c) || c == '\\' && byteAt(s, end+1) == '\n':
	case in.n > 0:
		// ["mysql", "-p…"]: the program stands in quotes of its own, and a comma follows.
		m, n := quoteMarkAt(s, end)
		if j := run(s, end+n, isSpace); n > 0 && in.has(m) && byteAt(s, j) == ',' {
			start := at
			for start > 0 && s[start-1] != m.quote {
				start--
			}
			list := sc.listWords(start, m)
			sc.walk(list.words)
			sc.walked[in.n] = max(sc.walked[in.n], list.end)
		}
		return
	default:
		return
	}
	start := at
	for start > 0 && (isNameByte(s[start-1]) || s[start-1] == '/' || s[start-1] == '\\' && isWordByte(byteAt(s, start-2))) {
		start--
	}
	if !isProgramPath(s[start:at]) {
		return
	}
	cmd := sc.command(start, in)
	sc.walk(cmd.words)
	sc.walked[in.n] = max(sc.walked[in.n], cmd.end)
	sc.fedBy(cmd)
}

// isProgramPath tells whether programs are in the directory dir: /etc/passwd is none.
func isProgramPath(dir string) bool {
	return dir == "" || strings.HasSuffix(dir, "bin/") || dir == "./" || strings.HasPrefix(dir, "/opt/") || strings.HasSuffix(dir, `\`)
}

// baseName is the name of a program in a word: without directories and .exe, in lower case.
func baseName(w string) string {
	if i := strings.LastIndexAny(w, `/\`); i >= 0 {
		if !isProgramPath(w[:i+1]) {
			return ""
		}
		w = w[i+1:]
	}
	if len(w) > 40 {
		return ""
	}
	w = strings.ToLower(w)
	w = strings.TrimSuffix(w, ".exe")
	return strings.TrimSuffix(w, ".py")
}

// maxArguments bounds the words in which a secret is looked for by its place.
const maxArguments = 48

// walk goes through the words of a command. An option belongs to the program that was named last.
func (sc *scanner) walk(words []word) {
	var current *program
	first := 0 // the place of the current program's name
	for i := 0; i < len(words); i++ {
		t := sc.text(words[i])
		if p := programs()[baseName(t)]; p != nil && (current == nil || current.runs(sc, words, i)) {
			current, first = p, i
			if p.positional != nil {
				p.positional(sc, words[i+1:min(len(words), i+1+maxArguments)])
			}
			continue
		}
		if current == nil {
			continue
		}
		i += sc.option(current, words, i, current.only == nil || sc.anyOf(words[first+1:], current.only))
	}
}

// anyOf tells whether one of the first words is in names: the subcommand that takes the options.
func (sc *scanner) anyOf(words []word, names map[string]bool) bool {
	for _, w := range words[:min(len(words), 6)] {
		if names[sc.text(w)] {
			return true
		}
	}
	return false
}

// option looks at words[i] as an option of p; as a short one only with the subcommand that short options belong to. It
// returns 1 if the next word is its value.
func (sc *scanner) option(p *program, words []word, i int, short bool) int {
	w := words[i]
	x := sc.inner(w)
	t := sc.s[x.start:x.end]
	if len(t) < 2 {
		return 0
	}
	next := func(shape valueShape) int {
		if i+1 < len(words) {
			sc.argument(sc.inner(words[i+1]), shape, true)
			return 1
		}
		return 0
	}
	if shape, ok := p.long[t]; ok {
		return next(shape)
	}
	if n := strings.IndexAny(t, "=:"); n > 0 {
		if shape, ok := p.long[t[:n]]; ok {
			sc.argument(innerOf(sc.s, x.start+n+1, x.end), shape, false)
			return 0
		}
	}
	if t[0] != '-' || t[1] == '-' || !short {
		return 0
	}
	for j := 1; j < len(t); j++ {
		letter := t[j]
		shape, ok := p.short[letter]
		switch {
		case ok && shape&separate != 0 && len(t) > 2:
			return 0
		case ok && j+1 < len(t) && shape&attached == 0 && !p.joined && isOptionName(t[j+1:]) && len(t) > 5:
			return 0 // -port, -precision: an option of several letters
		case ok && j+1 < len(t):
			sc.argument(innerOf(sc.s, x.start+j+1, x.end), shape, false)
			return 0
		case ok && shape&attached == 0:
			return next(shape)
		case ok && sc.meantAsValue(words, i+1):
			return next(shape) // mysql -p X: not what it means to mysql, but what its writer meant
		case ok || !p.cluster || !isAlpha(letter) || strings.IndexByte(p.takes, letter) >= 0:
			return 0
		}
	}
	return 0
}

// isOptionName tells whether v is the rest of an option's name that begins with the letter of another.
func isOptionName(v string) bool { return isPlainWord(v) && strings.IndexByte(v, ':') < 0 }

// meantAsValue tells whether words[i], which follows an option that takes its value in the same word, looks like a password
// and not like a database: by its characters, or because another argument follows.
func (sc *scanner) meantAsValue(words []word, i int) bool {
	if i >= len(words) {
		return false
	}
	v := sc.text(words[i])
	if strong(v) {
		return true
	}
	l := lookAt(v)
	return l.letters() && l.digit && l.n >= 6 && v[0] != '-' && i+1 < len(words) && sc.s[words[i+1].start] != '-' && !isPath(v)
}

// argument masks the value of an option by its shape. own says that it is a word of its own.
func (sc *scanner) argument(x extent, shape valueShape, own bool) {
	v := x.text(sc.s)
	if own && v != "" && x.quote == 0 && (v[0] == '-' || v[0] == '/' && len(v) > 2 && (v[2] == ':' || strings.IndexByte(v, ':') > 0 && !strong(v))) {
		return
	}
	kind := kindPassword
	if shape&isTokenShape != 0 {
		kind = kindToken
	}
	switch shape &^ (attached | separate | isTokenShape) {
	case afterColon:
		n := strings.IndexByte(v, ':')
		if n < 0 {
			return
		}
		x.start += n + 1
	case afterPercent:
		n := strings.IndexByte(v, '%')
		if n < 0 {
			return
		}
		x.start += n + 1
	case afterComma:
		n := strings.IndexByte(v, ',')
		if n < 0 {
			return
		}
		x.start += n + 1
	case afterEquals:
		n := strings.IndexByte(v, '=')
		if n < 0 {
			return
		}
		x = innerOf(sc.s, x.start+n+1, x.end)
		if _, class := classify(v[:n]); class == notSecret && (publicKeys[strings.ToLower(v[:n])] || !strings.Contains(sc.s[:x.start], "secret")) {
			return
		}
	case passSource:
		for _, prefix := range []string{"pass:", "key:", "hexkey:", "password:"} {
			if strings.HasPrefix(v, prefix) {
				x.start += len(prefix)
				sc.given(x, kind)
			}
		}
		return
	case cookieShape:
		sc.cookies(x.start, x.end, false)
		return
	case community:
		if v == "public" || v == "private" {
			return
		}
	}
	sc.given(x, kind)
}

// publicKeys are what Kubernetes secrets hold beside the secret.
var publicKeys = set("user", "username", "login", "host", "hostname", "port", "database", "db", "dbname", "name", "region", "bucket",
	"endpoint", "email", "type", "url")

// given masks what stands where only a secret can stand, unless it is a reference or to be filled in.
func (sc *scanner) given(x extent, kind string) {
	x = withoutQuotes(sc.s, x)
	v := strings.TrimSpace(x.text(sc.s))
	if v == "" || len(v) == 1 && !isAlnum(v[0]) || isReference(v, x.quote) || isBlankForm(v) ||
		isVersion(v) && strings.IndexByte(v, ':') > 0 { // a mapping of ports
		return
	}
	sc.add(x.start, x.end, kind, rankFormat)
}

// withoutQuotes takes quotes from the ends of a part of a word: those around the whole of it, and one that belongs to a
// quote outside of it.
func withoutQuotes(s string, x extent) extent {
	for x.quote == 0 && x.end-x.start > 1 {
		first, last := s[x.start], s[x.end-1]
		switch {
		case isQuote(first) && first == last && strings.Count(s[x.start:x.end], string(rune(first))) == 2:
			x.start, x.end = x.start+1, x.end-1
			return x
		case isQuote(last) && strings.Count(s[x.start:x.end], string(rune(last)))%2 == 1:
			x.end--
		case isQuote(first) && strings.Count(s[x.start:x.end], string(rune(first)))%2 == 1:
			x.start++
		default:
			return x
		}
	}
	return x
}

// isBlankForm tells whether v is what a manual writes in the place of a value. Words are not: they are somebody's password.
func isBlankForm(v string) bool {
	first, last := v[0], v[len(v)-1]
	if first == '<' && last == '>' || first == '[' && last == ']' || repeats(v) && len(v) >= 3 && !isDigit(first) {
		return true
	}
	l := strings.ToLower(v)
	if isAllCaps(v) && (commonWords[l] || strings.Contains(l, "pass") || strings.Contains(l, "secret") || strings.Contains(l, "token")) {
		return true
	}
	return strings.HasPrefix(l, "your") && wordy(l) || strings.HasPrefix(v, "...") || strings.HasPrefix(v, "…") || l == "redacted"
}
