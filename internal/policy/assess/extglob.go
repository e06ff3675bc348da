package assess

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"relay-shell/internal/lazyregexp"
)

func init() { hooks["shopt"] = builtinShopt }

// extended notes patterns such as @(a|b), which bash takes only once extglob is set: before that they are faults in the text, and
// what the parser reads behind them may not be what bash reads. In [[ ]] and ${ } they are always allowed.
func (m *machine) extended(w *syntax.Word, sc *scope) {
	if w == nil || sc.extglob {
		return
	}
	for _, p := range w.Parts {
		if g, ok := p.(*syntax.ExtGlob); ok {
			m.doubt(m.written(g), "a pattern that the shell takes only with extglob set")
			return
		}
	}
}

// extendedCode follows the commands inside @($(reboot)|a), which the parser takes for plain text.
func (m *machine) extendedCode(g *syntax.ExtGlob, sc *scope) {
	text := lit(g.Pattern.Value)
	m.substitutions(text, sc)
	if hasAny(text.s, "<(", ">(") {
		m.salvage(text, sc)
	}
	if strings.ContainsAny(text.s, "'\"`$<>\\") {
		m.doubt(m.written(g), "quotes or commands inside a pattern")
	}
}

func builtinShopt(c *call, u *use) {
	for _, a := range u.operands {
		if a.s == "extglob" && u.has("-s") {
			c.sc.extglob = true
		}
	}
}

var extendedPattern = lazyregexp.New(`[@!?*+]\(`)

// sameLine notes that extglob was set too late for what stands on the same line, which has been parsed by then.
func (m *machine) sameLine(st, next *syntax.Stmt) {
	if next.Pos().Line() != st.End().Line() || int(next.Pos().Offset()) > len(m.src) {
		return
	}
	line, _, _ := strings.Cut(m.src[next.Pos().Offset():], "\n")
	if extendedPattern.MatchString(line) {
		m.doubt(line, "extglob counts from the next line on")
	}
}

// extendedShell reports whether a shell starts with such patterns allowed.
func extendedShell(u *use, name string) bool {
	if strings.Contains(name, "ksh") || name == "zsh" {
		return true
	}
	for _, o := range u.options {
		if o.name == "-O" && o.arg.s == "extglob" {
			return true
		}
	}
	return false
}
