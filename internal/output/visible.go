package output

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes text from a host safe to show: every character that a terminal obeys or that a reader cannot see appears as
// an escape (\x1b, \u202e), and bytes that are not UTF-8 as U+FFFD. Tab and newline stay, a carriage return before a newline
// is dropped. The second result says whether an escape was made. Backslashes are left alone, so that ordinary text stays as
// it is; the escapes are for reading, not for decoding.
func Visible(s string) (string, bool) {
	i := plainPrefix(s)
	if i == len(s) {
		return s, false
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	escaped := false
	previous, _ := utf8.DecodeLastRuneInString(s[:i])
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\r' && i+1 < len(s) && s[i+1] == '\n':
		case hidden(r) && !emojiStyle(previous, r):
			b.WriteString(escape(r))
			escaped = true
		default:
			b.WriteRune(r)
		}
		previous = r
		i += size
	}
	return b.String(), escaped
}

// plainPrefix is the length of the beginning of s that is printable ASCII, tab and newline.
func plainPrefix(s string) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x7f || c < ' ' && c != '\t' && c != '\n' {
			return i
		}
	}
	return len(s)
}

// hidden says whether a character acts on the reader's screen or cannot be seen on it: controls, bidirectional marks and
// overrides, zero-width characters, tags, variation selectors, fillers, line and paragraph separators.
func hidden(r rune) bool {
	switch {
	case r == '\t' || r == '\n':
		return false
	case r < ' ' || r >= 0x7f && r <= 0x9f:
		return true
	case r < 0xad:
		return false
	case r == 0x2028 || r == 0x2029:
		return true
	case unicode.Is(unicode.Cf, r):
		return !unicode.Is(unicode.Prepended_Concatenation_Mark, r) // these have a shape of their own
	}
	return unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// emojiStyle says whether r is the one selector that ordinary text uses, U+FE0F, after a character that takes it.
func emojiStyle(previous, r rune) bool {
	if r != 0xfe0f || previous == utf8.RuneError {
		return false
	}
	return unicode.In(previous, unicode.So, unicode.Sm) || previous == 0x203c || previous == 0x2049 ||
		previous >= '0' && previous <= '9' || previous == '#' || previous == '*'
}

func escape(r rune) string {
	switch {
	case r == '\r':
		return `\r`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
