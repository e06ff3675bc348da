package redact

import "strings"

// Files and languages in which a secret stands at a certain place of a line.

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

// oracleURL looks at the user/password@ of Oracle's JDBC URLs.
func (sc *scanner) oracleURL(_, end int) {
	s := sc.s
	slash := run(s, end, func(c byte) bool { return isWordByte(c) || c == '$' || c == '#' })
	if byteAt(s, slash) != '/' || slash == end {
		return
	}
	stop := run(s[:min(len(s), slash+256)], slash+1, func(c byte) bool { return c > ' ' && !isQuote(c) })
	if n := strings.LastIndexByte(s[slash+1:stop], '@'); n > 0 {
		sc.given(extent{start: slash + 1, end: slash + 1 + n}, kindPassword)
	}
}

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

// identified looks at IDENTIFIED [WITH plugin] BY|AS 'password' of SQL.
func (sc *scanner) identified(at, end int) {
	s := sc.s
	before := strings.ToLower(s[max(0, at-256):at])
	if !strings.Contains(before, "user") && !strings.Contains(before, "grant") && !strings.Contains(before, "alter") &&
		!strings.Contains(before, "create") {
		return
	}
	i := skipBlank(s, end)
	for range 6 {
		j := run(s, i, func(c byte) bool { return isNameByte(c) })
		switch strings.ToLower(s[i:j]) {
		case "by", "as", "values":
			i = skipBlank(s, j)
			if hasFoldPrefix(s[i:], "password ") || hasFoldPrefix(s[i:], "values ") {
				i = skipBlank(s, run(s, i, isAlpha))
			}
			x, ok := quoted(s, i)
			if !ok {
				stop := run(s, i, func(c byte) bool { return c > ' ' && c != ';' && !isQuote(c) && c != ')' && c != '\\' })
				x = extent{start: i, end: stop}
				if isPlainWord(x.text(s)) && len(x.text(s)) < 4 {
					return
				}
			}
			sc.given(x, kindPassword)
			return
		case "with":
		case "":
			x, ok := quoted(s, i) // the plugin's name
			if !ok {
				return
			}
			j = x.next
		}
		i = skipBlank(s, j)
	}
}

// quotedArgument looks at a call one of whose arguments is a password, the one at place which: db.auth("u", "p"),
// HTTPBasicAuth("u", "p"), setPassword("p").
func (sc *scanner) quotedArgument(end, which int) {
	s := sc.s
	i := run(s, end, isSpace)
	for n := 1; n <= which; n++ {
		x, ok := quoted(s, i)
		if !ok {
			// A variable in the place of a user or a host.
			j := run(s, i, func(c byte) bool {
				return isWordByte(c) || c == '.' || c == '$' || c == '[' || c == ']' || c == '-' || c == '>'
			})
			if j == i || n == which {
				return
			}
			i = j
		} else {
			if n == which {
				if v := x.text(s); !isReference(v, x.quote) && !isBlankForm(v) && len(v) >= 3 && !x.open && (which > 1 || !isPlaceholder(v) && !strings.Contains(v, " ")) {
					sc.add(x.start, x.end, kindPassword, rankFormat)
				}
				return
			}
			i = x.next
		}
		i = run(s, i, isSpace)
		if byteAt(s, i) != ',' {
			return
		}
		i = run(s, i+1, isSpace)
	}
}

// secureString looks at ConvertTo-SecureString "…" of PowerShell.
func (sc *scanner) secureString(_, end int) {
	i := skipBlank(sc.s, end)
	for byteAt(sc.s, i) == '-' {
		i = skipBlank(sc.s, run(sc.s, i, isNameByte))
	}
	if byteAt(sc.s, i) == '\\' {
		return // the line ends here: it stands in a string
	}
	x, ok := quoted(sc.s, i)
	if !ok {
		x = sc.bare(i, ' ', longestJudged)
		if isCode(x.text(sc.s)) {
			return
		}
	}
	sc.given(x, kindPassword)
}

// pipedString looks at the string that a pipe leads to ConvertTo-SecureString.
func (sc *scanner) pipedString(at, _ int) {
	s := sc.s
	end := at
	for end > 0 && isBlank(s[end-1]) {
		end--
	}
	if end < 2 || !isQuote(s[end-1]) {
		return
	}
	from := max(0, end-256)
	if n := strings.LastIndexByte(s[from:end-1], s[end-1]); n >= 0 {
		sc.given(extent{start: from + n + 1, end: end - 1, quote: s[end-1]}, kindPassword)
	}
}

// community looks at the community strings of SNMP agents.
func (sc *scanner) community(_, end int) {
	i := skipBlank(sc.s, end)
	j := run(sc.s, i, func(c byte) bool { return c > ' ' })
	if v := sc.s[i:j]; !commonWords[v] {
		sc.given(extent{start: i, end: j}, kindPassword)
	}
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

// sends looks at what an expect script sends where a password is asked for.
func (sc *scanner) sends(_, end int) {
	s := sc.s
	if sc.carry.expect != expectPassword && !strings.Contains(strings.ToLower(s[max(0, end-512):min(len(s), end+512)]), "assw") &&
		!strings.Contains(strings.ToLower(s[max(0, end-512):min(len(s), end+512)]), "passphrase") {
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
	end := sc.lineStop(stop)
	if end-stop > 160 {
		end = stop + 160
	}
	rest := s[stop:end]
	at := -1
	for _, p := range []string{" is: ", " is ", " was set to ", " set to ", " changed to ", " reset to ", ": "} {
		if n := strings.Index(rest, p); n >= 0 && (n < 8 || p == ": ") {
			at = n + len(p)
			if p == ": " && !tellsPassword(rest[:n]) {
				return
			}
			if p != ": " {
				if m := strings.Index(rest[at:], ": "); m >= 0 {
					at += m + 2
				}
			}
			break
		}
	}
	if at < 0 || at >= len(rest) || strings.ContainsAny(rest[:at], "\"'=\x01") {
		return
	}
	x, ok := quoted(s, stop+at)
	if !ok {
		x = sc.bare(stop+at, ':', 128)
		if n := len(x.text(s)); n > 0 && s[x.end-1] == '.' {
			x.end--
		}
	}
	v := x.text(s)
	if len(v) < 6 || !strong(v) && !(lookAt(v).letters() && lookAt(v).digit && x.next >= sc.lineStop(stop)) || isReference(v, x.quote) || isPlaceholder(v) || isCode(v) || isVersion(v) || strings.ContainsAny(v, "()@") && !ok && lookAt(v).classes() < 4 {
		return
	}
	sc.add(x.start, x.end, st.kind, rankName)
}

// tellsPassword tells whether the words between "password" and a colon say that one follows.
func tellsPassword(words string) bool {
	for _, w := range []string{"generated", " is", " set", " for ", "assigned", "created", " to ", " of "} {
		if strings.Contains(words, w) {
			return true
		}
	}
	return words == ""
}

// typedPassword looks at the type of a password on network equipment: secret 5 …, password 7 …, key 0 ….
func (sc *scanner) typedPassword(st site, i int) bool {
	s := sc.s
	if i+2 >= len(s) || !isDigit(s[i]) || s[i+1] != ' ' {
		return false
	}
	j := i + 2
	stop := run(s, j, func(c byte) bool { return c > ' ' })
	if v := s[j:stop]; len(v) < 4 || !strings.ContainsAny(v, "0123456789$") && s[i] != '0' {
		return false
	}
	sc.add(j, stop, st.kind, rankFormat)
	return true
}

// expectation is what a line lets expect of the next ones.
type expectation uint8

const (
	expectNothing  expectation = iota
	expectNetrc                // "login name" of netrc: password
	expectPassword             // expect "assword:": send
	expectValue                // "name": "DB_PASSWORD": "value": …
	expectItem                 // "--password", of a list that goes on
)

func placeRules() []rule {
	call := func(which int, literals ...string) rule {
		return rule{literals: literals, find: func(sc *scanner, _, end int) { sc.quotedArgument(end, which) }}
	}
	return []rule{
		{literals: []string{":5432:", ":5433:", ":5434:", ":6432:", ":5435:", ":5439:", ":26257:", ":*:"}, find: (*scanner).pgpass},
		{literals: []string{":587 ", ":465 ", ":25 ", ":587\t", ":465\t", ":25\t"}, find: (*scanner).mailRelay},
		{literals: []string{"login "}, find: (*scanner).netrc},
		{literals: []string{"| convertto-securestring", "|convertto-securestring"}, find: (*scanner).pipedString},
		{literals: []string{"snmp-server community ", "rocommunity ", "rwcommunity ", "rocommunity6 ", "rwcommunity6 ", "com2sec "},
			find: (*scanner).community},
		{literals: []string{"rootpw ", "stats auth ", "login="}, find: (*scanner).afterWord},
		{literals: []string{"{plain}", "{cleartext}", "{clear}"}, find: (*scanner).plainScheme},
		{literals: []string{"oracle:thin:", "oracle:oci:", "oracle:oci8:"}, find: (*scanner).oracleURL},
		{literals: []string{"identified"}, find: (*scanner).identified},
		{literals: []string{"convertto-securestring"}, find: (*scanner).secureString},
		{literals: []string{"send ", "send_user ", "sendline(", "send(", "send -"}, find: (*scanner).sends},
		{literals: []string{"assword:", "assword: ", "passphrase:"}, find: (*scanner).asked},
		call(2, ".auth(", ".login(", "httpbasicauth(", "httpdigestauth(", "networkcredential(", "basicauth(", "setbasicauth(",
			"basic_auth(", "auth=(", "credentials(", "userpassword("),
		call(1, "setpassword(", "withpassword(", "setpassphrase(", "setsecret(", "settoken(", "setapikey("),
		call(3, "ftp_login(", "imap_open(", "ldap_bind(", "dbi->connect(", "mysqldb.connect(", "mysqli_connect(", "mysql_connect(", "new mysqli(", "new pdo(", "getconnection(", "pymysql.connect("),
	}
}
