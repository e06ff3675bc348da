package inventory

import (
	"errors"
	"strings"
)

// splitWords splits as a POSIX shell would without expanding anything (Python's shlex, which Ansible uses): quotes group,
// a backslash takes the next character literally. With comments, an unquoted # ends the line, also within a word.
func splitWords(s string, comments bool) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == '\'' && c != '\'', quote == '"' && c != '"' && c != '\\':
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case quote == '"': // a backslash
			if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
				i++
			}
			word.WriteByte(s[i])
		case c == '\\':
			if i++; i == len(s) {
				return nil, errors.New("ends in a backslash")
			}
			word.WriteByte(s[i])
			inWord = true
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		case c == '#' && comments:
			s = s[:i] // ends the loop
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errors.New("has unbalanced quotes")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
