package target

import (
	_ "embed"
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"relay-shell/internal/lazyregexp"
)

// sudoSource defines, in POSIX shell, a sudo that asks for its password through a program of our own (sudo -A): just when sudo wants one, and
// once, so that a wrong password can't lock the account: it ends the command with the mark that [sudoWatch] waits for. The password comes as the
// first line of standard input, which leaves the rest to the command, and goes on through a pipe with a name: it is in no argument, no
// environment and no file. On a terminal it is sent when the terminal has been asked not to show it, which another mark says.
//
//go:embed sudo.sh
var sudoSource string

// sudoPrelude is the source on one line, so that the line numbers in a shell's messages stay right.
var sudoPrelude = oneLine(sudoSource)

// oneLine joins the lines of shell text that has one statement, or the beginning of a compound one, on each.
func oneLine(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		b.WriteString(line)
		switch {
		case strings.HasSuffix(line, " do"), strings.HasSuffix(line, " then"), strings.HasSuffix(line, " in"), strings.HasSuffix(line, "{"), strings.HasSuffix(line, ")"),
			strings.HasSuffix(line, "&"), strings.HasSuffix(line, ";;"):
			b.WriteString(" ")
		default:
			b.WriteString("; ")
		}
	}
	return b.String()
}

func preludeFor(refused, tried, ready string) string {
	return fmt.Sprintf("relay_refused=%s relay_tried=%s relay_ready=%s; %s", Quote(refused), Quote(tried), Quote(ready), sudoPrelude)
}

// marksText begins the prelude.
var marksText = lazyregexp.New(`relay_refused=(?:[A-Za-z0-9-]+|'relay-shell: sudo refused the stored password \(secret [A-Za-z0-9._-]+\)[a-z :,]+\n') relay_tried=(?:''|[A-Za-z0-9-]+) relay_ready=(?:''|[A-Za-z0-9-]+); `)

// WithoutSudoPrelude takes what a stored password for sudo puts before a command out of a command line, for who judges the command. Other text, and
// text that holds it where quotes or the like could make something else of it, comes back as it is.
func WithoutSudoPrelude(text string) string {
	at := marksText.FindStringIndex(text)
	if at == nil || !EngineLead(text[:at[0]]) {
		return text
	}
	rest, ok := strings.CutPrefix(text[at[1]:], sudoPrelude)
	if !ok {
		return text
	}
	return text[:at[0]] + rest
}

// EngineLead tells whether text is what the engine puts before a command: one stream for both outputs, the change of directory on a line of its own, and a subshell.
func EngineLead(lead string) bool {
	lead = strings.TrimSuffix(lead, "(\n")
	rest, merged := strings.CutPrefix(lead, "exec 2>&1")
	if merged {
		if rest == "\n" {
			return true
		}
		rest = strings.TrimPrefix(rest, "; ")
	}
	if rest == "" {
		return !merged
	}
	line, after, ok := strings.Cut(rest, "\n")
	if !ok || after != "" || !strings.HasPrefix(line, "CDPATH= cd -- ") || strings.HasSuffix(line, "\\") || strings.Contains(line, "alias") {
		return false
	}
	for _, lang := range []syntax.LangVariant{syntax.LangPOSIX, syntax.LangBash} {
		if _, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(line), ""); err != nil {
			return false
		}
	}
	return true
}
