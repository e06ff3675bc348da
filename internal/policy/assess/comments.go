package assess

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxComments bounds the comments of a text that end in a backslash and are looked at: each is parsed up to its place.
const maxComments = 16

// endComments takes the backslash off comments that end in one. A shell ends a comment at the newline whatever stands before
// it, while the parser takes the pair for a continued line and so reads the next command as more words of this one.
func (m *machine) endComments(text string) string {
	if !strings.Contains(text, "\\\n") || !strings.Contains(text, "#") {
		return text
	}
	tried := 0
	for at := 0; at < len(text); {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			break
		}
		end += at
		if line := text[at:end]; strings.HasSuffix(line, `\`) {
			for i := range len(line) {
				if line[i] != '#' || i > 0 && !strings.ContainsRune(" \t;&|()<>`", rune(line[i-1])) {
					continue
				}
				if tried++; tried > maxComments {
					m.complex("too many comments that end in a backslash")
					return text
				}
				if comments(m.lang, text[:at+i+1]) {
					text = text[:end-1] + " " + text[end:]
					if strings.Contains(text, "<<") {
						m.note(Reason{Text: line, Rule: "parse", Tier: Stateful, Why: "a comment that ends in a backslash, perhaps in a here-document"})
					}
					break
				}
			}
		}
		at = end + 1
	}
	return text
}

// comments reports whether a quote behind a text would mean nothing, as it does in a comment.
func comments(lang syntax.LangVariant, text string) bool {
	said := func(more string) string {
		if _, err := parse(lang, text+more); err != nil {
			return err.Error()
		}
		return ""
	}
	plain := said("")
	return plain == said("'") && plain == said(`"`)
}
