package redact

import "strings"

// tokenRules makes a rule of every format, and adds the tokens that are known by their middle.
func tokenRules() []rule {
	rules := []rule{
		{literals: []string{"eyj"}, find: (*scanner).jwt, in: Keys},
		{literals: []string{".atlasv1."}, find: (*scanner).terraform, in: Keys},
		{literals: []string{"q~"}, find: (*scanner).entra, in: Keys},
		{literals: []string{":aa"}, find: (*scanner).telegram, in: Keys},
		{literals: []string{"-us"}, find: (*scanner).mailchimp, in: Keys},
		{literals: []string{"jqqj99"}, find: (*scanner).azure, in: Keys},
		{literals: []string{":apa91b"}, find: (*scanner).firebase, in: Keys},
		{literals: []string{"privatekey", "presharedkey"}, find: (*scanner).wireGuard, in: Keys},
		{literals: []string{"secret_access_key", "secretaccesskey", "secret access key"}, find: (*scanner).awsSecret, in: Keys},
		{literals: []string{"akia", "asia"}, find: (*scanner).awsPair, in: Keys},
		{literals: []string{"_mmk"}, find: (*scanner).maxmind, in: Keys},
	}
	for i := range formats {
		rules = append(rules, rule{
			literals: []string{formats[i].prefix},
			find:     func(sc *scanner, at, end int) { sc.token(i, at, end) },
			in:       Keys,
		})
	}
	return rules
}

// token looks at a prefix of a provider's tokens.
func (sc *scanner) token(id, at, end int) {
	s, f := sc.s, &formats[id]
	if s[at:end] != f.prefix || isAlnum(s[at]) && insideWord(s, at) || sc.covered(at) {
		return
	}
	if sc.rejected != nil && at < sc.rejected[id] {
		return // a part of a run that has been looked at
	}
	limit := len(s)
	if f.most > 0 {
		limit = min(limit, end+f.most+1)
	}
	stop := run(s[:limit], end, f.is)
	for stop-end > f.least && (s[stop-1] == '.' || s[stop-1] == '-' || s[stop-1] == ',') {
		stop-- // the sentence's, unless the token would be too short without it
	}
	n := stop - end
	if n < f.least || f.most > 0 && n > f.most || f.most > 0 && isAlnum(byteAt(s, stop)) {
		return
	}
	body := s[end:stop]
	l := lookAt(body)
	if f.mixed && !l.digit && f.inWords(body, l) || f.mixed && !l.letters() || isPlaceholder(body) && !isRandom(body, l) || fewCharacters(body) ||
		f.prefix == "sk-" && (!l.upper || !l.lower) && !onlyHexTail(body) {
		sc.reject(id, stop, n)
		return
	}
	sc.add(at, stop, f.kind, rankToken)
}

// inWords tells whether a body without digits is made of words: fix-the-login-of-users. Random characters of both cases are not, whether
// or not a digit is among them; behind a prefix that nobody else uses, words in CamelCase are no excuse either.
func (f *format) inWords(body string, l look) bool {
	if !l.lower || !l.upper {
		return true
	}
	return len(f.prefix) < 5 && f.kind != "github" && isCamelCase(body)
}

// isRandom tells whether nobody wrote body: digits and letters of both cases that form no words. By chance it may begin with "my-" or hold
// "xxx" all the same.
func isRandom(body string, l look) bool {
	return l.digit && l.lower && l.upper && !isWords(body) && !strings.Contains(strings.ToLower(body), "xxxx")
}

// isCamelCase tells whether the letters of v form words of four letters or so, each with at most one capital, its first.
func isCamelCase(v string) bool {
	words, letters := 0, 0
	for i := range len(v) {
		if !isAlpha(v[i]) {
			continue
		}
		letters++
		begins := i == 0 || !isAlpha(v[i-1])
		if isUpper(v[i]) && !begins && isUpper(v[i-1]) {
			return false
		}
		if begins || isUpper(v[i]) {
			words++
		}
	}
	return letters >= 4*words
}

// insideWord tells whether a letter or digit stands before s[at] that belongs to the same word: not the end of an escape, such as \n or %3D.
func insideWord(s string, at int) bool {
	if !isAlnum(byteAt(s, at-1)) {
		return false
	}
	switch {
	case at >= 2 && s[at-2] == '\\' && strings.IndexByte("abefnrtv0", s[at-1]) >= 0:
	case at >= 3 && s[at-3] == '%' && isHex(s[at-2]) && isHex(s[at-1]):
	case at >= 4 && s[at-4] == '\\' && s[at-3] == 'x' && isHex(s[at-2]) && isHex(s[at-1]):
	case at >= 6 && s[at-6] == '\\' && s[at-5] == 'u' && isHexDigits(s[at-4:at]):
	default:
		return true
	}
	return false
}

// reject notes that a run of n bytes before stop was no token, if it was long enough to matter.
func (sc *scanner) reject(id, stop, n int) {
	if n < 256 {
		return
	}
	if sc.rejected == nil {
		sc.rejected = make([]int, len(formats))
	}
	sc.rejected[id] = stop
}

// fewCharacters tells whether a token is one of a documentation's: xxxx, 0000, 1234123412341234.
func fewCharacters(body string) bool {
	var seen [256]bool
	n := 0
	for i := 0; i < len(body) && i < 64; i++ {
		if !seen[body[i]] {
			seen[body[i]] = true
			n++
		}
	}
	return n < 5 || len(body) >= 30 && n < 7
}

// onlyHexTail tells whether body is hexadecimal, as the keys of services that follow OpenAI's format are.
func onlyHexTail(body string) bool { return len(body) >= 32 && run(body, 0, isLowerNum) == len(body) }
