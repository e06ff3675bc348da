package change

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff is the unified diff of two versions of a file under the name shown, "" when there is none. A diff longer than limit bytes
// is cut at a line and says so; of files that are not text it says only that they differ.
func Diff(shown string, before, after []byte, limit int) string {
	if bytes.Equal(before, after) {
		return ""
	}
	if !isText(before) || !isText(after) {
		return fmt.Sprintf("binary content differs: %d bytes before, %d after\n", len(before), len(after))
	}
	text := string(diff.Diff(shown, before, shown, after))
	_, text, _ = strings.Cut(text, "\n") // its first line is a command line
	if len(text) <= limit {
		return text
	}
	kept := text[:limit]
	kept = kept[:strings.LastIndexByte(kept, '\n')+1]
	return fmt.Sprintf("%s[the diff goes on for %d bytes]\n", kept, len(text)-len(kept))
}

// isText says whether content can be shown: UTF-8 without NUL.
func isText(content []byte) bool {
	return bytes.IndexByte(content, 0) < 0 && utf8.Valid(content)
}
