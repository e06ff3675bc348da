package redact

import "strings"

// Keys that are known by what stands around them in one line.

// webKey looks at "kty", which every JSON Web Key has (RFC 7517), and masks the members that hold its private half.
func (sc *scanner) webKey(at, _ int) {
	const reach = 8 << 10 // longer than any RSA key's members
	s := sc.s
	if at < sc.webKeys {
		return
	}
	from, to := max(sc.webKeys, at-reach), min(len(s), at+reach)
	if n := strings.LastIndexByte(s[from:at], '{'); n >= 0 {
		from += n
	}
	if n := strings.IndexByte(s[at:to], '}'); n >= 0 {
		to = at + n
	}
	sc.webKeys = to
	for i := from; i < to; {
		n := strings.IndexByte(s[i:to], ':')
		if n < 0 {
			return
		}
		i += n
		name := memberBefore(s[from:i])
		x, ok := quoted(s[:to], skipBlank(s, i+1))
		i++
		if ok && privateMembers[name] && x.end-x.start >= 16 {
			sc.add(x.start, x.end, kindPrivateKey, rankKey)
		}
	}
}

// privateMembers are the secret members of JSON Web Keys (RFC 7518, section 6).
var privateMembers = set("d", "p", "q", "dp", "dq", "qi", "k")

// memberBefore is the name in quotes that s ends with.
func memberBefore(s string) string {
	s = strings.TrimRight(s, " \t")
	if s == "" || !isQuote(s[len(s)-1]) {
		return ""
	}
	q := s[len(s)-1]
	s = strings.TrimRight(s[:len(s)-1], `\`)
	return s[strings.LastIndexByte(s, q)+1:]
}

// noteKey looks at the private key of a signed note: PRIVATE+KEY+name+hash+base64.
func (sc *scanner) noteKey(at, end int) {
	s := sc.s
	if s[at:end] != "PRIVATE+KEY+" || sc.covered(at) {
		return
	}
	name := run(s, end, func(c byte) bool { return c > ' ' && c != '+' && !isQuote(c) })
	hash := run(s, name+1, isHex)
	if byteAt(s, name) != '+' || hash-name != 9 || byteAt(s, hash) != '+' {
		return
	}
	stop := run(s, hash+1, func(c byte) bool { return isAlnum(c) || c == '+' || c == '/' || c == '=' })
	if stop-hash > 40 {
		sc.add(hash+1, stop, kindPrivateKey, rankKey)
	}
}

// ikeSecret looks at the lines of ipsec.secrets(5): [selectors] : PSK "…", EAP, XAUTH and NTLM likewise, and the passphrase
// behind the file of : RSA and its like.
func (sc *scanner) ikeSecret(at, end int) {
	s := sc.s
	if before := byteAt(s, at-1); at > 0 && before != '\n' && !isBlank(before) {
		return
	}
	i := skipBlank(s, end)
	if !isQuote(byteAt(s, i)) {
		if i = skipBlank(s, run(s, i, func(c byte) bool { return c > ' ' && !isQuote(c) })); !isQuote(byteAt(s, i)) {
			return
		}
	}
	if x, ok := quoted(s, i); ok && x.end-x.start >= 4 {
		sc.given(x, kindPassword)
	}
}

// redisAuth looks at AUTH [user] password, as it is typed to a Redis server.
func (sc *scanner) redisAuth(at, end int) {
	s := sc.s
	if s[at:end] != "AUTH " || !sc.firstInLine(at) && !strings.HasSuffix(s[:at], "> ") {
		return
	}
	stop := sc.lineStop(end)
	words := strings.Fields(s[end:min(stop, end+1024)])
	if n := len(words); n == 1 || n == 2 {
		if v := words[n-1]; n == 2 || tokenLike(v, 8) || strong(v) {
			from := end + strings.LastIndex(s[end:stop], v)
			sc.given(innerOf(s, from, from+len(v)), kindPassword)
		}
	}
}

// redisUser looks at user NAME on >password … of a Redis server's access list.
func (sc *scanner) redisUser(_, end int) {
	stop := run(sc.s, end, func(c byte) bool { return c > ' ' && !isQuote(c) })
	sc.given(extent{start: end, end: stop}, kindPassword)
}

// repository looks at :pserver:user:password@host of CVS.
func (sc *scanner) repository(_, end int) {
	const longest = 256
	s := sc.s
	stop := run(s[:min(len(s), end+longest)], end, func(c byte) bool { return c > ' ' && !isQuote(c) })
	sign := strings.LastIndexByte(s[end:stop], '@')
	if colon := strings.IndexByte(s[end:stop], ':'); colon > 0 && colon < sign {
		sc.given(extent{start: end + colon + 1, end: end + sign}, kindPassword)
	}
}

// queryPassword looks at the p of u=…&p=… in a query.
func (sc *scanner) queryPassword(at, end int) {
	s := sc.s
	head := s[max(0, at-128):at]
	if n := strings.LastIndexAny(head, " \t\n\"'"); n >= 0 {
		head = head[n:]
	}
	if !strings.Contains(head, "&u=") && !strings.Contains(head, "?u=") && !strings.Contains(head, "user=") {
		return
	}
	stop := run(s, end, func(c byte) bool { return c > ' ' && !isQuote(c) && c != '&' && c != '#' && c != '>' && c != '<' })
	sc.given(extent{start: end, end: stop}, kindPassword)
}

// joinAddress looks at an address of a cluster with a token behind its slash: microk8s join 10.0.0.1:25000/TOKEN.
func joinAddress(sc *scanner, args []word) {
	if len(args) < 2 || sc.text(args[0]) != "join" {
		return
	}
	x := sc.inner(args[1])
	if n := strings.IndexByte(x.text(sc.s), '/'); n > 0 && tokenLike(x.text(sc.s)[n+1:], 16) {
		sc.given(extent{start: x.start + n + 1, end: x.end, quote: x.quote}, kindToken)
	}
}

func keyRules() []rule {
	return []rule{
		{literals: []string{`kty"`, `kty\"`}, find: (*scanner).webKey, in: Keys},
		{literals: []string{"private+key+"}, find: (*scanner).noteKey, in: Keys},
		{literals: []string{": psk ", ": eap ", ": xauth ", ": ntlm ", ": rsa ", ": ecdsa ", ": pkcs8 ", ": p12 "}, find: (*scanner).ikeSecret},
		{literals: []string{"auth "}, find: (*scanner).redisAuth},
		{literals: []string{" on >"}, find: (*scanner).redisUser},
		{literals: []string{":pserver:", ":gserver:"}, find: (*scanner).repository},
		{literals: []string{"&p="}, find: (*scanner).queryPassword},
	}
}
