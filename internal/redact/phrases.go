package redact

import "strings"

// Names of secrets that are no single word, and sentences that announce one.

// phrase looks at a name of several words that a colon or an equals sign and the secret follow: Unseal Key 1: …, recovery code: ….
func (sc *scanner) phrase(at, end int) {
	s := sc.s
	if isAlnum(byteAt(s, at-1)) || sc.covered(at) {
		return
	}
	i := run(s, end, func(c byte) bool { return c == 's' || isBlank(c) || isDigit(c) || c == '#' || c == '*' })
	if c := byteAt(s, i); c != ':' && c != '=' {
		return
	}
	i = skipBlank(s, run(s, i+1, func(c byte) bool { return c == '*' }))
	x, ok := quoted(s, i)
	if !ok {
		x = sc.bare(i, ':', longestJudged)
	}
	if v := x.text(s); len(v) >= 6 && (tokenLike(v, 6) || strong(v) || lookAt(v).other && !isPlainWord(v)) && !isReference(v, x.quote) && !isPlaceholder(v) && (!isVersion(v) || len(v) > 30) && !isCode(v) {
		sc.add(x.start, x.end, kindSecret, rankName)
	}
}

// foreignName looks at the word for a password in a script whose letters are no bytes of a name.
func (sc *scanner) foreignName(_, end int) {
	s := sc.s
	i := skipBlank(s, end+closingQuote(s, end))
	switch {
	case strings.HasPrefix(s[i:], "："): // the colon of Chinese and Japanese
		i += len("：")
	case byteAt(s, i) == ':' || byteAt(s, i) == '=':
		i++
	default:
		return
	}
	i = skipBlank(s, i)
	x, ok := quoted(s, i)
	if !ok {
		x = sc.bare(i, ':', longestJudged)
	}
	if v := x.text(s); len(v) >= 4 && !isReference(v, x.quote) && !isPlaceholder(v) && !isCode(v) && (ok || lookAt(v).digit || lookAt(v).other) && v[0] < 0x80 {
		sc.add(x.start, x.end, kindPassword, rankName)
	}
}

// announces looks at the end of a line that says that a password follows in the next: "the following password:", "Your password is:".
func (sc *scanner) announces(at, end int) bool {
	s := sc.s
	from := max(0, at-200)
	line, stop := from+strings.LastIndexByte(s[from:at], '\n')+1, sc.lineStop(end)
	if stop-line > 200 || byteAt(s, stop-1) != ':' || strings.ContainsAny(s[line:stop-1], "\"'={}") {
		return false
	}
	text := strings.ToLower(strings.TrimSpace(s[line:stop]))
	if strings.HasPrefix(text, "enter") || strings.HasPrefix(text, "new password") {
		return false // a prompt
	}
	for _, w := range []string{"using ", "following", "initial", "generated", "temporary", "your ", " is:", "new ", "use "} {
		if strings.Contains(text, w) {
			sc.expectNext(expectAlone, site{kind: kindPassword})
			return true
		}
	}
	return false
}

// alone masks a line that is nothing but one word with the look of a password.
func (sc *scanner) alone(i int) {
	s := sc.s
	stop := sc.lineStop(i)
	if x := innerOf(s, i, stop); !strings.ContainsAny(x.text(s), " \t") && (tokenLike(x.text(s), 16) || strong(x.text(s)) && lookAt(x.text(s)).upper) {
		sc.given(x, kindPassword)
	}
}

// memberReach is how far from the type of a resource its members are looked for in the same line.
const memberReach = 512

// randomPassword looks at the type of a resource of Terraform's state whose result is a password.
func (sc *scanner) randomPassword(at, end int) {
	from := max(0, at-memberReach)
	if strings.Contains(sc.s[from:min(len(sc.s), end+memberReach)], "result") {
		sc.generated(from, "result")
		return
	}
	sc.expectNext(expectMember, site{kind: kindPassword})
}

// generated masks the value of the next member of that name in the line, from i on.
func (sc *scanner) generated(i int, name string) {
	n := strings.Index(sc.s[i:min(len(sc.s), i+3*memberReach)], name)
	if n < 0 {
		return
	}
	if at, ok := valueAt(sc.s, i+n+len(name)); ok {
		if x, ok := quoted(sc.s, at-1); ok {
			sc.given(x, kindPassword)
		}
	}
}

func phraseRules() []rule {
	return []rule{
		{literals: []string{"unseal key", "recovery key", "recovery code", "backup code", "rescue code", "scratch code", "emergency code", "root token",
			"one-time password", "one-time code", "seed phrase", "recovery phrase", "pass phrase", "shared key", "security code", "activation code", "secret phrase", "pragma key", "pragma rekey"},
			find: (*scanner).phrase},
		{literals: []string{"mot de passe", "пароль", "Пароль", "密码", "密碼", "口令", "パスワード", "비밀번호", "contraseña", "Contraseña", "hasło", "Hasło", "lösenord", "adgangskode",
			"jelszó", "şifre"}, find: (*scanner).foreignName},
		{literals: []string{`"random_password"`}, find: (*scanner).randomPassword},
	}
}
