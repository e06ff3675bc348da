package policy

import (
	"cmp"
	"fmt"
	"slices"
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
	reasons := slices.Clone(a.Reasons)
	slices.SortStableFunc(reasons, func(x, y Reason) int { return cmp.Compare(y.Tier, x.Tier) }) // the worst is seen, however many stand before it
	for i, r := range reasons {
		if i == maxRendered {
			fmt.Fprintf(&b, "  … and %d more of tier %d or less\n", len(reasons)-i, r.Tier)
			break
		}
		fmt.Fprintf(&b, "  %d  %s\n       %s\n", r.Tier, visibleLine(counted(r.Text)), visibleLine(counted(r.Why)))
		if r.Resolved != "" && r.Resolved != r.Text {
			fmt.Fprintf(&b, "       runs: %s\n", visibleLine(counted(r.Resolved)))
		}
	}
	most := maxSection
	if a.ParseError != "" || a.TooComplex || a.Refused {
		most = maxUnread
	}
	section(&b, "command", wholeText(s), most)
	if bare, hidden := withoutHidden(wholeText(s)); hidden > maxHidden { // so many that their escapes would hide the rest
		section(&b, fmt.Sprintf("the same without its %d hidden characters", hidden), bare, most)
	}
	for _, text := range s.Or {
		section(&b, "or", text, most)
	}
	if s.Interpreter != "" {
		section(&b, "interpreter", s.Interpreter, most)
	}
	section(&b, "directory", s.Dir, most)
	for _, e := range s.Env {
		if e.Unset {
			section(&b, "environment", e.Name+" removed", maxSection)
		} else {
			section(&b, "environment", e.Name+"="+e.Value, maxSection)
		}
	}
	if s.Stdin != "" {
		section(&b, fmt.Sprintf("input, %d bytes", len(s.Stdin)), s.Stdin, most)
	}
	return b.String()
}

// Bounds of what is rendered: a person reads no more.
const (
	maxRendered = 40
	maxSection  = 4000
	maxUnread   = 16000 // of a text that only the person reads, since the assessment could not
)

// maxHidden is how many hidden characters a person can read around.
const maxHidden = 32

// withoutHidden takes the characters out of a text that no terminal shows, and counts them.
func withoutHidden(text string) (bare string, hidden int) {
	bare = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r)) {
			hidden++
			return -1
		}
		return r
	}, text)
	return bare, hidden
}

// section shows a text's head and its tail: padding hides nothing behind it, and what repeats is counted.
func section(b *strings.Builder, title, text string, most int) {
	if text == "" {
		return
	}
	fmt.Fprintf(b, "%s:\n", title)
	lines := func(text string) {
		for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			fmt.Fprintf(b, "    %s\n", line)
		}
	}
	text = Visible(counted(text))
	if len(text) <= most {
		lines(text)
		return
	}
	head, tail := strings.ToValidUTF8(text[:most/2], ""), strings.ToValidUTF8(text[len(text)-most/2:], "")
	lines(head)
	fmt.Fprintf(b, "    … %d bytes more …\n", len(text)-len(head)-len(tail))
	lines(tail)
}

// counted writes a long run of one character as its beginning and a count: 12,000 blanks, newlines or invisible characters are padding.
func counted(text string) string {
	const longest, shown = 64, 8
	var b strings.Builder
	for i := 0; i < len(text); {
		_, n := utf8.DecodeRuneInString(text[i:])
		j := i + n
		for strings.HasPrefix(text[j:], text[i:i+n]) {
			j += n
		}
		if times := (j - i) / n; times > longest {
			fmt.Fprintf(&b, "%s…(%d times)…", text[i:i+n*shown], times)
		} else {
			b.WriteString(text[i:j])
		}
		i = j
	}
	return b.String()
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
