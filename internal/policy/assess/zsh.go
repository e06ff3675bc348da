package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

var (
	// zshExpansions are what zsh writes in front of a parameter's name: ${=x} splits, ${~x} globs, ${(f)x} has flags.
	zshExpansions = lazyregexp.New(`\$\{([=~^]|\([^()]*\))+`)
	// zshSplits is the same without braces: $=x.
	zshSplits = lazyregexp.New(`\$[=~^]+([A-Za-z_@*])`)
	// zshDash is the modifier in front of a command that changes only its argument zero.
	zshDash = lazyregexp.New(`(^|[;&|\n({]|\bthen|\bdo|\belse)([ \t]*)-[ \t]+`)
)

// fromZsh writes what only zsh knows as other shells have it.
func fromZsh(text string) string {
	text = zshExpansions.ReplaceAllString(text, "$${")
	text = zshSplits.ReplaceAllString(text, "$$$1")
	return zshDash.ReplaceAllString(text, "$1$2 ")
}

// maxQualifiers bounds how many of a text are read.
const maxQualifiers = 20

// qualifiers follows the code in patterns such as *(e:'rm $REPLY':) and *(+name), which zsh runs for every file that they match.
func (m *machine) qualifiers(text str, sc *scope) {
	rest := text.s
	for range maxQualifiers {
		at := strings.IndexByte(rest, '(')
		if at < 0 {
			return
		}
		before, inside := rest[:at], strings.TrimLeft(rest[at+1:], "#qNDnoO.^-@/*")
		rest = rest[at+1:]
		switch {
		case before == "" || strings.IndexByte(" \t\n;&|$", before[len(before)-1]) >= 0 || len(inside) < 2:
		case inside[0] == '+':
			if code, _, ok := strings.Cut(inside[1:], ")"); ok {
				m.shell(str{code, text.t}, sc.fork())
			}
		case inside[0] == 'e' && !wordByte(inside[1]):
			if code, _, ok := strings.Cut(inside[2:], string(closer(inside[1]))); ok {
				m.shell(str{strings.Trim(strings.TrimSpace(code), `'"`), text.t}, sc.fork())
			}
		}
	}
}
