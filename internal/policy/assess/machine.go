package assess

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

// Bounds of what is followed. Beyond them the text is too complex: it is rated as if the rest were the worst that the
// reading has met, and a person should look.
const (
	maxDepth = 40    // shells in shells, functions in functions
	maxSteps = 4_000 // simple commands followed, loops and calls counted each time
	maxBody  = 200   // words a for loop is followed for, one by one
	maxTime  = 300 * time.Millisecond
)

// machine follows a text as a shell would run it, without running anything.
type machine struct {
	lang        syntax.LangVariant
	src         string // what positions of nodes point into
	tier        Tier
	sensitive   bool
	reasons     []Reason
	seen        map[Reason]bool
	parseErr    string
	tooMuch     string // why the text is too complex; "" if it is not
	expressions bool   // a POSIX shell reads words of (( … )) as commands, and finds no such programs
	refused     bool   // beyond the bounds within which anything is parsed
	depth       int
	deadline    time.Time // a last guard: the other bounds keep within it
	steps       int
	commands    int // simple commands in the text itself

	files   map[string]str // contents written by the text, by path
	called  map[string]bool
	running []string // functions being followed, to see recursion
	origin  Nesting  // how the commands being followed came to be run
}

func newMachine(lang syntax.LangVariant) *machine {
	return &machine{lang: lang, deadline: time.Now().Add(maxTime), seen: map[Reason]bool{}, files: map[string]str{}, called: map[string]bool{}}
}

// maxReasons bounds the list; the tier counts all.
const maxReasons = 400

func (m *machine) note(r Reason) {
	m.tier = max(m.tier, r.Tier)
	if len(m.reasons) >= maxReasons && (r.Tier < Irreversible || len(m.reasons) >= 2*maxReasons) {
		return
	}
	r.Depth = m.origin
	for _, s := range []*string{&r.Text, &r.Resolved, &r.Bare, &r.Why, &r.Program} {
		if len(*s) > maxShown {
			*s = strings.ToValidUTF8((*s)[:maxShown], "") + "…"
		}
		*s = show(*s)
	}
	if m.seen[r] {
		return
	}
	m.seen[r] = true
	m.reasons = append(m.reasons, r)
}

// complex marks the text as beyond what is followed.
func (m *machine) complex(why string) {
	if m.tooMuch == "" {
		m.tooMuch = why
		m.note(Reason{Text: why, Rule: "bounds", Tier: Stateful, Why: "too complex to be read to its end"})
	}
}

// within runs f one level deeper, unless that is too deep.
func (m *machine) within(f func()) {
	if m.depth >= maxDepth {
		m.complex("nested too deeply")
		m.note(Reason{Text: "…", Rule: "bounds", Tier: Irreversible, Why: "code within code too deep to be read"})
		return
	}
	m.depth++
	defer func() { m.depth-- }()
	f()
}

// as follows f's commands as run in another way.
func (m *machine) as(how Nesting, f func()) {
	was := m.origin
	m.origin = how
	defer func() { m.origin = was }()
	f()
}

// shell follows text as a shell reads it, and returns what it prints.
func (m *machine) shell(text str, sc *scope) (out str) {
	m.within(func() {
		m.as(Reread, func() { out = m.source(text, sc) })
	})
	return out
}

// source parses and follows a text in a scope. Where an unknown part stands, the words around it are still read.
func (m *machine) source(text str, sc *scope) str {
	if text.tainted(fromNet) {
		m.note(Reason{Text: text.s, Rule: "remote-code", Tier: Irreversible, Why: "runs code fetched from the network"})
	}
	was := m.src
	defer func() { m.src = was }()
	readable := strings.ReplaceAll(text.s, unk, `"$UNKNOWN"`)
	m.src = readable
	file, err := parse(m.lang, readable)
	if err != nil {
		m.failed(text.s, err)
		if file == nil {
			return m.salvage(text, sc)
		}
		out := m.stmts(file.Stmts, sc)
		m.salvage(text, sc)
		return out
	}
	if !text.known() {
		m.note(Reason{Text: text.s, Rule: "opaque", Tier: Stateful, Why: "part of this code is not known before it runs"})
	}
	return m.stmts(file.Stmts, sc)
}

func (m *machine) failed(text string, err error) {
	if m.parseErr == "" {
		m.parseErr = err.Error()
	}
	m.note(Reason{Text: text, Rule: "parse", Tier: Stateful, Why: "not complete shell text: " + err.Error()})
}

// stmts follows statements in order; each sees what those before it changed.
func (m *machine) stmts(list []*syntax.Stmt, sc *scope) str {
	var out strings.Builder
	t := taint(0)
	for _, st := range list {
		if m.exhausted() {
			break
		}
		got := m.stmt(st, sc)
		t |= got.t
		if out.Len() < maxText {
			out.WriteString(got.s)
		}
	}
	return str{limit(out.String()), t}
}

// exhausted reports whether more has been followed than is allowed. What is left then counts as the worst.
func (m *machine) exhausted() bool {
	if m.steps <= maxSteps && time.Now().Before(m.deadline) {
		return false
	}
	m.steps = max(m.steps, maxSteps+1)
	m.complex("too many commands to follow")
	m.note(Reason{Text: "…", Rule: "bounds", Tier: Irreversible, Why: "behind too many other commands to be read"})
	return true
}

func (m *machine) stmt(st *syntax.Stmt, sc *scope) str {
	if st == nil {
		return lit("")
	}
	return m.statement(st, sc)
}

func (m *machine) statement(st *syntax.Stmt, sc *scope) str {
	if st.Background || st.Coprocess || st.Disown {
		sc = sc.fork()
	}
	if call, ok := st.Cmd.(*syntax.CallExpr); ok && len(call.Args) > 0 {
		return m.simple(call, st.Redirs, sc)
	}
	if len(st.Redirs) == 0 {
		return m.command(st.Cmd, sc)
	}
	was, fed := sc.stdin, sc.fed
	io := m.redirect(st.Redirs, sc)
	if io.fed {
		sc.stdin, sc.fed = io.stdin, true
	}
	out := m.command(st.Cmd, sc)
	sc.stdin, sc.fed = was, fed
	text := m.written(st)
	m.outputs(io, out, text, sc)
	if io.captured {
		return lit("")
	}
	return out
}

func (m *machine) command(cmd syntax.Command, sc *scope) str {
	switch c := cmd.(type) {
	case nil:
	case *syntax.CallExpr:
		m.assigns(c.Assigns, sc)
	case *syntax.Block:
		return m.stmts(c.Stmts, sc)
	case *syntax.Subshell:
		return m.stmts(c.Stmts, sc.fork())
	case *syntax.BinaryCmd:
		return m.binary(c, sc)
	case *syntax.IfClause:
		return m.ifClause(c, sc)
	case *syntax.WhileClause:
		return m.while(c, sc)
	case *syntax.ForClause:
		return m.forClause(c, sc)
	case *syntax.CaseClause:
		return m.caseClause(c, sc)
	case *syntax.FuncDecl:
		if c.Name != nil {
			sc.funcs[c.Name.Value] = function{c.Body, m.src}
			return lit("")
		}
		m.stmt(c.Body, sc.fork())
	case *syntax.ArithmCmd:
		m.evaluated(c.X, sc)
	case *syntax.LetClause:
		for _, e := range c.Exprs {
			m.evaluated(e, sc)
		}
	case *syntax.TestClause:
		m.test(c.X, sc)
	case *syntax.DeclClause:
		m.declare(c, sc)
	case *syntax.TimeClause:
		if c.Stmt != nil {
			return m.stmt(c.Stmt, sc)
		}
	case *syntax.CoprocClause:
		m.stmt(c.Stmt, sc.fork())
	default:
		m.note(Reason{Text: m.written(cmd), Rule: "unread", Tier: Stateful, Why: "a construct that is not read"})
		m.walkUnread(cmd, sc)
	}
	return lit("")
}

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
	left := m.stmt(c.X, sc.fork())
	if m.sensitive && m.secretFlows(left) {
		left.t |= fromSecret
	}
	right := sc.fork()
	right.stdin, right.fed = left, true
	out := m.stmt(c.Y, right)
	right.stdin, right.fed = sc.stdin, sc.fed
	sc.join(sc.fork(), right) // zsh and ksh run the last part in the shell itself
	return out
}

func (m *machine) secretFlows(s str) bool { return s.tainted(fromSecret) }

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
	if !it.InPos.IsValid() {
		items = sc.params
		if !sc.hasArgs {
			items = []arg{{str: unknown}}
		}
	}
	if len(items) > maxBody || sc.loops > 3 && len(items) > 2 {
		items = append(items[:2:2], arg{str: unknown})
	}
	out := lit("")
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
		sc.join(sc.fork(), body)
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
	m.text(c.Word, sc)
	out := lit("")
	after := sc.fork()
	for _, item := range c.Items {
		for _, p := range item.Patterns {
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
		switch t.Op {
		case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
			for _, side := range []syntax.TestExpr{t.X, t.Y} {
				if w, ok := side.(*syntax.Word); ok {
					m.subscripts(m.text(w, sc), sc)
				}
			}
			return
		}
		m.test(t.X, sc)
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

// uncalled follows the bodies of functions that were defined and never called: a later line of a session may call them.
func (m *machine) uncalled(sc *scope) {
	names := make([]string, 0, len(sc.funcs))
	for name := range sc.funcs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !m.called[name] {
			m.callFunction(name, nil, false, sc)
		}
	}
}

// callFunction follows a function's body. A function that runs itself in a pipe or in the background is a fork bomb; one
// that only calls itself ends here.
func (m *machine) callFunction(name string, params []arg, known bool, sc *scope) (out str) {
	m.called[name] = true
	f := sc.funcs[name]
	if slices.Contains(m.running, name) {
		if multiplies(f.body, name) {
			m.note(Reason{Text: name, Program: name, Rule: "fork-bomb", Tier: Irreversible, Why: "a function that starts itself over and over"})
		}
		return unknown
	}
	m.running = append(m.running, name)
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

// written is a node as it stands in the text that is being followed.
func (m *machine) written(n syntax.Node) string {
	from, to := int(n.Pos().Offset()), int(n.End().Offset())
	if from < 0 || to > len(m.src) || from > to {
		return fmt.Sprintf("%T", n)
	}
	return strings.ReplaceAll(strings.TrimSpace(m.src[from:to]), `"$UNKNOWN"`, "…")
}
