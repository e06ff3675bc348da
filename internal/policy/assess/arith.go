package assess

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

func itoa(n int) string { return strconv.Itoa(n) }

// arithmetic evaluates an expression: its side effects, and its value if that is constant.
func (m *machine) arithmetic(x syntax.ArithmExpr, sc *scope) str {
	m.evaluated(x, sc)
	if n, ok := m.constant(x, sc); ok {
		return lit(itoa(n))
	}
	return str{s: "1" + unk} // some number: neither an option nor a path
}

// evaluated follows the commands in an arithmetic expression: substitutions, and those in subscripts of the texts that
// variables hold, which the shell evaluates as expressions again.
func (m *machine) evaluated(x syntax.ArithmExpr, sc *scope) {
	if x == nil {
		return
	}
	syntax.Walk(x, func(n syntax.Node) bool {
		switch w := n.(type) {
		case *syntax.Word:
			m.expression(m.text(w, sc), sc)
			return false
		case *syntax.BinaryArithm:
			if w, ok := w.X.(*syntax.Word); ok && assigning(n.(*syntax.BinaryArithm).Op) && syntax.ValidName(w.Lit()) {
				sc.setText(w.Lit(), str{s: "1" + unk})
			}
		}
		return true
	})
}

func assigning(op syntax.BinAritOperator) bool {
	switch op {
	case syntax.Assgn, syntax.AddAssgn, syntax.SubAssgn, syntax.MulAssgn, syntax.QuoAssgn, syntax.RemAssgn,
		syntax.AndAssgn, syntax.OrAssgn, syntax.XorAssgn, syntax.ShlAssgn, syntax.ShrAssgn:
		return true
	}
	return false
}

// expression follows a text that the shell evaluates as an arithmetic expression: its substitutions, and what the variables hold
// that it names, which are expressions again.
func (m *machine) expression(s str, sc *scope) {
	m.subscripts(s, sc)
	m.named(s, sc, map[string]bool{})
}

// maxNames bounds the variables that one expression is followed to.
const maxNames = 64

func (m *machine) named(s str, sc *scope, seen map[string]bool) {
	if len(sc.vars) == 0 {
		return
	}
	for _, name := range strings.FieldsFunc(s.s, func(r rune) bool { return !wordByte(byte(r)) || r > 'z' || r == '$' }) {
		if seen[name] || len(seen) >= maxNames {
			continue
		}
		seen[name] = true
		for _, v := range sc.vars[name] {
			for _, e := range v.elems {
				m.substitutions(e, sc)
				m.named(e, sc, seen)
			}
			m.named(lit(v.refers), sc, seen)
		}
	}
}

// subscripts follows a text that the shell takes as the name of a variable or an array element: read 'a[$(reboot)]' runs reboot,
// and the subscript is an expression.
func (m *machine) subscripts(s str, sc *scope) {
	m.substitutions(s, sc)
	if _, index, ok := strings.Cut(s.s, "["); ok {
		m.named(str{index, s.t}, sc, map[string]bool{})
	}
}

// substitutions follows those in a text that is expanded once more.
func (m *machine) substitutions(s str, sc *scope) {
	if !strings.Contains(s.s, "$(") && !strings.Contains(s.s, "`") && !strings.Contains(s.s, "${") {
		return
	}
	m.promptText(s, sc)
}

// promptText follows the substitutions in a text as prompts (PS4, ${x@P}) and here-documents have them.
func (m *machine) promptText(s str, sc *scope) (out str) {
	out = str{unk, s.t}
	m.within(func() {
		m.as(Reread, func() {
			readable := strings.ReplaceAll(s.s, unk, "u")
			w, err := document(m.lang, readable)
			if err != nil {
				m.failed(s.s, err)
				m.salvage(s, sc)
				return
			}
			if w == nil {
				return
			}
			was := m.src
			m.src = readable
			out = m.joined(w, sc)
			m.src = was
		})
	})
	return out
}

func (m *machine) joined(w *syntax.Word, sc *scope) str {
	parts := make([]arg, len(w.Parts))
	for i, p := range w.Parts {
		parts[i].str = m.text(&syntax.Word{Parts: []syntax.WordPart{p}}, sc)
	}
	return concat(parts)
}

// constant evaluates an expression without unknowns.
func (m *machine) constant(x syntax.ArithmExpr, sc *scope) (n int, ok bool) {
	if x == nil {
		return 0, false
	}
	var env []string
	ok = true
	syntax.Walk(x, func(n syntax.Node) bool {
		switch w := n.(type) {
		case *syntax.CmdSubst, *syntax.ProcSubst, *syntax.ArithmExp, *syntax.ExtGlob:
			ok = false
		case *syntax.ParamExp:
			if w.Param == nil || !w.Short && w.Rbrace.IsValid() && (w.Exp != nil || w.Slice != nil || w.Repl != nil || w.Index != nil) {
				ok = false
				return false
			}
			ok = ok && m.constantName(w.Param.Value, &env, sc)
			return false
		case *syntax.Lit:
			if syntax.ValidName(w.Value) {
				ok = ok && m.constantName(w.Value, &env, sc)
			}
		}
		return ok
	})
	if !ok {
		return 0, false
	}
	defer func() {
		if recover() != nil {
			n, ok = 0, false
		}
	}()
	n, err := expand.Arithm(&expand.Config{Env: expand.ListEnviron(env...)}, x)
	return n, err == nil
}

func (m *machine) constantName(name string, env *[]string, sc *scope) bool {
	v, ok := sc.get(name)
	if !ok || v.array {
		return false
	}
	if _, err := strconv.Atoi(v.first().s); err != nil {
		return false
	}
	*env = append(*env, name+"="+v.first().s)
	return true
}
