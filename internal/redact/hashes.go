package redact

import "strings"

// hashPrefixes are how the hashes of crypt(5) and of web frameworks begin, and how long the rest is at least.
var hashPrefixes = map[string]int{
	"$1$": 24, "$2$": 50, "$2a$": 50, "$2b$": 50, "$2x$": 50, "$2y$": 50, "$5$": 43, "$6$": 80, "$7$": 40, "$y$": 40, "$gy$": 40,
	"$md5": 22, "$sha1$": 28, "$apr1$": 22, "$argon2i$": 40, "$argon2d$": 40, "$argon2id$": 40, "$scrypt$": 40, "$s0$": 40,
	"$pbkdf2": 40, "$p$": 30, "$h$": 30, "$s$": 50, "$8$": 40, "$9$": 8, "$14$": 40, "$a$005$": 40, "{ssha}": 24, "{sha}": 24,
	"{md5}": 20, "{smd5}": 20, "{crypt}": 10, "{ssha256}": 40, "{ssha512}": 60, "{sha256}": 40, "{sha512}": 60,
	"{pbkdf2": 30, "{argon2": 40, "{cram-md5}": 30, "pbkdf2_sha256$": 40, "pbkdf2_sha1$": 30, "pbkdf2:sha": 40, "scrypt:": 60,
	"bcrypt_sha256$": 50, "bcrypt$$2": 50, "argon2$argon2": 40, "sha1$": 40, "grub.pbkdf2.sha512.": 100, "scram-sha-256$": 60,
	"sha512:": 100, "$krb5tgs$": 40, "$krb5asrep$": 40, "$krb5pa$": 40, "$dcc2$": 30, "$keepass$": 40, "$zip2$": 40, "$rar5$": 40, "$office$": 40, "$pdf$": 40, "$nt$": 32, "$bitlocker$": 40,
}

// hashEnds are what ends a hash.
func isHashByte(c byte) bool {
	return c > ' ' && c != ':' && c != ',' && c != ';' && !isQuote(c) && c != '\\' && c != '<' && c != 0x7f
}

// passwordHash looks at the beginning of a password hash.
func (sc *scanner) passwordHash(at, end int) {
	s := sc.s
	if at < sc.hashed || isWordByte(byteAt(s, at-1)) && isWordByte(s[at]) {
		return
	}
	prefix := strings.ToLower(s[at:end])
	is := isHashByte
	switch {
	case strings.HasPrefix(prefix, "scram") || strings.HasSuffix(prefix, ":") || strings.HasPrefix(prefix, "pbkdf2:"):
		is = func(c byte) bool { return isHashByte(c) || c == ':' }
	case strings.Contains(prefix, "argon2") || strings.Contains(prefix, "scrypt") || prefix == "$5$" || prefix == "$6$":
		is = func(c byte) bool { return isHashByte(c) || c == ',' }
	}
	stop := run(s, end, is)
	for stop > end && (s[stop-1] == ')' || s[stop-1] == ',' || s[stop-1] == ':') {
		stop--
	}
	body := s[end:stop]
	if len(body) > 512 {
		sc.hashed = stop
		return
	}
	if len(body) < hashPrefixes[prefix] || strings.Contains(body, "://") || fewCharacters(body) || body[0] == '$' && prefix == "$p$" {
		return
	}
	if l := lookAt(body); !l.digit && !l.upper {
		return
	}
	if prefix == "$9$" && !isQuote(byteAt(s, at-1)) && !isBlank(byteAt(s, at-1)) {
		return
	}
	if prefix == "sha1$" || prefix == "sha512:" {
		if n := strings.IndexAny(body, "$:"); n < 0 {
			return
		}
	}
	sc.hashed = stop
	sc.add(at, stop, kindHash, rankFormat)
}

// shadowLine looks at the ages in a line of shadow(5) and masks its second field, whatever the hash is.
func (sc *scanner) shadowLine(at, _ int) {
	s := sc.s
	line := max(0, at-512) // longer than any hash of crypt(5) with a name
	line += strings.LastIndexByte(s[line:at], '\n') + 1
	head := s[line:at]
	first := strings.IndexByte(head, ':')
	if first <= 0 || strings.ContainsAny(head[:first], " \t/") && !strings.ContainsAny(head[:1], " \t") {
		return
	}
	rest := head[first+1:]
	n := strings.IndexByte(rest, ':')
	if n < 0 {
		return
	}
	if v := strings.TrimLeft(rest[:n], "!*"); len(v) >= 8 && !strings.ContainsAny(v, " \t\"'") {
		sc.add(line+first+1, line+first+1+n, kindHash, rankFormat)
	}
}

// mysqlHash looks at 'IDENTIFIED … *' followed by 40 hexadecimal capitals, the native hash of MySQL.
func (sc *scanner) mysqlHash(at, end int) {
	s := sc.s
	stop := run(s, end, isHex)
	if stop-end != 40 || strings.ToUpper(s[end:stop]) != s[end:stop] {
		return
	}
	sc.add(end-1, stop, kindHash, rankFormat)
}

// postgresHash looks at md5 and 32 hexadecimal digits in quotes, as PostgreSQL dumps roles.
func (sc *scanner) postgresHash(at, end int) {
	stop := run(sc.s, end, isHex)
	if stop-end == 32 && isQuote(byteAt(sc.s, at)) && isQuote(byteAt(sc.s, stop)) {
		sc.add(at+1, stop, kindHash, rankFormat)
	}
}

// windowsHash looks at ::: after a line of pwdump: name:id:LM hash:NT hash:::
func (sc *scanner) windowsHash(at, _ int) {
	s := sc.s
	if at < 65 || s[at-33] != ':' || !isHexDigits(s[at-32:at]) || !isHexDigits(s[at-65:at-33]) {
		return
	}
	sc.add(at-65, at, kindHash, rankFormat)
}

func hashRules() []rule {
	var literals []string
	for p := range hashPrefixes {
		literals = append(literals, p)
	}
	return []rule{
		{literals: literals, find: (*scanner).passwordHash},
		{literals: []string{":99999:", ":0:::::", ":7:::"}, find: (*scanner).shadowLine},
		{literals: []string{"'*", `"*`, "| *", "\t*", ">*", ":*"}, find: (*scanner).mysqlHash},
		{literals: []string{"'md5", `"md5`}, find: (*scanner).postgresHash},
		{literals: []string{":::"}, find: (*scanner).windowsHash},
	}
}
