package policy

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Render writes what a call would do for the person who has to answer for it: each simple command as it was parsed, what it
// would do and why, then the text itself. Nothing in it can move a cursor, reorder a line or hide: controls, invisible and
// look-alike characters are shown as escapes.
func Render(s Subject, a Assessment) string {
	var b strings.Builder
	fmt.Fprintf(&b, "tier %d %s", a.Tier, a.Tier)
	if a.Sensitive {
		b.WriteString(", reads secrets")
	}
	if a.ParseError != "" {
		b.WriteString(", does not parse")
	}
	if a.TooComplex || a.Refused {
		b.WriteString(", too complex to be read to its end")
	}
	b.WriteByte('\n')
	for i, r := range a.Reasons {
		if i == maxRendered {
			fmt.Fprintf(&b, "  … and %d more\n", len(a.Reasons)-i)
			break
		}
		fmt.Fprintf(&b, "  %d  %s\n       %s\n", r.Tier, visibleLine(r.Text), visibleLine(r.Why))
		if r.Resolved != "" && r.Resolved != r.Text {
			fmt.Fprintf(&b, "       runs: %s\n", visibleLine(r.Resolved))
		}
	}
	section(&b, "command", wholeText(s))
	for _, text := range s.Or {
		section(&b, "or", text)
	}
	if s.Interpreter != "" {
		section(&b, "interpreter", s.Interpreter)
	}
	section(&b, "directory", s.Dir)
	for _, e := range s.Env {
		if e.Unset {
			section(&b, "environment", e.Name+" removed")
		} else {
			section(&b, "environment", e.Name+"="+e.Value)
		}
	}
	if s.Stdin != "" {
		section(&b, fmt.Sprintf("input, %d bytes", len(s.Stdin)), s.Stdin)
	}
	return b.String()
}

// Bounds of what is rendered: a person reads no more.
const (
	maxRendered = 40
	maxSection  = 4000
)

func section(b *strings.Builder, title, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(b, "%s:\n", title)
	cut := ""
	if len(text) > maxSection {
		cut = fmt.Sprintf("    … %d bytes more\n", len(text)-maxSection)
		text = text[:maxSection]
	}
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		fmt.Fprintf(b, "    %s\n", Visible(line))
	}
	b.WriteString(cut)
}

func visibleLine(s string) string { return strings.ReplaceAll(Visible(s), "\n", `\n`) }

// Visible shows hidden characters: controls other than newline, invalid UTF-8, characters of no width, those that change the
// direction of writing, spaces that are none to a shell, and letters that only look like those of ASCII.
func Visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' || r >= 0x20 && r < 0x7f:
			b.WriteRune(r)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case !plainlyVisible(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// plainlyVisible reports whether a character shows as itself and is no double of an ASCII one. Latin letters with marks, and
// scripts that share no shapes with Latin, do; Cyrillic, Greek, full-width and mathematical letters do not.
func plainlyVisible(r rune) bool {
	if !unicode.IsPrint(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
		return false
	}
	if unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu) {
		return false
	}
	switch {
	case r >= 0xff00 && r <= 0xffef, r >= 0x1d400 && r <= 0x1d7ff, r >= 0x2010 && r <= 0x2015, r >= 0x2018 && r <= 0x201f, r == 0x2044, r == 0x2212, r == 0x2215, r == 0x29f8, r == 0x037e, r >= 0x2100 && r <= 0x214f:
		return false
	}
	return true
}
