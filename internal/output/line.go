package output

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"relay-shell/internal/lazyregexp"
)

const (
	// lineRunes is how much of a line progress shows, in characters.
	lineRunes = 200
	// lineBytes is how much of the newest output is looked at for it.
	lineBytes = 4 * lineRunes
)

// escapeSequence is a complete control sequence or a string for the terminal (ECMA-48, xterm's control sequences).
var escapeSequence = lazyregexp.New("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[()][0-9A-Z]|[=>78DEHM])")

// LastLine is the newest line in output that says something, complete or not: of a line that was overwritten (carriage
// return) the newest form, without terminal sequences, visible, at most 200 characters.
func LastLine(b []byte) string {
	if len(b) > lineBytes {
		b = trimStart(b[len(b)-lineBytes:])
	}
	for len(b) > 0 {
		i := bytes.LastIndexAny(b, "\n\r")
		if line := clean(b[i+1:]); line != "" {
			return line
		}
		b = b[:max(i, 0)]
	}
	return ""
}

func clean(b []byte) string {
	b = trimEnd(b)
	shown, _ := Visible(strings.TrimSpace(string(escapeSequence.ReplaceAll(b, nil))))
	if utf8.RuneCountInString(shown) <= lineRunes {
		return shown
	}
	return string([]rune(shown)[:lineRunes-1]) + "…"
}
