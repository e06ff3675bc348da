package redact

import "strings"

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

// identified looks at IDENTIFIED [WITH plugin] BY|AS 'password' of SQL.
func (sc *scanner) identified(at, end int) {
	s := sc.s
	before := strings.ToLower(s[max(0, at-256):at])
	if !sc.firstInLine(at) && !strings.Contains(before, "user") && !strings.Contains(before, "grant") && !strings.Contains(before, "alter") &&
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
			// A variable or an expression in the place of a user or a host.
			j := argumentEnd(s, i)
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

// argumentEnd is where the argument of a call that begins at i ends: at a comma or a bracket that it did not open.
func argumentEnd(s string, i int) int {
	const longest = 256
	depth := 0
	for j := i; j < len(s) && j < i+longest; j++ {
		switch s[j] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return j
			}
		case ',':
			if depth == 0 {
				return j
			}
		case '\n', ';':
			return j
		}
	}
	return min(len(s), i+longest)
}

// setPassword looks at SET PASSWORD FOR account = '…' of SQL.
func (sc *scanner) setPassword(_, end int) {
	const longest = 256
	s := sc.s
	if n := strings.IndexByte(s[end:min(len(s), end+longest)], '='); n >= 0 && strings.IndexByte(s[end:end+n], '\n') < 0 {
		if x, ok := quoted(s, skipBlank(s, end+n+1)); ok {
			sc.given(x, kindPassword)
		}
	}
}

// sourceName looks at user:password@tcp(host:port) of Go's driver for MySQL.
func (sc *scanner) sourceName(at, _ int) {
	const longest = 256
	s := sc.s
	from := max(0, at-longest)
	if n := strings.LastIndexAny(s[from:at], " \t\n\"'`="); n >= 0 {
		from += n + 1
	}
	if n := strings.IndexByte(s[from:at], ':'); n > 0 {
		sc.given(extent{start: from + n + 1, end: at}, kindPassword)
	}
}

// accountPair looks at the identifier of a Twilio account: its token of 32 hexadecimal digits may stand beside it.
func (sc *scanner) accountPair(at, _ int) {
	const reach = 64
	s := sc.s
	id := run(s, at+3, isHex)
	if s[at+1:at+3] != "AC" || id-at-3 != 32 {
		return
	}
	for i := id; i < min(len(s), id+reach) && s[i] != '\n'; i++ {
		if j := run(s, i, isHex); j-i == 32 && !isWordByte(byteAt(s, i-1)) && !isWordByte(byteAt(s, j)) {
			sc.add(i, j, "twilio", rankToken)
			return
		} else if j > i {
			i = j
		}
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

func callRules() []rule {
	call := func(which int, literals ...string) rule {
		return rule{literals: literals, find: func(sc *scanner, _, end int) { sc.quotedArgument(end, which) }}
	}
	return []rule{
		{literals: []string{"| convertto-securestring", "|convertto-securestring"}, find: (*scanner).pipedString},
		{literals: []string{"oracle:thin:", "oracle:oci:", "oracle:oci8:"}, find: (*scanner).oracleURL},
		{literals: []string{"set password for "}, find: (*scanner).setPassword},
		{literals: []string{"@tcp(", "@unix("}, find: (*scanner).sourceName},
		{literals: []string{`"ac`, `'ac`}, find: (*scanner).accountPair},
		{literals: []string{"identified"}, find: (*scanner).identified},
		{literals: []string{"convertto-securestring"}, find: (*scanner).secureString},
		call(2, ".auth(", "login(", "httpbasicauth(", "httpdigestauth(", "networkcredential(", "basicauth(", "setbasicauth(",
			"basic_auth(", "auth=(", "credentials(", "userpassword(", "authenticate(",
			"simple_bind_s(", "simple_bind(", "bind_s(", ".bind(", "jwt.encode(", "jwt.sign(", "jwt.verify(", "jwt.decode(", "createhmac(", "sp_addlogin ", "sp_password ",
			"auth_password(", "authpassword(", "userauth_password(", "passwordauthentication(", "authenticationtoken(", "passwordcredential("),
		call(1, "setpassword(", "withpassword(", "setpassphrase(", "setsecret(", "settoken(", "setapikey(", "hmac.new(", "sp_password ",
			"hashpw(", "hash_password(", "password_hash(", "password_verify(", "make_password(", "set_password(", "check_password(", "fernet(", "fernet.new(", "hashpassword("),
		call(3, "ftp_login(", "imap_open(", "sequelize(", "ldap_bind(", "dbi->connect(", "mysqldb.connect(", "mysqli_connect(", "mysql_connect(", "new mysqli(", "new pdo(", "getconnection(", "pymysql.connect(", "plainauth("),
	}
}
