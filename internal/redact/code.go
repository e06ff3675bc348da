package redact

import "strings"

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
	case len(v) > 4 && v[0] == '@' && fileEnds[v[strings.LastIndexByte(v, '.')+1:]]:
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

// fileEnds are what the names of files end in that hold a secret.
var fileEnds = set("txt", "json", "pem", "key", "yml", "yaml", "env", "crt", "b64", "secret", "tmpl", "password", "token", "cfg", "conf", "ini")

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
	for part := range strings.SplitSeq(v, "/") {
		if jumbled(part) || scrambled(part) || mingled(part) && lookAt(part).classes() > 2 {
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
		return n > 1 && !strings.ContainsAny(head, "!?") && !isDigit(head[0]) && isArguments(v[n+1:])
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
	return !jumbled(v) && !scrambled(v)
}

// isArguments tells whether v, behind an opening bracket, reads as the arguments of a call as far as there are no blanks in them.
func isArguments(v string) bool {
	if v == "" || strings.IndexByte(v, ')') >= 0 || strings.IndexByte("\"'`&*[{($", v[0]) >= 0 {
		return true
	}
	if n := run(v, 0, isNameByte); n > 0 && (byteAt(v, n) == '(' || byteAt(v, n) == '[' || byteAt(v, n) == '=') && isIdentifier(v[:n]) {
		return true
	}
	return isIdentifier(v) || isMember(v) || isNumber(v) || !strong(v)
}
