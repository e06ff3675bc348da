package assess

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// uncalled follows the bodies of functions that were defined and never called: a later line of a session may call them.
func (m *machine) uncalled(sc *scope) {
	names := make([]string, 0, len(sc.funcs))
	for name := range sc.funcs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !m.called[sc.funcs[name].body] {
			m.callFunction(name, nil, false, sc)
		}
	}
}

// calledByShell tells functions that a shell calls by itself: for a command that it does not find, at a signal or its end, before a prompt.
func (m *machine) calledByShell(name string) bool {
	switch name {
	case "command_not_found_handle":
		return true
	case "command_not_found_handler", "precmd", "preexec", "chpwd", "periodic", "zshexit", "zshaddhistory":
		return m.zsh
	}
	return m.zsh && strings.HasPrefix(name, "TRAP")
}

// callFunction follows a function's body. A function that runs itself in a pipe or in the background is a fork bomb; one
// that only calls itself ends here.
func (m *machine) callFunction(name string, params []arg, known bool, sc *scope) (out str) {
	f := sc.funcs[name]
	m.called[f.body] = true
	if slices.Contains(m.running, f.body) {
		if multiplies(f.body, name) {
			m.note(Reason{Text: name, Program: name, Rule: "fork-bomb", Tier: Irreversible, Why: "a function that starts itself over and over"})
		}
		return unknown
	}
	m.running = append(m.running, f.body)
	defer func() { m.running = m.running[:len(m.running)-1] }()
	was, has := sc.params, sc.hasArgs
	sc.params, sc.hasArgs = params, known
	text := m.src
	m.src = f.text
	out = m.stmt(f.body, sc)
	m.src = text
	sc.params, sc.hasArgs = was, has
	return out
}

func multiplies(body *syntax.Stmt, name string) bool {
	found := false
	mentions := func(n syntax.Node) bool {
		hit := false
		syntax.Walk(n, func(n syntax.Node) bool {
			if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 && c.Args[0].Lit() == name {
				hit = true
			}
			return !hit
		})
		return hit
	}
	syntax.Walk(body, func(n syntax.Node) bool {
		switch x := n.(type) {
		case *syntax.Stmt:
			found = found || x.Background && mentions(x)
		case *syntax.BinaryCmd:
			found = found || x.Op == syntax.Pipe && mentions(x)
		}
		return !found
	})
	return found
}

// function is a body and the text that its positions point into.
type function struct {
	body *syntax.Stmt
	text string
}

// compound tells the commands that bash takes as the body of a function.
func compound(st *syntax.Stmt) bool {
	switch st.Cmd.(type) {
	case *syntax.Block, *syntax.Subshell, *syntax.IfClause, *syntax.ForClause, *syntax.WhileClause, *syntax.CaseClause, *syntax.ArithmCmd, *syntax.TestClause:
		return !st.Negated
	}
	return false
}

// reservedWords are those that bash may see where the parser sees a plain word.
var reservedWords = setOf("in do done esac fi then else elif if for while until case select function time coproc { } ! [[ ]]")
