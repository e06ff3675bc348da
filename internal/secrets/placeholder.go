package secrets

import (
	"slices"
	"strings"
)

// A placeholder is {{secret:NAME}}; blanks within the braces are allowed. NAME is a letter or underscore, then letters,
// digits, underscores, dots and dashes, 64 bytes in all.
const (
	opening = "{{"
	keyword = "secret:"
	closing = "}}"

	maxName = 64
)

// Uses tells whether text names a secret, well-formed or not.
func Uses(text string) bool {
	_, _, _, found := next(text)
	return found
}

// Names are the names of the secrets that text uses, each once, in order.
func Names(text string) []string {
	var names []string
	for {
		_, end, name, found := next(text)
		if !found {
			slices.Sort(names)
			return slices.Compact(names)
		}
		if name != "" {
			names = append(names, name)
		}
		text = text[end:]
	}
}

// next finds the first placeholder of text: its place and its name, which is "" if it is malformed.
func next(text string) (start, end int, name string, found bool) {
	at := 0
	for {
		n := strings.Index(text[at:], opening)
		if n < 0 {
			return 0, 0, "", false
		}
		start = at + n
		rest := strings.TrimLeft(text[start+len(opening):], " ")
		if !strings.HasPrefix(rest, keyword) {
			at = start + 1
			continue
		}
		body := len(text) - len(rest) + len(keyword)
		n = strings.Index(text[body:], closing)
		if n < 0 {
			return start, len(text), "", true
		}
		name = strings.Trim(text[body:body+n], " ")
		if !validName(name) {
			name = ""
		}
		return start, body + n + len(closing), name, true
	}
}

func validName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '.' && c != '-') {
			return false
		}
	}
	return true
}
