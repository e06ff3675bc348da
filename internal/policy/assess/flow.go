package assess

import (
	"mvdan.cc/sh/v3/syntax"
)

func (m *machine) binary(c *syntax.BinaryCmd, sc *scope) str {
	switch c.Op {
	case syntax.Pipe, syntax.PipeAll:
		return m.pipe(c, sc)
	}
	out := m.stmt(c.X, sc)
	right := sc.fork()
	out = out.add(m.stmt(c.Y, right))
	if c.Op == syntax.AndStmt && changesDir(c.X) {
		*sc = *right // what follows a failed cd && … matters less than where the command runs
		return out
	}
	sc.join(sc.fork(), right)
	return out
}

// changesDir tells `cd x && …`, whose right side runs only in x.
func changesDir(st *syntax.Stmt) bool {
	call, ok := st.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) > 0 && call.Args[0].Lit() == "cd"
}

func (m *machine) pipe(c *syntax.BinaryCmd, sc *scope) str {
	m.doubtPipe(c)
	left := m.stmt(c.X, sc.fork())
	right := sc.fork()
	right.stdin, right.fed = left, true
	out := m.stmt(c.Y, right)
	right.stdin, right.fed = sc.stdin, sc.fed
	sc.join(sc.fork(), right) // zsh and ksh run the last part in the shell itself
	return out
}

func (m *machine) ifClause(c *syntax.IfClause, sc *scope) str {
	out := m.stmts(c.Cond, sc)
	then := sc.fork()
	out = out.add(m.stmts(c.Then, then))
	other := sc.fork()
	if c.Else != nil {
		out = out.add(m.ifClause(c.Else, other))
	}
	sc.join(then, other)
	return out
}

// while follows a loop's body twice, so that what the first round assigned reaches the second.
func (m *machine) while(c *syntax.WhileClause, sc *scope) str {
	out := lit("")
	rounds := 2
	if sc.loops > 3 {
		rounds = 1
	}
	for range rounds {
		body := sc.fork()
		body.loops++
		out = out.add(m.stmts(c.Cond, body)).add(m.stmts(c.Do, body))
		body.loops--
		sc.join(sc.fork(), body)
	}
	return str{limit(out.s + unk), out.t}
}

func (m *machine) forClause(c *syntax.ForClause, sc *scope) str {
	it, ok := c.Loop.(*syntax.WordIter)
	if !ok {
		if loop, is := c.Loop.(*syntax.CStyleLoop); is {
			for _, e := range []syntax.ArithmExpr{loop.Init, loop.Cond, loop.Post} {
				if e != nil {
					m.evaluated(e, sc)
				}
			}
		}
		body := sc.fork()
		body.loops++
		out := m.stmts(c.Do, body)
		body.loops--
		sc.join(sc.fork(), body)
		return out
	}
	items := m.fields(it.Items, sc)
	if len(it.Items) > 0 && it.Items[0].Lit() == "esac" { // ends a case around it for bash
		m.doubt(m.written(it.Items[0]), "a reserved word where bash may not take it")
	}
	if !it.InPos.IsValid() {
		items = sc.params
		if !sc.hasArgs {
			items = []arg{{str: unknown}}
		}
	}
	if len(items) > maxBody || sc.loops > 3 && len(items) > 2 {
		items = append(items[:2:2], arg{str: unknown})
	}
	out, whole := lit(""), !leaves(c.Do)
	for _, item := range items {
		body := sc.fork()
		body.loops++
		v := item.str
		body.set(it.Name.Value, value{elems: []str{v}})
		if item.glob {
			body.set(it.Name.Value, value{elems: []str{{v.s, v.t | fromFiles}}})
		}
		out = out.add(m.stmts(c.Do, body))
		body.loops--
		if whole && item.known() && !item.glob {
			*sc = *body // each word has its turn, one after the other
		} else {
			sc.join(sc.fork(), body)
		}
		if m.steps > maxSteps {
			break
		}
	}
	if len(items) == 0 {
		m.stmts(c.Do, sc.fork())
	}
	return out
}

func (m *machine) caseClause(c *syntax.CaseClause, sc *scope) str {
	m.extended(c.Word, sc)
	m.text(c.Word, sc)
	out := lit("")
	after := sc.fork()
	for _, item := range c.Items {
		for _, p := range item.Patterns {
			m.extended(p, sc)
			m.text(p, sc)
		}
		branch := sc.fork()
		out = out.add(m.stmts(item.Stmts, branch))
		after.join(after.fork(), branch)
	}
	*sc = *after
	return out
}

// test follows a [[ … ]] expression. Its arithmetic operators, and -v, evaluate subscripts inside their operands.
func (m *machine) test(x syntax.TestExpr, sc *scope) {
	switch t := x.(type) {
	case *syntax.Word:
		m.extended(t, sc)
		m.text(t, sc)
	case *syntax.ParenTest:
		m.test(t.X, sc)
	case *syntax.UnaryTest:
		if w, ok := t.X.(*syntax.Word); ok && (t.Op == syntax.TsVarSet || t.Op == syntax.TsRefVar) {
			m.subscripts(m.text(w, sc), sc)
			return
		}
		m.test(t.X, sc)
	case *syntax.BinaryTest:
		m.doubtTest(t)
		switch t.Op {
		case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
			for _, side := range []syntax.TestExpr{t.X, t.Y} {
				if w, ok := side.(*syntax.Word); ok {
					m.extended(w, sc)
					m.expression(m.text(w, sc), sc)
				}
			}
			return
		}
		m.test(t.X, sc)
		if w, ok := t.Y.(*syntax.Word); ok && (t.Op == syntax.TsMatch || t.Op == syntax.TsMatchShort || t.Op == syntax.TsNoMatch) {
			m.text(w, sc) // a pattern, in which extended ones are always allowed
			return
		}
		m.test(t.Y, sc)
	}
}

// walkUnread follows the commands inside a construct that is otherwise not read.
func (m *machine) walkUnread(n syntax.Node, sc *scope) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch x := n.(type) {
		case *syntax.CmdSubst:
			m.stmts(x.Stmts, sc.fork())
			return false
		case *syntax.ProcSubst:
			m.stmts(x.Stmts, sc.fork())
			return false
		case *syntax.Stmt:
			m.stmt(x, sc.fork())
			return false
		}
		return true
	})
}

// leaves reports whether a loop's body may end it, or skip what follows.
func leaves(body []*syntax.Stmt) bool {
	found := false
	for _, st := range body {
		syntax.Walk(st, func(n syntax.Node) bool {
			if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 {
				switch c.Args[0].Lit() {
				case "break", "continue", "return", "exit", "eval", "source", ".":
					found = true
				}
			}
			return !found
		})
	}
	return found
}
