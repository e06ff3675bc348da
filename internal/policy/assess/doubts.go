package assess

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"relay-shell/internal/lazyregexp"
)

// Texts that the parser takes and bash does not, or reads in another way: what they do is not what is read here, and so they are no
// plain reads. Each was found by running generated texts in both.

// splitOperators are operators that a backslash and a newline cut in two, which bash puts together again: $\ and $( are $$ and (.
var splitOperators = lazyregexp.New("[$<>&|;(]\\\\\n[$<>&|;({\"'`]")

func (m *machine) doubt(text, why string) {
	m.note(Reason{Text: text, Rule: "parse", Tier: Stateful, Why: why})
}

// doubtText looks at a text before it is followed.
func (m *machine) doubtText(text string) {
	switch {
	case strings.Contains(text, "$$("):
		m.doubt(text, "$$( is no substitution, nor plain text to every shell")
	case strings.Contains(text, "\\\n") && splitOperators.MatchString(text):
		m.doubt(text, "an operator that a newline cuts in two")
	}
}

// doubtRedirect: 2 in <2> is a descriptor to bash, and the ends of here-documents have few forms.
func (m *machine) doubtRedirect(r *syntax.Redirect) {
	if r.Word == nil {
		return
	}
	from, to := int(r.OpPos.Offset()), int(r.Word.End().Offset())
	if from > to || to >= len(m.src) {
		return
	}
	switch written := m.written(r.Word); {
	case r.Op == syntax.Hdoc || r.Op == syntax.DashHdoc:
		if strings.ContainsAny(m.src[from:to], "#\n(") || m.src[to] == '#' {
			m.doubt(written, "a here-document whose end is not one plain word")
		}
	case isDescriptor(written) && strings.IndexByte("<>", m.src[to]) >= 0:
		m.doubt(written, "a number where bash takes it for the descriptor of the next redirection")
	}
}

// doubtTest: inside [[ ]] bash takes no newline beside an operator, and # begins a comment.
func (m *machine) doubtTest(t *syntax.BinaryTest) {
	if t.Op == syntax.AndTest || t.Op == syntax.OrTest {
		return
	}
	if line := t.OpPos.Line(); t.X.End().Line() != line || t.Y.Pos().Line() != line {
		m.doubt(m.written(t), "a newline inside a test")
	}
	for _, side := range []syntax.TestExpr{t.X, t.Y} {
		if strings.HasPrefix(m.written(side), "#") {
			m.doubt(m.written(t), "a comment inside a test")
		}
	}
}

// doubtParam: bash sees a process substitution inside ${x:-<(…)}.
func (m *machine) doubtParam(p *syntax.ParamExp) {
	if p.Short {
		return
	}
	if written := m.written(p); strings.Contains(written, "<(") || strings.Contains(written, ">(") {
		m.doubt(written, "perhaps a process substitution inside an expansion")
	}
}

// doubtShift: to a POSIX shell << in (( … )) is a here-document, in which what follows is expanded.
func (m *machine) doubtShift(c *syntax.ArithmCmd) {
	if strings.Contains(m.written(c), "<<") {
		m.doubt(m.written(c), "a shift, or a here-document to a POSIX shell")
	}
}

// doubtTime: bash wants a command behind time, unless the line ends there.
func (m *machine) doubtTime(c *syntax.TimeClause) {
	rest := strings.TrimLeft(m.src[min(int(c.Time.Offset())+len("time"), len(m.src)):], "- \tp\\\n")
	if c.Stmt == nil && rest != "" && strings.IndexByte("|&", rest[0]) >= 0 {
		m.doubt(m.written(c), "time without a command, which is no end of one")
	}
}

// doubtPipe: behind a pipe and a newline bash takes time for its keyword, which may not stand there.
func (m *machine) doubtPipe(c *syntax.BinaryCmd) {
	if t, ok := c.Y.Cmd.(*syntax.TimeClause); ok && t.Time.Line() != c.OpPos.Line() {
		m.doubt(m.written(c), "time behind a pipe and a newline")
	}
}
