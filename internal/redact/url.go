package redact

import "strings"

// longestUserinfo bounds what is read between :// and @.
const longestUserinfo = 1024

// url looks at :// and masks the password of the userinfo, or a token that stands in the place of the user
// (RFC 3986, section 3.2.1). A password may contain what RFC 3986 wants encoded: people and programs write it so.
func (sc *scanner) url(at, end int) {
	if at == 0 || !isWordByte(sc.s[at-1]) || sc.covered(at) {
		return
	}
	sc.userinfo(end)
}

// userinfo reads user:password@ at i.
func (sc *scanner) userinfo(i int) {
	s := sc.s
	stop := min(len(s), i+longestUserinfo)
	colon, sign := -1, -1
	plainPort := true // what follows the colon so far is a port
scan:
	for j := i; j < stop; j++ {
		switch c := s[j]; {
		case c == '@':
			sign = j
		case c == ':' && colon < 0:
			colon = j
		case c <= ' ' && c != atom || c == '"' || c == '\'' && sign >= 0 || c == '>' || c == '\\' || c == '`' ||
			c == '<' && colon < 0:
			break scan
		case c == '/' || c == '?' || c == '#':
			// The authority ends here, unless a password goes on: then no @ has come yet, and what stands after the
			// colon is no port.
			if sign >= 0 || colon < 0 || plainPort || c == '?' && !strings.Contains(s[j:stop], "@") {
				break scan
			}
		default:
			if colon >= 0 && !isDigit(c) {
				plainPort = false
			}
		}
	}
	if sign < 0 {
		return
	}
	if colon < 0 || colon > sign {
		if v := s[i:sign]; tokenLike(v, 16) && !isReference(v, 0) && !isPlaceholder(v) && !strings.Contains(v, "%") {
			sc.add(i, sign, kindToken, rankFormat)
		}
		return
	}
	if !isHostStart(byteAt(s, sign+1)) {
		return
	}
	user, v := s[i:colon], s[colon+1:sign]
	if v == "" && tokenLike(user, 16) && !isReference(user, 0) {
		sc.add(i, colon, kindToken, rankFormat)
		return
	}
	if v == "" || isReference(v, 0) || isPlaceholder(v) || v == "x-oauth-basic" {
		if v == "x-oauth-basic" && !isReference(user, 0) {
			sc.add(i, colon, kindToken, rankFormat)
		}
		return
	}
	sc.add(colon+1, sign, kindPassword, rankFormat)
}

func isHostStart(c byte) bool {
	return isAlnum(c) || c == '[' || c == '/' || c == '(' || c == '$' || c == '{' || c == '_' || c >= 0x80
}
