package assess

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxChoices bounds how many combinations of the values of its variables a command is followed for.
const maxChoices = 16

// simple follows a simple command, once for each combination of the values that its variables may have.
func (m *machine) simple(c *syntax.CallExpr, redirs []*syntax.Redirect, sc *scope) str {
	names := branching(c, redirs, sc)
	if len(names) == 0 {
		return m.once(c, redirs, sc)
	}
	total := 1
	for _, n := range names {
		total *= len(sc.vars[n])
	}
	if total > maxChoices {
		for _, n := range names {
			sc.setText(n, unknown)
		}
		return m.once(c, redirs, sc)
	}
	out := lit("")
	for i := range total {
		one, k := sc.fork(), i
		for _, n := range names {
			alts := sc.vars[n]
			one.vars[n] = []value{alts[k%len(alts)]}
			k /= len(alts)
		}
		got := m.once(c, redirs, one)
		if i == 0 {
			out = got
		} else if got != out {
			out = str{unk, out.t | got.t}
		}
		for _, n := range names { // keep the alternatives unless the command assigned the variable
			if len(one.vars[n]) == 1 && one.vars[n][0].equal(sc.vars[n][(i/stride(names, n, sc))%len(sc.vars[n])]) {
				one.vars[n] = sc.vars[n]
			}
		}
		if i == total-1 {
			*sc = *one
		}
	}
	return out
}

func stride(names []string, name string, sc *scope) int {
	n := 1
	for _, x := range names {
		if x == name {
			break
		}
		n *= len(sc.vars[x])
	}
	return n
}

// branching lists the variables of a command that may have more than one value.
func branching(c *syntax.CallExpr, redirs []*syntax.Redirect, sc *scope) []string {
	var names []string
	look := func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil && len(sc.vars[p.Param.Value]) > 1 {
			for _, have := range names {
				if have == p.Param.Value {
					return true
				}
			}
			names = append(names, p.Param.Value)
		}
		return true
	}
	if len(sc.vars) == 0 {
		return nil
	}
	many := false
	for _, alts := range sc.vars {
		many = many || len(alts) > 1
	}
	if !many {
		return nil
	}
	syntax.Walk(c, look)
	for _, r := range redirs {
		if r.Word != nil {
			syntax.Walk(r.Word, look)
		}
		if r.Hdoc != nil {
			syntax.Walk(r.Hdoc, look)
		}
	}
	return names
}

// once follows a simple command with one value for each variable.
func (m *machine) once(c *syntax.CallExpr, redirs []*syntax.Redirect, sc *scope) str {
	m.steps++
	m.commands++
	if m.exhausted() {
		return unknown
	}
	args := m.fields(c.Args, sc)
	text := m.written(c)
	if n := len(redirs); n > 0 {
		text = m.writtenWith(c, redirs)
	}
	run := sc
	if len(c.Assigns) > 0 {
		run = sc.fork()
		m.assigns(c.Assigns, run)
	}
	io := m.redirect(redirs, run)
	call := &call{m: m, sc: run, args: args, text: text, bare: m.written(c), direct: true, io: io}
	call.stdin, call.fed = sc.stdin, sc.fed
	if io.fed {
		call.stdin, call.fed = io.stdin, true
	}
	if alias, ok := aliased(c, sc); ok {
		inner := sc.fork()
		delete(inner.aliases, c.Args[0].Lit()) // an alias is not expanded inside itself
		m.shell(alias.add(lit(" "+quoteAll(args[min(1, len(args)):]))), inner)
	}
	out := call.run()
	if n := len(call.args); n > 0 {
		run.setText("_", call.args[n-1].str)
	}
	if run != sc { // what eval, cd, read and the like changed stays; the assignments in front do not
		for _, a := range c.Assigns {
			if a.Name == nil {
				continue
			}
			if old, ok := sc.vars[a.Name.Value]; ok {
				run.vars[a.Name.Value] = old
			} else {
				delete(run.vars, a.Name.Value)
			}
		}
		run.paths = sc.paths
		*sc = *run
	}
	m.capture(io, out, sc)
	if io.captured {
		return lit("")
	}
	return out
}

func (m *machine) writtenWith(c *syntax.CallExpr, redirs []*syntax.Redirect) string {
	from, to := c.Pos().Offset(), c.End().Offset()
	for _, r := range redirs {
		from, to = min(from, r.Pos().Offset()), max(to, r.Word.End().Offset())
	}
	if int(to) > len(m.src) || from > to {
		return m.written(c)
	}
	return strings.ReplaceAll(m.src[from:to], `"$UNKNOWN"`, "…")
}

// aliased returns the text of the alias that a command's name is. Only an unquoted name is one.
func aliased(c *syntax.CallExpr, sc *scope) (str, bool) {
	if len(c.Args) == 0 || len(sc.aliases) == 0 {
		return str{}, false
	}
	v, ok := sc.aliases[c.Args[0].Lit()]
	return v, ok
}

func quoteAll(args []arg) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		if a.glob {
			quoted[i] = a.s
			continue
		}
		quoted[i] = "'" + strings.ReplaceAll(a.s, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

// substitution follows $(…) and returns what it prints, without the newlines at its end.
func (m *machine) substitution(c *syntax.CmdSubst, sc *scope) (out str) {
	m.within(func() {
		m.as(Reread, func() {
			if len(c.Stmts) == 1 && c.Stmts[0].Cmd == nil && len(c.Stmts[0].Redirs) == 1 && c.Stmts[0].Redirs[0].Op == syntax.RdrIn { // $(< file)
				out = m.redirect(c.Stmts[0].Redirs, sc).stdin
				return
			}
			out = m.stmts(c.Stmts, sc.fork())
		})
	})
	out.s = strings.TrimRight(strings.ReplaceAll(out.s, nul, ""), "\n")
	return out
}

// process follows <(…) and >(…); the word that stands for it names a file with the output.
func (m *machine) process(p *syntax.ProcSubst, sc *scope) str {
	name := lit("/dev/fd/" + "63")
	m.within(func() {
		m.as(Reread, func() {
			inner := sc.fork()
			if p.Op == syntax.CmdOut {
				inner.stdin, inner.fed = unknown, true
			}
			out := m.stmts(p.Stmts, inner)
			name = lit("/dev/fd/63-" + itoa(int(p.Pos().Offset())))
			m.files[name.s] = out
			name.t = out.t & anySecret
		})
	})
	return name
}
