package files

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape shows a name so that it can be read, carried in JSON and given back: as it is, or, where it holds bytes that are no text or
// characters that cannot be seen, as the shell's $'…' with \n, \t, \\, \' and \xHH. [Unescape] gives the name back.
func Escape(name string) string {
	if plain(name) {
		return name
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(name); {
		r, size := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\\' || r == '\'':
			b.WriteByte('\\')
			b.WriteRune(r)
		case visible(r, size):
			b.WriteString(name[i : i+size])
		default:
			for _, c := range []byte(name[i : i+size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
		i += size
	}
	b.WriteByte('\'')
	return b.String()
}

// Unescape is the name that an argument means: $'…' stands for the bytes that it spells, anything else for itself. NUL, an empty
// name and one that no system takes are refused.
func Unescape(text string) (string, error) {
	name := text
	if strings.HasPrefix(text, "$'") {
		var err error
		if name, err = unquote(text); err != nil {
			return "", err
		}
	}
	switch {
	case name == "":
		return "", &Error{Op: "reading a path", Code: "invalid_argument", Message: "it is empty", Hint: "give the path of a file"}
	case len(name) > maxPath:
		return "", &Error{Op: "reading a path", Code: "invalid_argument", Message: fmt.Sprintf("it has %d bytes, and no path has more than %d", len(name), maxPath), Hint: "give the path of a file"}
	case strings.ContainsRune(name, 0):
		return "", &Error{Op: "reading a path", Code: "invalid_argument", Message: "it holds a NUL byte, which no file name can", Hint: "remove it"}
	}
	return name, nil
}

func unquote(text string) (string, error) {
	bad := func(why string) (string, error) {
		return "", &Error{Op: "reading a path", Path: strings.TrimPrefix(text, "$"), Code: "invalid_argument", Message: why,
			Hint: `$'…' takes \n, \t, \\, \' and \xHH; write a name that begins with $' as $'$\'…'`}
	}
	body, closed := strings.CutSuffix(text[2:], "'")
	if !closed {
		return bad("$' without its closing quote")
	}
	var b []byte
	for i := 0; i < len(body); i++ {
		if body[i] == '\'' {
			return bad("a quote inside $'…' that is not escaped")
		}
		if body[i] != '\\' {
			b = append(b, body[i])
			continue
		}
		i++
		if i == len(body) {
			return bad("it ends with a lone backslash")
		}
		switch body[i] {
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case '\\', '\'':
			b = append(b, body[i])
		case 'x':
			if i+2 >= len(body) {
				return bad(`\x needs two digits`)
			}
			v, err := strconv.ParseUint(body[i+1:i+3], 16, 8)
			if err != nil {
				return bad(`\x needs two hexadecimal digits`)
			}
			b, i = append(b, byte(v)), i+2
		default:
			return bad(`unknown escape \` + string(body[i]))
		}
	}
	return string(b), nil
}

// plain names need no escape, and are not mistaken for one.
func plain(name string) bool {
	if strings.HasPrefix(name, "$'") {
		return false
	}
	for i := 0; i < len(name); {
		r, size := utf8.DecodeRuneInString(name[i:])
		if !visible(r, size) {
			return false
		}
		i += size
	}
	return true
}

// visible characters show themselves. Control, bidirectional and zero-width ones, and bytes that are no text, do not.
func visible(r rune, size int) bool {
	if r == utf8.RuneError && size == 1 {
		return false
	}
	return r == ' ' || unicode.IsGraphic(r) && !unicode.In(r, unicode.Cf, unicode.Zs, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
