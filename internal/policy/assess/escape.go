package assess

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescapeC reads the escapes of $'…', printf and echo -e: \n, \t, \\, \xHH, \NNN, \0NNN, \uHHHH, \UHHHHHHHH, \cX.
func unescapeC(s string) string { return strings.ReplaceAll(unescapeNul(s), nul, "") }

// unescapeNul is unescapeC for what is printed, in which the byte 0 stays.
func unescapeNul(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'a':
			b.WriteByte(7)
		case 'b':
			b.WriteByte(8)
		case 'e', 'E':
			b.WriteByte(27)
		case 'f':
			b.WriteByte(12)
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'v':
			b.WriteByte(11)
		case '\\', '\'', '"', '?':
			b.WriteByte(c)
		case 'x':
			i += number(&b, s[i+1:], 16, 2, false)
		case 'u':
			i += number(&b, s[i+1:], 16, 4, true)
		case 'U':
			i += number(&b, s[i+1:], 16, 8, true)
		case '0', '1', '2', '3', '4', '5', '6', '7':
			width := 3
			if c == '0' {
				width = 4 // echo -e and printf %b take \0NNN
			}
			i += number(&b, s[i:], 8, width, false) - 1
		case 'c':
			if i+1 < len(s) {
				i++
				b.WriteByte(s[i] & 0x1f)
			}
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return strings.ReplaceAll(b.String(), "\x00", nul)
}

// number reads up to width digits and writes the byte or rune; it returns how many digits there were.
func number(b *strings.Builder, s string, base, width int, isRune bool) int {
	n := 0
	for n < len(s) && n < width {
		if _, err := strconv.ParseUint(s[n:n+1], base, 8); err != nil {
			break
		}
		n++
	}
	v, err := strconv.ParseUint(s[:n], base, 64)
	switch {
	case err != nil:
	case isRune && v <= utf8.MaxRune:
		b.WriteRune(rune(v))
	case !isRune:
		b.WriteByte(byte(v))
	}
	return n
}
