package policy

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Unfinished says whether a shell that has been given these lines would ask for more before it runs the last of them: an open quote,
// here-document or compound command, or a line that goes on (\ before the newline). In doubt it is unfinished.
func Unfinished(lines string) bool {
	text := strings.TrimSuffix(lines, "\n")
	if n := len(text) - len(strings.TrimRight(text, `\`)); n%2 == 1 {
		return true
	}
	for _, lang := range []syntax.LangVariant{syntax.LangBash, syntax.LangPOSIX} {
		_, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(text+"\n"), "")
		if err != nil && syntax.IsIncomplete(err) {
			return true
		}
	}
	return false
}
