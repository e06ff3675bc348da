package redact

import "strings"

// schemes are the authentication schemes of HTTP (the IANA registry and what services invented). The value tells whether
// a scheme's credentials are a list of parameters instead of one token.
var schemes = map[string]bool{
	"basic": false, "bearer": false, "token": false, "negotiate": false, "ntlm": false, "apikey": false, "api-key": false,
	"key": false, "geniekey": false, "ssws": false, "splunk": false, "bot": false, "jwt": false, "sso-key": false, "private-token": false,
	"digest": true, "aws4-hmac-sha256": true, "oauth": true, "hawk": true, "signature": true, "mac": true, "vapid": true,
	"sharedkey": true, "sharedkeylite": true, "sharedaccesssignature": true, "aws": true, "dpop": false, "gnap": false,
	"hmac": true, "hmac-sha256": true, "eg1-hmac-sha256": true, "acs3-hmac-sha256": true, "goog4-rsa-sha256": true,
}

// authorization looks at Authorization and Proxy-Authorization, as headers, in JSON, in code, as options' values.
func (sc *scanner) authorization(at, end int) {
	s := sc.s
	if end <= sc.nameEnd && sc.covered(at) || isAlnum(byteAt(s, end)) || byteAt(s, end) == '_' {
		return
	}
	start := at
	for start > 0 && isNameByte(s[start-1]) {
		start--
	}
	st := site{start: start, kind: kindAuth}
	i := end
	if n := closingQuote(s, i); n > 0 {
		i += n
		if byteAt(s, i) == ']' {
			i++
		}
	}
	i = skipBlank(s, i)
	switch c := byteAt(s, i); {
	case c == '=' && byteAt(s, i+1) == '>':
		i += 2
	case c == ':' || c == '=' && byteAt(s, i+1) != '=' || c == ',':
		i++
	case isQuote(c) && i > end: // proxy_set_header Authorization "…"
	default:
		return
	}
	if byteAt(s, i) == '\\' && byteAt(s, i+1) == ' ' {
		i += 2
	}
	st.at = skipBlank(s, i)
	if x, ok := quoted(s, st.at); ok {
		sc.credentials(x.start, x.end, true)
		return
	}
	// A quote that opened before the header's name closes after its value.
	stop := sc.lineStop(st.at)
	if q := byteAt(s, start-1); isQuote(q) {
		depth := 0
		for byteAt(s, start-2-depth) == '\\' {
			depth++
		}
		x := closing(s, st.at, q, depth)
		sc.credentials(x.start, min(x.end, stop), !x.open)
		return
	}
	if q := sc.nextQuote(st.at, stop); q-st.at < 512 && !strings.Contains(s[st.at:q], "=") {
		stop = q
	}
	sc.credentials(st.at, stop, false)
}

// credentials masks what follows the scheme in s[i:end]. exact says that the value ends there, and not somewhere before.
func (sc *scanner) credentials(i, end int, exact bool) {
	s := sc.s
	i = skipBlank(s, i)
	if i >= end {
		return
	}
	word := run(s[:end], i, func(c byte) bool { return isNameByte(c) })
	list, known := schemes[strings.ToLower(s[i:word])]
	v := i
	if known && (isBlank(byteAt(s, word)) || byteAt(s, word) == '\\' && byteAt(s, word+1) == ' ') {
		v = skipBlank(s, word+1)
	} else if known && word == end {
		return
	}
	if v >= end {
		return
	}
	stop := end
	switch {
	case list && !exact:
		if stop = parameters(s, v, end); byteAt(s, stop) == ':' { // user:signature
			stop = min(end, run(s, stop, func(c byte) bool { return c > ' ' && !isQuote(c) }))
		}
	case !exact || known && !list:
		x := sc.bare(v, ':', longestJudged)
		if x.open {
			x = sc.bare(v, ':', len(s))
		}
		if stop = min(x.end, end); exact && stop < end && s[stop] != ' ' && s[stop] != '\\' {
			stop = end
		}
	}
	value := strings.TrimSpace(s[v:stop])
	if len(value) < 3 || isReference(value, 0) || isPlaceholder(value) || isCode(value) ||
		!known && (isPlainWord(value) || !exact && !tokenLike(value, 8)) {
		return
	}
	if known && !list && isPlainWord(value) && len(value) < 20 {
		return
	}
	sc.add(v, v+len(strings.TrimRight(s[v:stop], " ")), kindAuth, rankFormat)
}

// parameters is the end of a list of name=value separated by commas.
func parameters(s string, i, end int) int {
	for {
		j := run(s[:end], i, isNameByte)
		if byteAt(s, j) != '=' || j >= end {
			return j
		}
		j++
		if byteAt(s, j) == '\\' {
			j++
		}
		if isQuote(byteAt(s, j)) {
			x := closing(s, j+1, s[j], 0)
			j = min(x.next, end)
		} else {
			j = run(s[:end], j, func(c byte) bool { return c > ' ' && c != ',' && !isQuote(c) })
		}
		k := skipBlank(s[:end], j)
		if byteAt(s, k) != ',' || k >= end {
			return j
		}
		i = skipBlank(s[:end], k+1)
	}
}

// scheme looks at "Bearer " and "Basic " without a header's name before them.
func (sc *scanner) scheme(at, end int) {
	s := sc.s
	if sc.covered(at) || isWordByte(byteAt(s, at-1)) {
		return
	}
	i := skipBlank(s, end)
	j := run(s, i, func(c byte) bool { return isB64(c) || c == '.' || c == '~' || c == '=' })
	v := s[i:j]
	if strings.ContainsRune(strings.TrimRight(v, "="), '=') || isPlaceholder(v) || isPath(v) {
		return
	}
	if lower(s[at]) == 'b' && lower(s[at+1]) == 'a' {
		if text, ok := decode(v); !ok || strings.IndexByte(text, ':') <= 0 {
			return
		}
	} else if !tokenLike(v, 16) {
		return
	}
	sc.add(i, j, kindAuth, rankFormat)
}

// cookie looks at Cookie: and Set-Cookie: and masks the values that are long or whose names say that they are sessions.
func (sc *scanner) cookie(at, end int) {
	s := sc.s
	if sc.covered(at) {
		return
	}
	set := at >= 4 && hasFoldPrefix(s[at-4:], "set-")
	if !set && isWordByte(byteAt(s, at-1)) {
		return
	}
	i := end
	i += closingQuote(s, i)
	i = skipBlank(s, i)
	if c := byteAt(s, i); c != ':' && (c != '=' || byteAt(s, i+1) == '=') {
		if at < 2 || s[at-1] != '-' || !isQuote(c) && i == end { // --cookie "…"
			return
		}
		i--
	}
	i = skipBlank(s, i+1)
	stop := sc.lineStop(i)
	if x, ok := quoted(s, i); ok {
		i, stop = x.start, x.end
	} else if q := byteAt(s, at-1); isQuote(q) {
		stop = min(stop, closing(s, i, q, 0).end)
	} else {
		stop = sc.nextQuote(i, stop)
	}
	sc.cookies(i, stop, set)
}

// maxCookies bounds the cookies of one header.
const maxCookies = 256

// cookies masks the values of name=value pairs separated by semicolons; only the first where the rest are attributes.
func (sc *scanner) cookies(i, stop int, first bool) {
	s := sc.s
	for n := 0; i < stop && n < maxCookies; n++ {
		i = skipBlank(s, i)
		end := stop
		if n := strings.IndexByte(s[i:stop], ';'); n >= 0 {
			end = i + n
		}
		eq := strings.IndexByte(s[i:end], '=')
		if eq <= 0 {
			return
		}
		v := s[i+eq+1 : end]
		if n := strings.IndexAny(v, " \t\\"); n >= 0 {
			v, stop = v[:n], i+eq+1+n
		}
		if !isReference(v, 0) && !isPlaceholder(v) && (tokenLike(v, 12) || cookieName(s[i:i+eq]) && tokenLike(v, 6)) {
			sc.add(i+eq+1, i+eq+1+len(v), kindCookie, rankFormat)
		}
		if first {
			return
		}
		i = end + 1
	}
}

func cookieName(name string) bool {
	_, class := classify(name)
	l := strings.ToLower(name)
	return class != notSecret || strings.Contains(l, "sess") || strings.Contains(l, "sid") || strings.Contains(l, "auth")
}
