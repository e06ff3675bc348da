package redact

import "strings"

// Places that a secret has in one kind of line only.

// usedAs looks at the word before "as the password".
func (sc *scanner) usedAs(at, end int) {
	s := sc.s
	words := strings.Fields(s[end:min(sc.lineStop(end), end+40)])
	for i, w := range words[:min(len(words), 4)] {
		w = strings.ToLower(strings.Trim(w, ".,;!"))
		if _, class := classify(w); w != "" && class == strongName {
			break
		} else if i == min(len(words), 4)-1 {
			return
		}
	}
	if len(words) == 0 {
		return
	}
	stop := at
	for stop > 0 && isBlank(s[stop-1]) {
		stop--
	}
	start := stop
	for start > 0 && s[start-1] > ' ' {
		start--
	}
	if x := innerOf(s, start, stop); strong(x.text(s)) && lookAt(x.text(s)).digit && !isCode(x.text(s)) {
		sc.given(x, kindPassword)
	}
}

// newValue looks at New value: … of elasticsearch-reset-password.
func (sc *scanner) newValue(at, end int) {
	s := sc.s
	i := skipBlank(s, end)
	v := s[i:sc.lineStop(i)]
	if sc.firstInLine(at) && !strings.Contains(v, " ") && (strong(v) && lookAt(v).digit && !isVersion(v) || tokenLike(v, 16) && !isUUID(v) && !isWords(v)) && !isPath(v) {
		sc.given(extent{start: i, end: i + len(v)}, kindPassword)
	}
}

// setupPassword looks at PASSWORD user = … of elasticsearch-setup-passwords.
func (sc *scanner) setupPassword(at, end int) {
	s := sc.s
	user := run(s, end, isNameByte)
	if s[at:end] != "PASSWORD " || !sc.firstInLine(at) || user == end || !strings.HasPrefix(s[user:], " = ") {
		return
	}
	i := user + len(" = ")
	sc.given(extent{start: i, end: run(s, i, func(c byte) bool { return c > ' ' })}, kindPassword)
}

// typedAsUser looks at what sshd logs as a user that does not exist: a password that somebody typed too early.
func (sc *scanner) typedAsUser(_, end int) {
	s := sc.s
	j := run(s, end, func(c byte) bool { return c > ' ' })
	if v := s[end:j]; strings.ContainsAny(v, "!#%+*&^?=") && strong(v) && lookAt(v).digit {
		sc.given(extent{start: end, end: j}, kindPassword)
	}
}

// slashed looks at NAME / PASSWORD where the words before it speak of a login.
func (sc *scanner) slashed(at, end int) {
	s := sc.s
	stop := run(s, end, func(c byte) bool { return c > ' ' && !isQuote(c) })
	for stop > end && strings.IndexByte(".,;)", s[stop-1]) >= 0 {
		stop--
	}
	v := s[end:stop]
	if !(strong(v) && lookAt(v).digit || tokenLike(v, 12) && lookAt(v).classes() > 2) || strings.ContainsAny(v, "/(") || isVersion(v) {
		return
	}
	from := max(0, at-80)
	head := strings.ToLower(s[from+strings.LastIndexByte(s[from:at], '\n')+1:at] + s[stop:min(sc.lineStop(stop), stop+40)])
	for _, w := range []string{"cred", "wifi", "wi-fi", "ssid", "login", "log in", "sign in", "account", "user", "password", "passwd", "admin", "root"} {
		if strings.Contains(head, w) {
			sc.add(end, stop, kindPassword, rankName)
			return
		}
	}
}

// loginWords looks at log in as NAME with PASSWORD and login with NAME:PASSWORD.
func (sc *scanner) loginWords(_, end int) {
	s := sc.s
	name := run(s, end, isNameByte)
	if name == end || name-end > 32 {
		return
	}
	i := name
	if byteAt(s, i) == ':' || byteAt(s, i) == '/' {
		i++
	} else {
		for _, w := range []string{" with ", " and ", " using ", ", ", " password "} {
			if strings.HasPrefix(s[i:], w) {
				i += len(w)
				break
			}
		}
	}
	j := run(s, i, func(c byte) bool { return c > ' ' && !isQuote(c) })
	for j > i && strings.IndexByte(".,;)", s[j-1]) >= 0 {
		j--
	}
	if v := s[i:j]; i > name && strong(v) && lookAt(v).digit && !isVersion(v) && !strings.ContainsAny(v, "/()@") && !isPlaceholder(v) {
		sc.add(i, j, kindPassword, rankName)
	}
}

// besideName looks at superuser admin/PASSWORD.
func (sc *scanner) besideName(at, end int) {
	s := sc.s
	if isNameByte(byteAt(s, at-1)) || byteAt(s, at-1) == '/' {
		return
	}
	stop := run(s, end, func(c byte) bool { return c > ' ' && !isQuote(c) })
	for stop > end && strings.IndexByte(".,;)", s[stop-1]) >= 0 {
		stop--
	}
	head := strings.Fields(s[max(0, at-32):at])
	if v := s[end:stop]; len(head) > 0 && besideWords[strings.ToLower(strings.Trim(head[len(head)-1], ":("))] && strong(v) && lookAt(v).digit && !strings.ContainsAny(v, "/(") && !isVersion(v) {
		sc.add(end, stop, kindPassword, rankName)
	}
}

// besideWords are the words before such a name.
var besideWords = set("superuser", "user", "login", "account", "as", "with", "using", "credentials", "creds", "admin", "default", "logins", "in")

// userList looks at "name" "password", a line of PgBouncer's list of users.
func (sc *scanner) userList(at, end int) {
	s := sc.s
	stop := sc.lineStop(end)
	line := at
	for line > 0 && at-line < 64 && s[line-1] != '\n' {
		line--
	}
	if stop-1 <= end || byteAt(s, line) != '"' || run(s, line+1, isNameByte) != at || s[stop-1] != '"' || strings.IndexByte(s[end:stop-1], '"') >= 0 || at == line+1 {
		return
	}
	if v := s[end : stop-1]; strong(v) && lookAt(v).digit || tokenLike(v, 12) && lookAt(v).classes() > 2 {
		sc.given(extent{start: end, end: stop - 1, quote: '"'}, kindPassword)
	}
}

// baseAccount looks at user/password@//host of Oracle outside of a command.
func (sc *scanner) baseAccount(at, _ int) {
	const longest = 80
	s := sc.s
	from := at
	for from > 0 && at-from < longest && s[from-1] > ' ' && !isQuote(s[from-1]) && s[from-1] != '=' {
		from--
	}
	if slash := strings.IndexByte(s[from:at], '/'); slash > 0 && isAlnum(byteAt(s, at+len("@//"))) && slash <= 30 && run(s, from, isWordByte) == from+slash {
		sc.given(extent{start: from + slash + 1, end: at}, kindPassword)
	}
}

// azureKey looks at the name of a key of an account at Azure; its value is a member of the same object.
func (sc *scanner) azureKey(_, end int) {
	rest := sc.s[end:min(len(sc.s), end+memberReach)]
	if n := strings.IndexByte(rest, '}'); n >= 0 {
		rest = rest[:n]
	}
	if strings.Contains(rest, `"value"`) {
		sc.generated(end, "alue")
		return
	}
	sc.expectNext(expectSecure, site{kind: kindKey})
}

// teamHeader looks at headers that hold a key without saying so.
func (sc *scanner) teamHeader(_, end int) {
	if i, ok := valueAt(sc.s, end); ok {
		j := run(sc.s, i, isDashed)
		if tokenLike(sc.s[i:j], 16) {
			sc.add(i, j, kindKey, rankFormat)
		}
	}
}

// nextWord masks the word behind.
func (sc *scanner) nextWord(_, end int) {
	i := skipBlank(sc.s, end)
	j := run(sc.s, i, func(c byte) bool { return c > ' ' && !isQuote(c) })
	sc.given(innerOf(sc.s, i, j), kindPassword)
}

// calledPassword looks at the argument of Password("…").
func (sc *scanner) calledPassword(_, end int) {
	if x, ok := quoted(sc.s, run(sc.s, end, isSpace)); ok && !x.open && strong(x.text(sc.s)) && lookAt(x.text(sc.s)).digit {
		sc.given(x, kindPassword)
	}
}

// devOps looks at the mark near the end of a personal access token of Azure DevOps.
func (sc *scanner) devOps(at, end int) {
	const before, after = 76, 4
	s := sc.s
	start := at - before
	if start < 0 || s[at:end] != "AZDO" || run(s, start, isAlnum) != end+after || start > 0 && isAlnum(s[start-1]) {
		return
	}
	sc.add(start, end+after, "azure", rankToken)
}

func placeRules() []rule {
	return []rule{
		{literals: []string{" as the ", " as its ", " as my ", " as your ", " as password", " as a password"}, find: func(sc *scanner, at, end int) {
			if sc.s[end-1] != ' ' {
				end = at + len(" as ")
			}
			sc.usedAs(at, end)
		}},
		{literals: []string{"new value: "}, find: (*scanner).newValue},
		{literals: []string{"password "}, find: (*scanner).setupPassword},
		{literals: []string{"invalid user "}, find: (*scanner).typedAsUser},
		{literals: []string{" / "}, find: (*scanner).slashed},
		{literals: []string{"admin/", "root/", "administrator/"}, find: (*scanner).besideName},
		{literals: []string{"log in as ", "login as ", "logged in as ", "log in with ", "login with ", "sign in as ", "sign in with ", "ssh in with ", "ssh in as ", "authenticate as "}, find: (*scanner).loginWords},
		{literals: []string{`" "`}, find: (*scanner).userList},
		{literals: []string{"@//"}, find: (*scanner).baseAccount},
		{literals: []string{`"keyname"`}, find: (*scanner).azureKey},
		{literals: []string{"x-honeycomb-team"}, find: (*scanner).teamHeader},
		{literals: []string{"-setcookie ", "set_password vnc ", "set_password spice ", "change vnc password "}, find: (*scanner).nextWord},
		{literals: []string{".password("}, find: (*scanner).calledPassword},
		{literals: []string{"azdo"}, find: (*scanner).devOps, in: Keys},
		{literals: []string{`a0="`, "a0="}, find: (*scanner).execve},
		{literals: []string{"\t/\ttrue\t", "\t/\tfalse\t"}, find: (*scanner).cookieJar},
	}
}
