package redact

import "strings"

// Logons: what people type to programs and protocols that ask for a name and a password.

// oracleConnect looks at connect user/password@db of SQL*Plus and its like.
func (sc *scanner) oracleConnect(at, end int) {
	s := sc.s
	prompted := strings.HasSuffix(s[:at], "SQL> ") || strings.HasSuffix(s[:at], "RMAN> ")
	before := byteAt(s, at-1)
	if !prompted && !sc.firstInLine(at) && !isQuote(before) && before != 'n' && !strings.HasSuffix(s[:at], "; ") {
		return
	}
	i := skipBlank(s, end)
	if hasFoldPrefix(s[i:], "target ") {
		i = skipBlank(s, i+len("target "))
	}
	slash := run(s, i, func(c byte) bool { return isWordByte(c) || c == '$' || c == '#' })
	if slash == i || slash-i > 30 || byteAt(s, slash) != '/' {
		return
	}
	stop := run(s, slash+1, func(c byte) bool { return c > ' ' && c != ';' && !isQuote(c) && c != '\\' })
	v := s[slash+1 : stop]
	sign := strings.LastIndexByte(v, '@')
	if n := strings.Index(v, "@//"); n > 0 {
		sign = n
	}
	if sign > 0 {
		v = v[:sign]
	} else if !prompted && !hasFoldPrefix(s[stop:], " as sys") && !strong(v) {
		return
	}
	if strings.IndexByte(v, '/') < 0 {
		sc.given(extent{start: slash + 1, end: slash + 1 + len(v)}, kindPassword)
	}
}

// exportLogon is exp user/password file=…, of the old export and import of Oracle.
func exportLogon(sc *scanner, args []word) {
	for _, w := range args {
		if t := sc.text(w); strings.Contains(t, "=") && !strings.HasPrefix(t, "userid=") || strings.Contains(t, "@") {
			oracleLogon(sc, args)
			return
		}
	}
}

// smbArguments is smbclient //server/share [password].
func smbArguments(sc *scanner, args []word) {
	sambaUser(sc, args)
	shared := false
	for i, w := range args {
		t := sc.text(w)
		switch {
		case t == "" || t[0] == '-':
		case i > 0 && len(sc.text(args[i-1])) == 2 && sc.text(args[i-1])[0] == '-' && strings.IndexByte("UWIpcDTsldMmn", sc.text(args[i-1])[1]) >= 0:
		case strings.HasPrefix(t, "//") || strings.HasPrefix(t, `\\`):
			shared = true
		case shared:
			sc.given(sc.inner(w), kindPassword)
			return
		}
	}
}

// impacketTarget is [[domain/]user[:password]@]host of Impacket's programs.
func impacketTarget(sc *scanner, args []word) {
	for _, w := range args {
		x := sc.inner(w)
		v := x.text(sc.s)
		user := v[strings.IndexByte(v, '/')+1:]
		colon := strings.IndexByte(user, ':')
		if v == "" || v[0] == '-' || colon <= 0 || strings.Contains(v, "://") || strings.ContainsAny(user[:colon], `@'"\`) || x.quote == 0 && isHexPair(v) {
			continue
		}
		x.start += len(v) - len(user) + colon + 1
		if n := strings.LastIndexByte(user, '@'); n > colon {
			x.end = x.start + n - colon - 1
		} else if x.quote == 0 && isQuote(sc.s[x.end-1]) {
			x.end--
		}
		if x.quote == 0 && strings.Contains(sc.s[x.start:x.end], "'") { // 'd/u:p'@host
			x.end = x.start + strings.IndexByte(sc.s[x.start:x.end], '\'')
		}
		sc.given(x, kindPassword)
		return
	}
}

// isHexPair tells whether v is LM:NT, two hashes.
func isHexPair(v string) bool {
	n := strings.IndexByte(v, ':')
	return n >= 0 && isHexDigits(v[:n]) && len(v) > 32 && isHexDigits(v[n+1:])
}

// isqlArguments is isql DSN user password of unixODBC.
func isqlArguments(sc *scanner, args []word) {
	if rest := sc.plainArgs(args, false); len(rest) == 3 {
		sc.given(sc.inner(rest[2]), kindPassword)
	}
}

// encryptString is ansible-vault encrypt_string [options] SECRET.
func encryptString(sc *scanner, args []word) {
	begun := false
	for i, w := range args {
		t := sc.text(w)
		switch {
		case !begun:
			begun = t == "encrypt_string"
		case t == "" || t[0] == '-':
		case sc.text(args[i-1])[0] == '-' && sc.text(args[i-1]) != "--" && strings.IndexByte(sc.text(args[i-1]), '=') < 0 && sc.text(args[i-1]) != "-p" && !strings.HasPrefix(sc.text(args[i-1]), "--ask"):
		default:
			sc.given(sc.inner(w), kindPassword)
			return
		}
	}
}

// longestLogon bounds what follows the verb of a logon in its line.
const longestLogon = 256

// protocolLogon looks at PASS of FTP, POP3 and IRC, and at LOGIN of IMAP, as they are typed or logged.
func (sc *scanner) protocolLogon(at, end int) {
	s := sc.s
	stop := sc.lineStop(end)
	if stop-end > longestLogon {
		return
	}
	if cut := strings.Index(s[end:stop], `\r`); cut > 0 {
		stop = end + cut
	}
	words := strings.Fields(s[end:stop])
	sent := sc.sentLine(at)
	switch verb := s[at : end-1]; {
	case verb == "PASS" && len(words) == 1:
		if v := words[0]; sent || sc.firstInLine(at) && strong(v) && lookAt(v).digit && !isWords(v) && !strings.ContainsAny(v, "/()") {
			i := skipBlank(s, end)
			sc.given(innerOf(s, i, i+len(v)), kindPassword)
		}
	case strings.EqualFold(verb, "login") && len(words) == 2:
		tag := at - 1
		for tag > 0 && isAlnum(s[tag-1]) {
			tag--
		}
		if t := s[max(tag, 0):max(at-1, 0)]; byteAt(s, at-1) != ' ' || len(t) == 0 || len(t) > 8 || t != "." && !strings.ContainsAny(t, "0123456789") || !sc.firstInLine(tag) && !sc.sentLine(tag) {
			return
		}
		i := end + strings.LastIndex(s[end:stop], words[1])
		sc.given(innerOf(s, i, i+len(words[1])), kindPassword)
	}
}

// sentLine tells whether what stands before i is how a client marks what it sends.
func (sc *scanner) sentLine(i int) bool {
	head := sc.s[max(0, i-16):i]
	for _, p := range []string{"> ", "C: ", "quote ", ">>> ", "CLIENT: ", "--> ", "<- "} {
		if strings.HasSuffix(head, p) {
			return true
		}
	}
	return false
}

// ftpUser looks at user NAME PASSWORD of ftp(1), in a session or in the here-document that feeds it.
func (sc *scanner) ftpUser(at, end int) {
	s := sc.s
	prompted := strings.HasSuffix(s[:at], "ftp> ")
	if !prompted && !sc.firstInLine(at) || byteAt(s, at-1) == '-' {
		return
	}
	stop := sc.lineStop(end)
	if stop-end > longestLogon {
		return
	}
	words := strings.Fields(s[end:stop])
	if len(words) != 2 {
		return
	}
	if v := words[1]; prompted || strong(v) && lookAt(v).digit && !isWords(v) && !strings.ContainsAny(v, "/()=:@,|") && !fileEnds[strings.TrimRight(v[strings.LastIndexByte(v, '.')+1:], ".")] {
		i := end + strings.LastIndex(s[end:stop], v)
		sc.given(innerOf(s, i, i+len(v)), kindPassword)
	}
}

// mailPassword looks at the base64 of "Password:", which a mail server asks for and a client answers in the next line.
func (sc *scanner) mailPassword(_, end int) {
	if strings.TrimLeft(sc.s[end:sc.lineStop(end)], "=") == "" {
		sc.expectNext(expectPrinted, site{kind: kindPassword})
	}
}

// accountAt looks at user:password@host without a scheme.
func (sc *scanner) accountAt(at, _ int) {
	const longest = 96
	s := sc.s
	from := at
	for from > 0 && at-from < longest && s[from-1] > ' ' && !isQuote(s[from-1]) && strings.IndexByte("=,;()<>[]{}", s[from-1]) < 0 {
		from--
	}
	head := s[from:at]
	colon := strings.IndexByte(head, ':')
	if colon <= 0 || colon > 32 || strings.ContainsAny(head, "/@\\$") || run(head, 0, isNameByte) != colon || !isAlpha(head[0]) {
		return
	}
	v := head[colon+1:]
	if !strong(v) || !lookAt(v).digit || isWords(v) || isVersion(v) || isReference(v, 0) || isPlaceholder(v) {
		return
	}
	host := s[at+1 : run(s, at+1, func(c byte) bool { return isAlnum(c) || c == '.' || c == '-' })]
	if host == "" || byteAt(s, at+1+len(host)) == ':' && strings.HasPrefix(host, "sha") || !isAddress(host) && !isAlpha(host[0]) {
		return
	}
	sc.add(from+colon+1, at, kindPassword, rankFormat)
}

// isAddress tells whether v has the form of an IPv4 address.
func isAddress(v string) bool {
	return strings.Count(v, ".") == 3 && strings.Trim(v, "0123456789.") == ""
}

// accountLine looks at a line that is nothing but name:password, for names that accounts usually have.
func (sc *scanner) accountLine(at, end int) {
	s := sc.s
	if !sc.firstInLine(at) {
		return
	}
	stop := sc.lineStop(end)
	v := s[end:stop]
	if i := strings.IndexByte(v, ' '); i >= 0 || !strong(v) || !lookAt(v).digit || strings.ContainsAny(v, "/:()") || isVersion(v) || isPlaceholder(v) || isReference(v, 0) || isHashed(v) {
		return
	}
	if isWords(v) && vagueNames[strings.ToLower(s[at:end-1])] {
		return
	}
	if l := lookAt(v); !mingled(v) && l.classes() < 4 && !strings.ContainsAny(v, "!#%@&*+$^?~") && !(l.upper && l.lower && l.digit && len(v) >= 8) {
		return
	}
	sc.add(end, stop, kindPassword, rankName)
}

// vagueNames are names of accounts that name other things, too.
var vagueNames = set("guest", "backup", "operator", "support", "service", "manager", "git", "deploy", "jenkins", "ansible", "tomcat", "oracle", "vagrant", "debian", "ubuntu", "centos", "nagios")

func isHashed(v string) bool { return v[0] == '$' || v[0] == '{' }

// accountNames are such names.
var accountNames = []string{"admin:", "root:", "administrator:", "postgres:", "ubuntu:", "deploy:", "oracle:", "guest:", "sysadmin:", "superuser:", "ansible:", "jenkins:", "backup:", "ec2-user:", "debian:",
	"operator:", "support:", "service:", "manager:", "webadmin:", "dbadmin:", "dbuser:", "ftpuser:", "tomcat:", "nagios:", "git:", "vagrant:", "centos:", "pi:"}

// accountList opens the list of name:password lines below chpasswd: of cloud-init.
func (sc *scanner) accountList(i int) {
	if rest := sc.s[i:]; strings.HasPrefix(rest, "list:") && strings.IndexByte("|>", byteAt(rest, skipBlank(rest, len("list:")))) >= 0 && len(rest) > 6 {
		sc.carry.block = block{kind: heredocBlock, secret: kindPassword, delimiter: "\x00", pairs: true, left: 64}
	}
}

func logonRules() []rule {
	return []rule{
		{literals: []string{"connect ", "conn "}, find: (*scanner).oracleConnect},
		{literals: []string{"pass ", "login "}, find: (*scanner).protocolLogon},
		{literals: []string{"user "}, find: (*scanner).ftpUser},
		{literals: []string{"334 ugfzc3dvcmq6", "334 cgfzc3dvcmq6", "+ ugfzc3dvcmq6"}, find: (*scanner).mailPassword},
		{literals: []string{"@"}, find: (*scanner).accountAt},
		{literals: accountNames, find: (*scanner).accountLine},
		{literals: []string{"chpasswd:"}, find: func(sc *scanner, at, end int) {
			if sc.firstInLine(at) && sc.lineStop(end) == end {
				sc.expectNext(expectMembers, site{})
			}
		}},
		{literals: []string{"<auth-user-pass>"}, find: func(sc *scanner, _, end int) {
			if sc.lineStop(end) == end {
				sc.expectNext(expectUser, site{})
			}
		}},
		{literals: []string{`"securestring"`}, find: func(sc *scanner, _, end int) {
			if strings.Contains(sc.s[end:min(len(sc.s), end+memberReach)], "alue") {
				sc.generated(end, "alue")
				return
			}
			sc.expectNext(expectSecure, site{kind: kindPassword})
		}},
	}
}
