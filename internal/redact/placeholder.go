package redact

import (
	"strings"
	"unicode/utf8"
)

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
	_, n := utf8.DecodeRuneInString(v)
	for i := n; i < len(v); i += n {
		if !strings.HasPrefix(v[i:], v[:n]) {
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
