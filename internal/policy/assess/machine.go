package assess

import (
	"fmt"
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
	watch       stopwatch // a last guard: the other bounds keep within it
	steps       int
	commands    int // simple commands in the text itself

	files   map[string]str        // contents written by the text, by path
	temps   int                   // names that mktemp made
	pipes   map[string]bool       // pipes with names, which anybody may write to
	links   map[string]string     // what symbolic links of the text name
	called  map[*syntax.Stmt]bool // bodies of functions
	traps   []str                 // what runs later, with the variables of then
	zsh     bool                  // the text is for zsh
	running []*syntax.Stmt        // functions being followed, to see recursion
	origin  Nesting               // how the commands being followed came to be run
}

func newMachine(lang syntax.LangVariant, watch stopwatch) *machine {
	return &machine{lang: lang, watch: watch, seen: map[Reason]bool{}, files: map[string]str{}, links: map[string]string{}, pipes: map[string]bool{}, called: map[*syntax.Stmt]bool{}}
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
	text.s = strings.ReplaceAll(text.s, nul, "")
	if m.zsh {
		m.qualifiers(text, sc)
		text.s = fromZsh(text.s)
	}
	m.doubtText(text.s)
	readable := m.wordHashes(m.endComments(strings.ReplaceAll(text.s, unk, `"$UNKNOWN"`)))
	m.src = readable
	file, err := parse(m.lang, readable)
	if closed, ok := closeDocuments(m.lang, readable, err); ok { // shells only warn
		if m.lang == syntax.LangBash {
			m.doubt(text.s, "a here-document without its end")
		}
		m.src = closed
		file, err = parse(m.lang, closed)
	}
	if err != nil && m.zsh { // its own patterns and loops
		file, err = parse(syntax.LangZsh, m.src)
	}
	if err != nil {
		m.failed(text.s, err)
		if file == nil {
			return m.salvage(text, sc)
		}
		if m.lang == syntax.LangPOSIX {
			file.Stmts = wholeLines(file.Stmts, m.src)
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
	m.doubt(text, "not complete shell text: "+err.Error())
}

// stmts follows statements in order; each sees what those before it changed.
func (m *machine) stmts(list []*syntax.Stmt, sc *scope) str {
	var out strings.Builder
	t := taint(0)
	for i, st := range list {
		if m.exhausted() {
			break
		}
		was := sc.extglob
		got := m.stmt(st, sc)
		if sc.extglob && !was && i+1 < len(list) {
			m.sameLine(st, list[i+1])
		}
		t |= got.t
		if out.Len() < maxText {
			out.WriteString(got.s)
		}
	}
	return str{limit(out.String()), t}
}

// exhausted reports whether more has been followed than is allowed. What is left then counts as the worst.
func (m *machine) exhausted() bool {
	if m.steps <= maxSteps && !m.watch.over() {
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
			if !compound(c.Body) {
				m.doubt(m.written(c), "a function whose body is no compound command")
			}
			syntax.Walk(c.Body, func(n syntax.Node) bool {
				if call, ok := n.(*syntax.CallExpr); ok {
					for _, w := range call.Args {
						m.extended(w, sc)
					}
				}
				return true
			})
			if m.calledByShell(c.Name.Value) {
				m.callFunction(c.Name.Value, nil, false, sc.fork())
			}
			return lit("")
		}
		if !m.zsh {
			m.doubt(m.written(c), "a function without a name, which only zsh takes")
		}
		m.stmt(c.Body, sc.fork())
	case *syntax.ArithmCmd:
		m.doubtShift(c)
		m.evaluated(c.X, sc)
	case *syntax.LetClause:
		for _, e := range c.Exprs {
			m.evaluated(e, sc)
		}
	case *syntax.TestClause:
		m.test(c.X, sc)
	case *syntax.DeclClause:
		return m.declare(c, sc)
	case *syntax.TimeClause:
		m.doubtTime(c)
		if c.Stmt != nil {
			return m.stmt(c.Stmt, sc)
		}
	case *syntax.CoprocClause:
		if call, ok := c.Stmt.Cmd.(*syntax.CallExpr); ok && len(call.Args) > 1 && reservedWords[call.Args[1].Lit()] {
			m.doubt(m.written(c), "a reserved word where bash may not take it")
		}
		inner := sc.fork()
		inner.stdin, inner.fed = str{unk, fromData}, true // whatever is written to its descriptor
		m.stmt(c.Stmt, inner)
	default:
		m.note(Reason{Text: m.written(cmd), Rule: "unread", Tier: Stateful, Why: "a construct that is not read"})
		m.walkUnread(cmd, sc)
	}
	return lit("")
}

// written is a node as it stands in the text that is being followed.
func (m *machine) written(n syntax.Node) string {
	from, to := int(n.Pos().Offset()), int(n.End().Offset())
	if from < 0 || to > len(m.src) || from > to {
		return fmt.Sprintf("%T", n)
	}
	return strings.ReplaceAll(strings.TrimSpace(m.src[from:to]), `"$UNKNOWN"`, "…")
}
