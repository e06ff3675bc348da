package redact

import "strings"

// defaultArgument looks at a value that a program reads from its environment, with a default: os.getenv("NAME", "…"), process.env.NAME || "…".
func (sc *scanner) defaultArgument(st site) bool {
	s := sc.s
	stop := sc.lineStop(st.at)
	call := s[st.at:min(stop, st.at+160)]
	if st.class == queryName || !strings.Contains(call, "env") && !strings.Contains(call, "ENV") && !strings.Contains(call, "Env") {
		return false
	}
	from := -1
	for _, mark := range []string{", ", "|| ", "?? ", ",", " or ", "?: "} {
		if n := strings.Index(call, mark); n >= 0 {
			from = n + len(mark)
			break
		}
	}
	if from < 0 {
		return false
	}
	return sc.wholeQuote(st, skipBlank(s, st.at+from))
}

// wholeQuote takes a complete quoted text at a place for the value.
func (sc *scanner) wholeQuote(st site, at int) bool {
	x, ok := quoted(sc.s, at)
	st.sep = '='
	if !ok || x.open || !sc.accept(st, x) {
		return false
	}
	sc.add(x.start, x.end, st.kind, rankName)
	return true
}

// wrapped looks at a value that is written as the argument of a function that changes its form: MD5('…'), bytes("…"), b64encode("…").
func (sc *scanner) wrapped(st site) bool {
	s := sc.s
	n := run(s, st.at, isNameByte)
	if st.class == queryName || n == st.at || n-st.at > 32 || byteAt(s, n) != '(' || !wrappers[strings.ToLower(s[st.at:n][strings.LastIndexByte(s[st.at:n], '.')+1:])] {
		return false
	}
	return sc.wholeQuote(st, n+1)
}

// wrappers are such functions.
var wrappers = set("md5", "sha1", "sha2", "sha256", "sha512", "crypt", "password", "encrypt", "hash", "hash_password", "hashpw", "bcrypt", "hex", "unhex", "base64", "b64encode", "b64enc", "base64encode", "from_base64",
	"to_base64", "string", "str", "bytes", "secretstr", "secret", "securestring", "sensitive", "text", "of", "some", "ptr", "stringptr", "mask", "quote", "unicode", "n", "u", "b", "aes_encrypt",
	"pgp_sym_encrypt", "passwordhash", "generate_password_hash", "make_password", "to_owned", "from", "new")

// shortCode looks at numbers of four to eight digits behind PIN, PUK and OTP.
func (sc *scanner) shortCode(at, end int) {
	s := sc.s
	if isAlnum(byteAt(s, at-1)) || byteAt(s, at-1) == '/' {
		return
	}
	i := skipBlank(s, end)
	i += closingQuote(s, i)
	j := run(s, i, isDigit)
	if n := j - i; n < 4 || n > 8 || isWordByte(byteAt(s, j)) || byteAt(s, j) == '.' || byteAt(s, j) == ':' || byteAt(s, j) == '-' {
		return
	}
	sc.given(extent{start: i, end: j}, kindSecret)
}

// plainData looks at the plain text of a key that a key management service made.
func (sc *scanner) plainData(at, end int) {
	if s := sc.s; s[at+1] == 'P' {
		if i, ok := valueAt(s, end-1); ok {
			j := run(s, i, isPadded)
			if j-i >= 24 && isQuote(byteAt(s, j)) && lookAt(s[i:j]).classes() >= 3 {
				sc.add(i, j, kindSecret, rankFormat)
			}
		}
	}
}

// namedAccount looks at the variables of containers that hold users with their passwords: USERS=bob:…, FTP_USER=bob|….
func (sc *scanner) namedAccount(at, end int) {
	s := sc.s
	if s[at] != 'U' && !sc.firstInLine(at) {
		return
	}
	stop := run(s, end, func(c byte) bool { return c > ' ' && !isQuote(c) })
	v := s[end:stop]
	n := strings.IndexAny(v, ":;|")
	if n <= 0 || run(v, 0, isNameByte) != n {
		return
	}
	pw := v[n+1:]
	if m := strings.IndexAny(pw, ":;|,"); m > 0 {
		pw = pw[:m]
	}
	if strong(pw) && lookAt(pw).digit && !isVersion(pw) && !strings.Contains(pw, "/") {
		sc.add(end+n+1, end+n+1+len(pw), kindPassword, rankName)
	}
}

func codeRules() []rule {
	return []rule{
		{literals: []string{"pin:", "pin=", "puk:", "puk=", "otp:", "otp=", `pin":`, `otp":`, "pin code:", "otp code:", "pin code is", "pin is", "otp is", "code is"}, find: (*scanner).shortCode},
		{literals: []string{`"plaintext"`}, find: (*scanner).plainData},
		{literals: []string{"user=", "users="}, find: (*scanner).namedAccount},
	}
}
