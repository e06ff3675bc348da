package assess

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"relay-shell/internal/lazyregexp"
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
						m.doubt(line, "a comment that ends in a backslash, perhaps in a here-document")
					}
					break
				}
			}
		}
		at = end + 1
	}
	return text
}

// besideWord finds a # that may stand inside a word.
var besideWord = lazyregexp.New("[^ \\t\\n;&|(<>`]#")

// maxHashes bounds how often a text is parsed to find them all: each may hide another on its line.
const maxHashes = 8

// wordHashes takes the meaning off # where only the parser sees a comment: behind a quoted part of some words, and behind the list of an
// array. To a shell a=(x)#;reboot ends the word at the semicolon.
func (m *machine) wordHashes(text string) string {
	if !besideWord.MatchString(text) {
		return text
	}
	for range maxHashes {
		wrong := commentPlaces(m.lang, text)
		if len(wrong) == 0 {
			return text
		}
		var b strings.Builder
		from := 0
		for _, at := range wrong {
			b.WriteString(text[from:at] + `\`)
			from = at
		}
		text = b.String() + text[from:]
	}
	m.doubt(text, "signs that may be comments")
	return text
}

// commentPlaces are the places, in order, of the comments that are none to a shell.
func commentPlaces(lang syntax.LangVariant, text string) []int {
	file, _ := parse(lang, text, syntax.KeepComments(true))
	if file == nil {
		return nil
	}
	lists := map[int]bool{} // where the list of an array ends
	var found []int
	syntax.Walk(file, func(n syntax.Node) bool {
		switch x := n.(type) {
		case *syntax.ArrayExpr:
			lists[int(x.Rparen.Offset())+1] = true
		case *syntax.Comment:
			if at := int(x.Hash.Offset()); at > 0 && at < len(text) && (lists[at] || strings.IndexByte(" \t\n;&|()<>`", text[at-1]) < 0) {
				found = append(found, at)
			}
		}
		return true
	})
	slices.Sort(found)
	return slices.Compact(found)
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
