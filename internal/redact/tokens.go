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

// jwt looks at the base64 of `{"`: a JSON Web Token or its encrypted form (RFC 7519), with or without a signature.
func (sc *scanner) jwt(at, _ int) {
	s := sc.s
	if s[at:at+3] != "eyJ" || isB64(byteAt(s, at-1)) && byteAt(s, at-1) != '/' || sc.covered(at) {
		return
	}
	end, parts := at, 0
	for {
		stop := run(s, end, isPadded)
		if stop-end < 4 && parts < 2 {
			break
		}
		parts++
		end = stop
		if byteAt(s, end) != '.' || !isB64(byteAt(s, end+1)) && parts != 2 {
			break
		}
		end++
	}
	if parts < 2 || end-at < 30 {
		return
	}
	if s[end-1] == '.' && parts != 2 {
		end--
	}
	sc.add(at, end, "jwt", rankToken)
}

// terraform looks at the middle of a Terraform Cloud token.
func (sc *scanner) terraform(at, end int) {
	start := at
	for start > 0 && at-start < 20 && isAlnum(sc.s[start-1]) {
		start--
	}
	stop := run(sc.s[:min(len(sc.s), end+512)], end, isDashed)
	if at-start >= 10 && stop-end >= 40 {
		sc.add(start, stop, "terraform", rankToken)
	}
}

// entra looks at the fifth and sixth character of a client secret of Microsoft Entra ID.
func (sc *scanner) entra(at, end int) {
	s := sc.s
	start := at - 4
	is := func(c byte) bool { return isDotted(c) || c == '~' }
	if start < 0 || s[at:end] != "Q~" || !isDigit(s[at-1]) || start > 0 && is(s[start-1]) {
		return
	}
	stop := run(s[:min(len(s), end+64)], end, is)
	for stop > end && s[stop-1] == '.' {
		stop--
	}
	if run(s, start, is) >= at && stop-end >= 31 && stop-end <= 34 {
		sc.add(start, stop, "azure", rankToken)
	}
}

// telegram looks at a bot's number, a colon and 35 characters that begin with AA.
func (sc *scanner) telegram(at, _ int) {
	s := sc.s
	start := at
	for start > 0 && at-start < 16 && isDigit(s[start-1]) {
		start--
	}
	stop := run(s[:min(len(s), at+64)], at+1, isDashed)
	if n := stop - at - 1; s[at+1] == 'A' && at-start >= 7 && n >= 33 && n <= 36 && !isHexDigits(s[at+1:stop]) {
		sc.add(start, stop, "telegram", rankToken)
	}
}

func isHexDigits(s string) bool { return run(s, 0, isHex) == len(s) }

// mailchimp looks at the data centre after a key of 32 hexadecimal digits.
func (sc *scanner) mailchimp(at, end int) {
	s := sc.s
	stop := run(s, end, isDigit)
	if at < 32 || stop == end || stop-end > 2 || !isHexDigits(s[at-32:at]) || at > 32 && isAlnum(s[at-33]) || isWordByte(byteAt(s, stop)) {
		return
	}
	sc.add(at-32, stop, "mailchimp", rankToken)
}

// azure looks at the mark that newer keys of Azure carry in their middle.
func (sc *scanner) azure(at, end int) {
	s := sc.s
	start := at
	for start > 0 && at-start < 80 && isB64(s[start-1]) {
		start--
	}
	stop := run(s[:min(len(s), end+128)], end, isPadded)
	if s[at:end] == "JQQJ99" && stop-start >= 40 && stop-start <= 100 {
		sc.add(start, stop, "azure", rankToken)
	}
}

// firebase looks at a server key of Firebase Cloud Messaging.
func (sc *scanner) firebase(at, end int) {
	s := sc.s
	start := at
	for start > 0 && at-start < 40 && isDashed(s[start-1]) {
		start--
	}
	if stop := run(s[:min(len(s), end+256)], end, isDashed); s[at+1:end] == "APA91b" && at-start >= 8 && stop-end >= 80 {
		sc.add(start, stop, "firebase", rankToken)
	}
}

// valueAt is where the value of a name that ends at i begins: behind a quote, a separator and another quote. ok is false where
// no separator stands.
func valueAt(s string, i int) (at int, ok bool) {
	i = skipBlank(s, i+closingQuote(s, i))
	if c := byteAt(s, i); c != '=' && c != ':' {
		return 0, false
	}
	i = skipBlank(s, i+1)
	return i + closingQuote(s, i), true
}

// wireGuard looks at a key of WireGuard: 32 bytes in base64.
func (sc *scanner) wireGuard(_, end int) {
	if i, ok := valueAt(sc.s, end); ok {
		if stop := run(sc.s[:min(len(sc.s), i+44)], i, func(c byte) bool { return isAlnum(c) || c == '+' || c == '/' }); stop-i == 43 && byteAt(sc.s, stop) == '=' {
			sc.add(i, stop+1, kindPrivateKey, rankKey)
		}
	}
}

// awsSecret looks at a secret access key: 40 characters.
func (sc *scanner) awsSecret(_, end int) {
	i, ok := valueAt(sc.s, end)
	if !ok {
		return
	}
	stop := run(sc.s[:min(len(sc.s), i+41)], i, func(c byte) bool { return isAlnum(c) || c == '+' || c == '/' })
	if v := sc.s[i:stop]; len(v) == 40 && !isPlaceholder(v) && !fewCharacters(v) {
		sc.add(i, stop, "aws", rankToken)
	}
}

// awsPair looks at an access key id: a 40-character secret key may stand beside it in a table or a list.
func (sc *scanner) awsPair(at, end int) {
	s := sc.s
	lo, hi := max(0, at-120), min(len(s), end+180)
	for i := lo; i < hi; {
		if !isB64(s[i]) || s[i] == '-' || s[i] == '_' {
			i++
			continue
		}
		j := run(s[:hi], i, func(c byte) bool { return isAlnum(c) || c == '/' || c == '+' })
		v := s[i:j]
		if l := lookAt(v); len(v) == 40 && l.lower && l.upper && l.digit && !isB64(byteAt(s, i-1)) && !isPadded(byteAt(s, j)) && !strings.HasSuffix(v, "EXAMPLEKEY") {
			sc.add(i, j, "aws", rankToken)
		}
		i = j
	}
}

// maxmind looks at the end of a MaxMind licence key.
func (sc *scanner) maxmind(at, end int) {
	s := sc.s
	start := at - 36
	if start < 0 || isWordByte(byteAt(s, end)) || start > 0 && isWordByte(s[start-1]) || s[start+6] != '_' {
		return
	}
	if run(s[:end], start, isWordByte) >= end {
		sc.add(start, end, "maxmind", rankToken)
	}
}
