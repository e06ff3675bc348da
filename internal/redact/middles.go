package redact

import "strings"

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

// discord looks at the beginning of a bot's number in base64: the number, a time and a signature follow, with dots between them.
func (sc *scanner) discord(at, end int) {
	s := sc.s
	if s[at:end] != strings.ToUpper(s[at:end]) || isB64(byteAt(s, at-1)) && insideWord(s, at) {
		return
	}
	id := run(s[:min(len(s), at+32)], at, isDashed)
	stamp := run(s[:min(len(s), id+10)], id+1, isDashed)
	stop := run(s[:min(len(s), stamp+48)], stamp+1, isDashed)
	if id-at < 23 || byteAt(s, id) != '.' || stamp-id-1 < 6 || stamp-id-1 > 7 || byteAt(s, stamp) != '.' || stop-stamp-1 < 27 {
		return
	}
	sc.add(at, stop, "discord", rankToken)
}

// node looks at the middle of a token that nodes join a cluster of K3s with: K10, the hash of its certificate, ::server: and the secret.
func (sc *scanner) node(at, end int) {
	s := sc.s
	start := at
	for start > 0 && at-start < 70 && isHex(s[start-1]) {
		start--
	}
	if at-start < 64 || start < 1 {
		return
	}
	if start = at - 64; !strings.HasSuffix(s[:start], "K10") {
		return
	}
	if stop := run(s, end, isDotted); stop-end >= 6 {
		sc.add(start-3, stop, "k3s", rankToken)
	}
}

// zeroTier looks at the middle of an identity of ZeroTier: address:0:public:private.
func (sc *scanner) zeroTier(at, end int) {
	s := sc.s
	public := run(s[:min(len(s), end+129)], end, isHex)
	if at < 10 || !isHexDigits(s[at-10:at]) || public-end != 128 || byteAt(s, public) != ':' {
		return
	}
	if stop := run(s, public+1, isHex); stop-public-1 == 128 {
		sc.add(public+1, stop, kindPrivateKey, rankKey)
	}
}

// challenge looks at user::domain:challenge:proof:blob, as NetNTLM is written.
func (sc *scanner) challenge(_, end int) {
	s := sc.s
	domain := run(s[:min(len(s), end+64)], end, isNameByte)
	i := run(s, domain+1, isHex)
	j := run(s, i+1, isHex)
	stop := run(s, j+1, isHex)
	if byteAt(s, domain) != ':' || i-domain-1 != 16 && i-domain-1 != 48 || byteAt(s, i) != ':' || j-i-1 < 32 || byteAt(s, j) != ':' || stop-j-1 < 16 {
		return
	}
	sc.add(domain+1, stop, kindHash, rankFormat)
}

// resetLink looks at a link that lets whoever has it set a password.
func (sc *scanner) resetLink(_, end int) {
	s := sc.s
	const longest = 256
	stop := run(s[:min(len(s), end+longest)], end, func(c byte) bool { return c > ' ' && !isQuote(c) && c != '<' && c != '>' && c != ')' })
	i := end
	for j := end; j <= stop; j++ {
		if j < stop && strings.IndexByte("/?&=#", s[j]) < 0 {
			continue
		}
		if v := s[i:j]; tokenLike(v, 20) && !isWords(v) && strings.IndexByte(v, '%') < 0 {
			sc.add(i, j, kindToken, rankFormat)
		}
		i = j + 1
	}
}

func middleRules() []rule {
	return []rule{
		{literals: []string{"mta", "mte", "mti", "mtm", "mtq", "otk", "odk", "nzk", "njk", "mjk", "mzk", "ndk", "ntk"}, find: (*scanner).discord, in: Keys},
		{literals: []string{"::server:", "::node:"}, find: (*scanner).node, in: Keys},
		{literals: []string{":0:"}, find: (*scanner).zeroTier, in: Keys},
		{literals: []string{"::"}, find: (*scanner).challenge},
		{literals: []string{"encrypted secret key", "signify secret key", "minisign secret key"}, find: func(sc *scanner, at, end int) {
			if sc.lineStop(end) == end && strings.Contains(sc.s[max(0, at-64):at], "comment:") {
				sc.expectNext(expectPrinted, site{kind: kindPrivateKey})
			}
		}},
		{literals: []string{"password/reset/", "reset-password/", "reset_password/", "/reset/", "reset?", "reset-password?", "reset_password?", "/magic-link/", "/set-password/"}, find: (*scanner).resetLink},
	}
}
