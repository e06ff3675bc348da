package redact

import "strings"

// sends looks at what an expect script sends where a password is asked for.
func (sc *scanner) sends(_, end int) {
	s := sc.s
	if around := s[max(0, end-512):min(len(s), end+512)]; sc.carry.expect != expectPassword && !strings.Contains(around, "assw") && !strings.Contains(around, "ASSW") && !strings.Contains(around, "assphrase") {
		return
	}
	i := end
	if byteAt(s, i-1) != '(' {
		for i = skipBlank(s, i); byteAt(s, i) == '-'; {
			i = skipBlank(s, run(s, i, func(c byte) bool { return c > ' ' }))
		}
	}
	x, ok := quoted(s, i)
	if !ok {
		if byteAt(s, i) != '{' {
			return
		}
		n := strings.IndexByte(s[i:], '}')
		if n < 0 {
			return
		}
		x = extent{start: i + 1, end: i + n}
	}
	for _, suffix := range []string{`\\n`, `\\r`, `\n`, `\r`} {
		for x.end-x.start > len(suffix) && strings.HasSuffix(x.text(s), suffix) {
			x.end -= len(suffix)
		}
	}
	v := x.text(s)
	if len(v) < 3 || isPlainWord(v) && len(v) < 5 || isReference(v, x.quote) || strings.ContainsAny(v, " ") {
		return
	}
	sc.given(x, kindPassword)
}

// asked looks at a pattern that waits for a password's prompt; what is sent next is one.
func (sc *scanner) asked(at, end int) {
	head := strings.ToLower(sc.s[max(0, at-64):at])
	if strings.Contains(head, "expect") && !strings.Contains(sc.s[end:], "send") {
		sc.expectNext(expectPassword, site{})
	}
}

// sentence looks at sentences that tell a password: mysqld's "A temporary password is generated for root@localhost: …",
// "your password is …".
func (sc *scanner) sentence(st site, stop int) {
	s := sc.s
	if (st.class == strongName || st.class == tokenName) && sc.announces(st.start, stop) {
		return
	}
	end := min(sc.lineStop(stop), stop+160)
	rest := s[stop:end]
	at := toldAt(s[max(0, st.start-32):st.start], rest, st.class == strongName)
	if at < 0 || at >= len(rest) || strings.ContainsAny(rest[:at], "\"=\x01") || strings.Count(rest[:at], "'")%2 != 0 {
		return
	}
	x, ok := quoted(s, stop+at)
	if !ok {
		x = sc.bare(stop+at, ':', 128)
		if byteAt(s, x.next) == '&' { // there are no fields in a sentence
			x = trimBare(s, x.start, run(s[:end], x.next, func(c byte) bool { return c > ' ' && !isQuote(c) && c != '\\' }))
		}
		if x.end > x.start && s[x.end-1] == '.' {
			x.end--
		}
	}
	v := x.text(s)
	if st.class != strongName && !tokenLike(v, 16) && !(st.class == mediumName && st.kind == kindPassword && strong(v) && lookAt(v).digit) {
		return
	}
	if len(v) < 6 || !strong(v) && !(lookAt(v).letters() && lookAt(v).digit && x.next >= sc.lineStop(stop)) || isReference(v, x.quote) || isPlaceholder(v) || isCode(v) || isVersion(v) || strings.ContainsAny(v, "()@") && !ok && lookAt(v).classes() < 4 {
		return
	}
	sc.add(x.start, x.end, st.kind, rankName)
}

// changes tells whether the words before a password say that it is being changed.
func changes(head string) bool {
	head = strings.ToLower(head)
	for _, w := range []string{"set ", "changed ", "change ", "reset ", "updated ", "update ", "rotated ", "switched "} {
		if strings.Contains(head, w) {
			return true
		}
	}
	return false
}

// toldAt is where what is told begins in the words after a name, -1 if nothing is. Only a password is told behind words and a colon.
func toldAt(head, rest string, password bool) int {
	if strings.HasPrefix(rest, " to ") && changes(head) {
		return len(" to ")
	}
	for _, p := range []string{" is: ", " is ", " was set to ", " was ", " set to ", " changed to ", " reset to ", ": "} {
		if p == ": " {
			if n := strings.Index(rest, " is "); password && n >= 0 && n < 32 && strings.HasPrefix(rest, " for ") {
				return n + len(" is ")
			}
			if n := strings.Index(rest, p); (password && n == 0 || n > 0) && tellsPassword(rest[:n]) {
				return n + len(p)
			}
			break
		}
		switch n := strings.Index(rest[:min(len(rest), 8+len(p))], p); {
		case n < 0:
		default:
			at := n + len(p)
			if m := strings.Index(rest[at:], ": "); m >= 0 {
				at += m + 2
			}
			return at
		}
	}
	return -1
}

// tellsPassword tells whether the words between "password" and a colon say that one follows.
func tellsPassword(words string) bool {
	for _, w := range []string{"generated", " is", " set", " for ", "assigned", "created", " to ", " of "} {
		if strings.Contains(words, w) {
			return true
		}
	}
	words = strings.TrimSpace(words)
	return words == "" || words[0] == '(' && words[len(words)-1] == ')'
}

func toldRules() []rule {
	return []rule{
		{literals: []string{"send ", "send_user ", "sendline(", "send(", "send -"}, find: (*scanner).sends},
		{literals: []string{"assword:", "assword: ", "passphrase:"}, find: (*scanner).asked},
	}
}
