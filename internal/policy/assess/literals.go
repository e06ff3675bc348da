package assess

import "strings"

// literal is a string in code, and how it hangs together with the one before it.
type literal struct {
	text   string
	joined bool // by + or . or nothing
	listed bool // by a comma
}

// stringLiterals finds the strings of code: quoted by ' " or `, and perl's and ruby's q(), qq{}, qx//, %w[].
func stringLiterals(code string) []literal {
	var out []literal
	last := 0
	for i := 0; i < len(code) && len(out) < 500; i++ {
		quote, start := code[i], i+1
		switch {
		case quote == '\'' || quote == '"' || quote == '`':
			if strings.HasPrefix(code[i:], `"""`) || strings.HasPrefix(code[i:], "'''") {
				start = i + 3
				if end := strings.Index(code[start:], code[i:i+3]); end >= 0 {
					out = append(out, literal{text: code[start : start+end]})
					i = start + end + 2
					last = i + 1
				}
				continue
			}
		case (quote == 'q' || quote == '%') && (i == 0 || !wordByte(code[i-1])) && i+1 < len(code):
			j := i + 1
			for j < len(code) && j < i+3 && (code[j] >= 'a' && code[j] <= 'z' || code[j] >= 'A' && code[j] <= 'Z') {
				j++
			}
			if j >= len(code) || strings.IndexByte("({[</|!", code[j]) < 0 {
				continue
			}
			quote, start = closer(code[j]), j+1
		default:
			continue
		}
		end := start
		for end < len(code) && code[end] != quote {
			if code[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(code) {
			return append(out, literal{text: code[min(start, len(code)):]})
		}
		gap := ""
		if last <= i {
			gap = strings.TrimSpace(code[last:i])
		}
		out = append(out, literal{
			text:   unescapeC(code[start:end]),
			joined: len(out) > 0 && (gap == "+" || gap == "." || gap == "" || gap == ".."),
			listed: len(out) > 0 && (strings.Trim(gap, " [({") == "," || gap == "" && last < i),
		})
		i, last = end, end+1
	}
	return out
}

func wordByte(b byte) bool {
	return b == '_' || b == '$' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

func closer(b byte) byte {
	switch b {
	case '(':
		return ')'
	case '{':
		return '}'
	case '[':
		return ']'
	case '<':
		return '>'
	}
	return b
}
