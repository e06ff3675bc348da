package redact

import "strings"

// The scanners work on bytes: secrets, names and separators are ASCII, and bytes of other characters are simply neither
// names nor separators.

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlpha(c byte) bool { return isLower(lower(c)) }
func isAlnum(c byte) bool { return isAlpha(c) || isDigit(c) }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= lower(c) && lower(c) <= 'f' }
func isBlank(c byte) bool { return c == ' ' || c == '\t' }
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// isWordByte is \w of the regular expressions.
func isWordByte(c byte) bool { return isAlnum(c) || c == '_' }

// isNameByte is what names of settings, options and headers are made of.
func isNameByte(c byte) bool { return isAlnum(c) || c == '_' || c == '-' || c == '.' }

// isB64 covers the standard and the URL-safe alphabet.
func isB64(c byte) bool { return isAlnum(c) || c == '+' || c == '/' || c == '-' || c == '_' }

// hasFoldPrefix is strings.HasPrefix without regard to ASCII case; prefix is lower case.
func hasFoldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// run returns the end of the longest run of bytes that satisfy is, from i on.
func run(s string, i int, is func(byte) bool) int {
	for i < len(s) && is(s[i]) {
		i++
	}
	return i
}

// skipBlank returns the first position from i on that is neither space nor tab.
func skipBlank(s string, i int) int {
	for i < len(s) && isBlank(s[i]) {
		i++
	}
	return i
}

// byteAt is s[i], or 0 outside the text.
func byteAt(s string, i int) byte {
	if i < 0 || i >= len(s) {
		return 0
	}
	return s[i]
}
