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
	switch v[0] {
	case '$':
		return dollarLen(v)
	case '`':
		return through(v, 1, "`")
	case '{':
		return braceLen(v)
	case '%':
		if n := run(v, 1, isWordByte); n > 1 && byteAt(v, n) == '%' {
			return n + 1
		}
		if byteAt(v, 1) == '(' {
			return through(v, 2, ")s")
		}
		if strings.HasPrefix(v, "%env(") {
			return through(v, 5, ")%")
		}
		if strings.IndexByte("svdqxwrT", byteAt(v, 1)) >= 0 && !isAlnum(byteAt(v, 2)) {
			return 2 // of printf
		}
	case '<':
		if byteAt(v, 1) == '%' {
			return len(v) // a template's, cut at a blank
		}
		if byteAt(v, 1) != '/' {
			return through(v, 1, ">")
		}
	case '@':
		if n := run(v, 1, func(c byte) bool { return isAlpha(c) || c == '_' }); n > 2 && byteAt(v, n) == '@' && isPlainWord(v[1:n]) {
			return n + 1
		} else if n > 2 && n == len(v) && isPlainWord(v[1:n]) && strings.ToLower(v) == v {
			return n // a parameter of SQL
		}
	case '!':
		if n := run(v, 1, isAlpha); n > 2 && (n == len(v) || byteAt(v, n) == ' ') {
			return len(v) // a tag of YAML: !vault, !Ref
		}
	case '#':
		if byteAt(v, 1) == '{' {
			return through(v, 2, "}")
		}
	}
	return 0
}

// through is where the first end from v[from] on is over, 0 if there is none.
func through(v string, from int, end string) int {
	if n := strings.Index(v[min(from, len(v)):], end); n >= 0 {
		return from + n + len(end)
	}
	return 0
}

// dollarLen is the length of what a dollar sign begins: a variable, a substitution, an expression of a workflow.
func dollarLen(v string) int {
	n := 0
	switch c := byteAt(v, 1); {
	case c == '{' && byteAt(v, 2) == '{':
		return through(v, 3, "}}")
	case c == '{':
		n = through(v, 2, "}")
	case c == '(':
		n = through(v, 2, ")")
	case isAlpha(c) || c == '_':
		return run(v, 1, func(c byte) bool { return isWordByte(c) || c == ':' })
	case isDigit(c) || c == '@' || c == '*' || c == '?':
		return 2
	default:
		return 0
	}
	if n == 0 {
		return len(v) // cut at a blank or a quote
	}
	return n
}

// braceLen is the length of a template's {{ … }} or {% … %}, or of a {name}.
func braceLen(v string) int {
	if c := byteAt(v, 1); c == '{' || c == '%' {
		if n := through(v, 2, "}"); n > 0 {
			return n + run(v[n:], 0, func(c byte) bool { return c == '}' })
		}
		return len(v)
	}
	if n := through(v, 1, "}"); n > 0 && run(v, 1, func(c byte) bool { return isWordByte(c) || c == '.' || c == ':' }) == n-1 {
		return n
	}
	return 0
}
