package redact

import "strings"

// isReference tells whether v only says where the secret is: a variable, a substitution, a template, a call. quote is the
// quote around it, 0 for none.
func isReference(v string, quote byte) bool {
	v = strings.TrimSpace(v)
	if v == "" || strings.HasPrefix(v, `\u003c`) { // < as Go's JSON has it
		return true
	}
	if quote == '\'' && v[0] == '$' && byteAt(v, 1) != '{' && byteAt(v, 1) != '(' && byteAt(v, 1) != '$' {
		// Literal in a shell. Only what is a variable's name by its looks is taken for one.
		return run(v, 1, func(c byte) bool { return isUpper(c) || isDigit(c) || c == '_' }) == len(v)
	}
	left := dropReferences(v)
	if len(left) < len(v) && strings.HasSuffix(v, left) && (left == "" || left[0] == '/' || left[0] == '.' || left[0] == '\\' || left[0] == '[') {
		return true // the name of a file in a directory that a variable names
	}
	return len(left) < len(v) && !strings.ContainsFunc(left, func(r rune) bool { return r < 0x80 && isAlnum(byte(r)) || r >= 0x80 })
}

// dropReferences takes every reference out of v, as far as it is one: v itself when it holds none.
func dropReferences(v string) string {
	if !strings.ContainsAny(v, "$`{%<@#!") {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); {
		if n := referenceLen(v[i:]); n > 0 {
			i += n
			continue
		}
		b.WriteByte(v[i])
		i++
	}
	return b.String()
}

// referenceLen is the length of the reference that v begins with, 0 for none.
func referenceLen(v string) int {
	until := func(from int, close string) int {
		if n := strings.Index(v[min(from, len(v)):], close); n >= 0 {
			return from + n + len(close)
		}
		return 0
	}
	switch v[0] {
	case '$':
		switch c := byteAt(v, 1); {
		case c == '{' && byteAt(v, 2) == '{':
			return until(3, "}}")
		case c == '{':
			if n := until(2, "}"); n > 0 {
				return n
			}
			return len(v) // cut at a blank or a quote
		case c == '(':
			if n := until(2, ")"); n > 0 {
				return n
			}
			return len(v) // cut at a blank
		case isAlpha(c) || c == '_':
			return run(v, 1, func(c byte) bool { return isWordByte(c) || c == ':' })
		case isDigit(c) || c == '@' || c == '*' || c == '?':
			return 2
		}
	case '`':
		return until(1, "`")
	case '{':
		if byteAt(v, 1) == '{' || byteAt(v, 1) == '%' {
			if n := until(2, "}"); n > 0 {
				return n + run(v[n:], 0, func(c byte) bool { return c == '}' })
			}
			return len(v)
		}
		if n := until(1, "}"); n > 0 && run(v, 1, func(c byte) bool { return isWordByte(c) || c == '.' || c == ':' }) == n-1 {
			return n
		}
	case '%':
		if n := run(v, 1, isWordByte); n > 1 && byteAt(v, n) == '%' {
			return n + 1
		}
		if byteAt(v, 1) == '(' {
			return until(2, ")s")
		}
		if strings.IndexByte("svdqxwrT", byteAt(v, 1)) >= 0 && !isAlnum(byteAt(v, 2)) {
			return 2 // of printf
		}
	case '<':
		if byteAt(v, 1) == '%' {
			return len(v) // a template's, cut at a blank
		}
		if n := until(1, ">"); n > 0 && byteAt(v, 1) != '/' {
			return n
		}
	case '@':
		if n := run(v, 1, func(c byte) bool { return isUpper(c) || c == '_' }); n > 2 && byteAt(v, n) == '@' {
			return n + 1
		}
	case '!':
		if n := run(v, 1, isAlpha); n > 2 && (n == len(v) || byteAt(v, n) == ' ') {
			return len(v) // a tag of YAML: !vault, !Ref
		}
	case '#':
		if byteAt(v, 1) == '{' {
			return until(2, "}")
		}
	}
	return 0
}

// isPlaceholder tells whether v stands for a secret that is to be filled in, or that somebody else has already masked.
func isPlaceholder(v string) bool {
	v = strings.Trim(v, " \t*.\"'")
	if v == "" || strings.HasPrefix(v, "…") {
		return true
	}
	if repeats(v) {
		return true
	}
	first, last := v[0], v[len(v)-1]
	if first == '<' && last == '>' || first == '[' && last == ']' || first == '(' && last == ')' ||
		first == '_' && last == '_' && strings.HasPrefix(v, "__") {
		return true
	}
	if strings.HasSuffix(v, "EXAMPLE") || strings.HasSuffix(v, "EXAMPLEKEY") {
		return true
	}
	if len(v) > 48 {
		return false
	}
	l := strings.ToLower(v)
	for _, p := range []string{"your", "my-", "my_", "change", "replace", "insert", "enter", "put-", "put_", "put your", "the-",
		"the_", "some-", "some_", "redacted", "xxx", "...", "todo", "example", "dummy", "fake", "placeholder", "sample"} {
		if strings.HasPrefix(l, p) && wordy(l) {
			return true
		}
	}
	for _, p := range []string{"-here", "_here", " here", "changeme", "change-me", "change_me", "changeit", "redacted", "xxxx",
		"placeholder", "example", "-goes-here"} {
		if strings.HasSuffix(l, p) && wordy(l) {
			return true
		}
	}
	return commonWords[l]
}

// wordy tells whether s is made of words, with no more than a few digits.
func wordy(s string) bool {
	digits := 0
	for i := 0; i < len(s); i++ {
		if isDigit(s[i]) {
			digits++
		}
	}
	return digits <= 3 || strings.Contains(s, "xxx")
}

// repeats tells whether v is one character over and over.
func repeats(v string) bool {
	for i := 1; i < len(v); i++ {
		if v[i] != v[0] {
			return false
		}
	}
	return len(v) >= 3 || !isAlnum(v[0])
}

// commonWords are values that say something about a secret instead of being one.
var commonWords = set("null", "none", "nil", "undefined", "true", "false", "yes", "no", "on", "off", "enabled", "disabled",
	"default", "empty", "unset", "n/a", "na", "x", "string", "str", "bool", "boolean", "int", "integer", "number", "text", "char",
	"varchar", "bytes", "byte", "object", "array", "any", "optional", "required", "password", "passwd", "pass", "secret", "token",
	"key", "apikey", "api_key", "api-key", "passphrase", "credential", "credentials", "prompt", "ask", "stdin", "env", "file",
	"files", "keyring", "keychain", "vault", "interactive", "basic", "bearer", "digest", "hidden", "masked", "filtered", "removed",
	"redacted", "sensitive", "invalid", "incorrect", "wrong", "missing", "expired", "changed", "updated", "reset", "needed",
	"failed", "ok", "valid", "set", "not", "changeme", "change_me", "change-me", "changeit", "example", "dummy", "placeholder",
	"sample", "the", "and", "or", "for", "from", "when", "via", "with", "is", "are", "was", "if", "in", "of", "to", "a", "an",
	"option", "options", "flag", "flags", "argument", "arguments", "parameter", "must", "should", "will", "can", "may", "your",
	"this", "that", "be", "at", "by", "as", "it", "type", "name", "value", "values", "username", "user", "login", "auth",
	"authentication", "provided", "given", "used", "using", "use", "found", "mismatch", "error", "success", "unknown", "never",
	"always", "only", "new", "old", "all", "self", "var", "const", "let", "func", "function", "return", "void", "struct",
	"class", "interface", "uint", "float", "double", "date", "time", "never expires", "has", "have", "does", "do", "but", "then",
	"reusable", "rejected", "accepted", "generated", "created", "deleted", "revoked", "not set", "(hidden)", "(none)", "(unset)",
	"nullable", "unchanged", "private", "public", "plain", "plaintext", "encrypted", "hashed", "hash", "md5", "sha256", "sha512",
	"scram-sha-256", "compat", "systemd", "sss", "ldap", "nis", "winbind", "trust", "peer", "ident", "reject", "..", "...", "-", "--",
	"fail", "skip", "pass", "unlimited", "present", "absent", "exists", "disable", "enable", "allow", "deny", "normal", "locked")

// weakWords are poor passwords, but a name that leaves a doubt is not enough to take them for one.
var weakWords = set("admin", "root", "test", "foo", "bar", "baz", "guest", "demo")

// isPlainWord tells whether v could be a word of a language or an identifier made of words: letters with single hyphens,
// underscores or dots between them, not mixed as random letters are.
func isPlainWord(v string) bool {
	for i := 0; i < len(v); i++ {
		c := v[i]
		if !isAlpha(c) && (c != '-' && c != '_' && c != '.' && c != ':' && c != '/' || i == 0 && c != '_') {
			return false
		}
	}
	return !jumbled(v)
}

// jumbled tells whether the letters of v change case as no words do, even without spaces between them.
func jumbled(v string) bool {
	changes := 0
	for i := 1; i < len(v); i++ {
		if isUpper(v[i-1]) && isLower(v[i]) || isLower(v[i-1]) && isUpper(v[i]) {
			changes++
		}
	}
	return len(v) >= 16 && changes*100 > len(v)*43
}

// isWords tells whether v is made of words and numbers, as names in programs are: testRSA2048PrivateKey.
func isWords(v string) bool {
	inWords, letters, numbers := 0, 0, 0
	for i := 0; i < len(v); {
		switch {
		case isAlpha(v[i]):
			j := i + 1
			for j < len(v) && isAlpha(v[j]) && !(isUpper(v[j]) && isLower(v[j-1])) {
				j++
			}
			letters += j - i
			if j-i >= 4 {
				inWords += j - i
			}
			i = j
		case isDigit(v[i]):
			numbers++
			i = run(v, i, isDigit)
		case v[i] == '+' || v[i] == '=' || v[i] == '/':
			return false
		default:
			i++
		}
	}
	return letters > 0 && inWords*10 >= letters*7 && numbers <= 1+len(v)/20
}

// isProse tells whether v is a sentence and not a passphrase: three words or more with one that only sentences have.
func isProse(v string) bool {
	words := strings.Fields(v)
	if len(words) < 3 {
		return len(words) == 2 && strings.HasSuffix(v, ".") && isPlainWord(words[0])
	}
	if strings.HasSuffix(v, ":") {
		return true
	}
	for _, w := range words {
		if sentenceWords[strings.ToLower(strings.Trim(w, ".,;:!?()'\""))] {
			return true
		}
	}
	return false
}

// sentenceWords are words that bind a sentence.
var sentenceWords = set("the", "a", "an", "is", "are", "was", "be", "been", "has", "have", "must", "should", "will", "can", "cannot",
	"may", "not", "to", "for", "of", "with", "this", "that", "your", "you", "if", "or", "and", "used", "in", "on", "at", "by", "from",
	"no", "please", "does", "did", "do", "when", "than", "least", "required", "invalid", "which", "it", "its", "we", "i", "as", "field",
	"enter", "we're", "don't", "doesn't", "can't", "isn't", "characters")

// isPath tells whether v is the place of a file: then the secret is there, not here.
func isPath(v string) bool {
	i := 0
	switch {
	case strings.HasPrefix(v, "~/"), strings.HasPrefix(v, "./"):
		i = 2
	case strings.HasPrefix(v, "../"):
		i = 3
	case strings.HasPrefix(v, "/"):
		i = 1
	case len(v) > 3 && isAlpha(v[0]) && v[1] == ':' && v[2] == '\\':
		return true
	case strings.HasPrefix(v, "file:"), strings.HasPrefix(v, "@/"), strings.HasPrefix(v, "@./"):
		return true
	default:
		return false
	}
	return i == len(v) || pathRoots[lowerHead(v[i:])] || i > 1 || !strings.ContainsAny(v, "+=") && pathLike(v[i:])
}

// pathRoots are directories that paths begin with.
var pathRoots = set("etc", "run", "var", "usr", "home", "root", "opt", "srv", "tmp", "dev", "proc", "mnt", "media", "data", "app",
	"secrets", "vault", "lib", "bin", "sbin", "sys", "boot", "nix", "private", "users", "volumes", "config", "certs", "keys",
	"workspace", "path", "builds", "code", "src", "work", "api", "v1", "v2")

func lowerHead(v string) string {
	n := strings.IndexByte(v, '/')
	if n < 0 {
		n = len(v)
	}
	return strings.ToLower(v[:n])
}

// pathLike tells whether v reads as file names rather than as random characters.
func pathLike(v string) bool {
	digits := 0
	for i := 0; i < len(v); i++ {
		c := v[i]
		if isDigit(c) {
			digits++
		}
		if !isAlnum(c) && !strings.ContainsRune("._-/ ", rune(c)) {
			return false
		}
	}
	return digits*4 <= len(v) && !jumbled(v)
}

// isCode tells whether an unquoted v is an expression of a program: a call, a member, an index, a type, a number in
// hexadecimal.
func isCode(v string) bool {
	if v == "" {
		return false
	}
	if strings.HasSuffix(v, "()") || strings.Contains(v, "->") || strings.IndexByte("&*([{|", v[0]) >= 0 && !strong(v) ||
		strings.HasPrefix(v, "[]") || v[0] == '(' && isAlpha(byteAt(v, 1)) && !isDigit(v[len(v)-1]) || strings.HasPrefix(v, "**") {
		return true
	}
	if v[0] == '&' && (isAlpha(byteAt(v, 1)) || byteAt(v, 1) == '(') || v[0] == '!' && (strings.HasSuffix(v, ")") || byteAt(v, 1) == '(') {
		return true
	}
	if n := strings.TrimPrefix(v, "-"); strings.HasPrefix(n, "0x") && len(n) <= 20 && run(n, 2, isHex) == len(n) {
		return true
	}
	n := run(v, 0, func(c byte) bool { return isWordByte(c) || c == '.' || c == ':' || c == '!' || c == '?' })
	if n == 0 {
		return false
	}
	head := v[:n]
	switch byteAt(v, n) {
	case '(':
		return n > 1 && !strings.ContainsAny(head, "!?") && !isDigit(head[0])
	case '[':
		return isIdentifier(head) || isMember(head)
	case '<':
		return isPlainWord(head)
	case '=':
		return n == len(v)-1 && isPlainWord(head) // the next name of a list
	case '{':
		return n > 2 && isIdentifier(head) && (isUpper(head[0]) || strings.HasSuffix(v, "}"))
	case 0:
		return isMember(head)
	}
	return false
}

// isMember tells whether v is names joined by dots or colons, as in os.environ or std::string: every name begins with a
// letter and looks like one.
func isMember(v string) bool {
	if !strings.ContainsAny(v, ".:") {
		return false
	}
	for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == '.' || r == ':' }) {
		if !isIdentifier(part) || len(part)-len(trimDigits(part)) > 1 {
			return false
		}
	}
	return true
}

// isIdentifier tells whether v looks like a name in a program: words, perhaps with a digit or two at their ends.
func isIdentifier(v string) bool {
	v = trimDigits(v)
	if v == "" {
		return false
	}
	for i := 0; i < len(v); i++ {
		if !isAlpha(v[i]) && v[i] != '_' {
			return false
		}
	}
	return !jumbled(v)
}

// look is what the characters of a value are.
type look struct {
	lower, upper, digit, other bool
	n                          int
}

func lookAt(v string) look {
	l := look{n: len(v)}
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case isLower(c):
			l.lower = true
		case isUpper(c):
			l.upper = true
		case isDigit(c):
			l.digit = true
		default:
			l.other = true
		}
	}
	return l
}

// classes counts lower case, capitals, digits and the rest.
func (l look) classes() int {
	n := 0
	for _, b := range []bool{l.lower, l.upper, l.digit, l.other} {
		if b {
			n++
		}
	}
	return n
}

func (l look) letters() bool { return l.lower || l.upper }

// tokenLike tells whether v could be a token: long enough, without white space, with digits among letters or letters in
// random case.
func tokenLike(v string, shortest int) bool {
	if len(v) < shortest || strings.ContainsAny(v, " \t") {
		return false
	}
	l := lookAt(v)
	if !l.digit {
		return l.lower && l.upper && (jumbled(v) || l.other && !isPlainWord(v))
	}
	return l.letters() || len(v) >= max(shortest, 10)
}

// strong tells whether v looks like a password where nothing but the place says that it is one: eight characters of three
// classes, and not a version, an address, a date, a URL or a path.
func strong(v string) bool {
	if len(v) < 6 || strings.ContainsAny(v, " \t") || isPath(v) || strings.Contains(v, "://") {
		return false
	}
	l := lookAt(v)
	return l.letters() && (l.digit || l.other && !isPlainWord(v)) && l.classes() >= 3
}
