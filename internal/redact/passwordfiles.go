package redact

import "strings"

// pgpass looks at the port in a line of PostgreSQL's password file: host:port:database:user:password.
func (sc *scanner) pgpass(at, end int) {
	s := sc.s
	start := at
	for start > 0 && !isSpace(s[start-1]) && !isQuote(s[start-1]) && s[start-1] != ':' {
		start--
	}
	if start == at || byteAt(s, start-1) == ':' {
		return
	}
	i := end
	for field := 0; field < 2; field++ {
		j := run(s, i, func(c byte) bool { return c > ' ' && c != ':' && c != '/' && !isQuote(c) })
		if j == i || byteAt(s, j) != ':' {
			return
		}
		i = j + 1
	}
	stop := i
	for stop < len(s) && s[stop] > ' ' && (!isQuote(s[stop]) || !sc.quotesOpen(start, s[stop])) {
		if s[stop] == ':' && s[stop-1] != '\\' {
			return
		}
		if s[stop] == '\\' && byteAt(s, stop+1) == 'n' {
			break
		}
		stop++
	}
	v := s[i:stop]
	if len(v) >= 4 && !isReference(v, 0) && !isPlaceholder(v) && !isPath(v) && (!isPlainWord(v) || s[at:end] != ":*:" || s[start] == '*') {
		sc.add(i, stop, kindPassword, rankFormat)
	}
}

// quotesOpen tells whether the quote q stands right before i.
func (sc *scanner) quotesOpen(i int, q byte) bool { return byteAt(sc.s, i-1) == q }

// mailRelay looks at [smtp.example.com]:587 user:password of Postfix.
func (sc *scanner) mailRelay(at, end int) {
	s := sc.s
	i := skipBlank(s, end)
	stop := run(s, i, func(c byte) bool { return c > ' ' && !isQuote(c) })
	if n := strings.IndexByte(s[i:stop], ':'); n > 0 && (strong(s[i+n+1:stop]) || byteAt(s, at-1) == ']' && stop-i-n > 4) {
		sc.add(i+n+1, stop, kindPassword, rankFormat)
	}
}

// netrc looks at "login": in netrc(5) follow a name and password VALUE, in the same line or in the next.
func (sc *scanner) netrc(at, end int) {
	s := sc.s
	if isNameByte(byteAt(s, at-1)) {
		return
	}
	i := skipBlank(s, end)
	j := run(s, i, func(c byte) bool { return c > ' ' })
	if j == i {
		return
	}
	i = run(s, j, isSpace)
	if !hasFoldPrefix(s[i:], "password ") {
		if strings.TrimSpace(s[j:]) == "" && sc.startsLine(at) {
			sc.expectNext(expectNetrc, site{})
		}
		return
	}
	sc.netrcPassword(i)
}

// netrcPassword masks the word after "password " at i.
func (sc *scanner) netrcPassword(i int) {
	i = skipBlank(sc.s, i+len("password "))
	j := run(sc.s, i, func(c byte) bool { return c > ' ' && !isQuote(c) && c != '\\' })
	sc.given(extent{start: i, end: j}, kindPassword)
}

// startsLine tells whether only blanks stand before i in its line, or words of netrc.
func (sc *scanner) startsLine(i int) bool {
	line := strings.LastIndexByte(sc.s[:i], '\n') + 1
	head := strings.TrimSpace(sc.s[line:i])
	return head == "" || strings.HasPrefix(head, "machine ") || head == "default"
}

// afterWord looks at rootpw [--plaintext] PASSWORD of kickstart, stats auth user:password of HAProxy, login=user:password of
// Squid.
func (sc *scanner) afterWord(at, end int) {
	s := sc.s
	if isNameByte(byteAt(s, at-1)) {
		return
	}
	i := skipBlank(s, end)
	for strings.HasPrefix(s[i:], "--") {
		i = skipBlank(s, run(s, i, func(c byte) bool { return c > ' ' }))
	}
	j := run(s, i, func(c byte) bool { return c > ' ' && !isQuote(c) && c != '&' && c != ';' })
	if s[at] != 'r' && s[at] != 'R' {
		n := strings.IndexByte(s[i:j], ':')
		if n < 0 || s[end-1] == '=' && !strong(s[i+n+1:j]) {
			return
		}
		i += n + 1
	} else if isPlainWord(s[i:j]) && !sc.startsLine(at) {
		return
	}
	sc.given(extent{start: i, end: j}, kindPassword)
}

// plainScheme looks at {PLAIN}password of Dovecot.
func (sc *scanner) plainScheme(_, end int) {
	j := run(sc.s, end, func(c byte) bool { return c > ' ' && c != ':' && !isQuote(c) && c != '<' && c != ',' && c != ')' })
	if j-end >= 4 {
		sc.given(extent{start: end, end: j}, kindPassword)
	}
}

func fileRules() []rule {
	return []rule{
		{literals: []string{":5432:", ":5433:", ":5434:", ":6432:", ":5435:", ":5439:", ":26257:", ":*:"}, find: (*scanner).pgpass},
		{literals: []string{":587 ", ":465 ", ":25 ", ":587\t", ":465\t", ":25\t"}, find: (*scanner).mailRelay},
		{literals: []string{"login "}, find: (*scanner).netrc},
		{literals: []string{"rootpw ", "stats auth ", "login="}, find: (*scanner).afterWord},
		{literals: []string{"{plain}", "{cleartext}", "{clear}"}, find: (*scanner).plainScheme},
	}
}
