package assess

import (
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// maxFields bounds how many words one word may become; beyond it they are one unknown.
const maxFields = 256

// maxWords bounds how many words of one command are kept.
const maxWords = 4096

// fields expands the words of a command as the shell would: braces, tildes, parameters, substitutions, splitting. File
// names are not looked up. Every word that is written is expanded, for what its substitutions run, however many there are: what
// is bounded is how many are kept, and what expansions multiply.
func (m *machine) fields(ws []*syntax.Word, sc *scope) []arg {
	var out []arg
	more := 0 // fields beyond one a word
	for n, w := range ws {
		if n >= maxWords {
			if n == maxWords {
				m.complex("more words than anybody reads")
				out = append(out, arg{str: unknown, multi: true})
			}
			if w.Lit() == "" {
				m.field(w, sc)
			}
			continue
		}
		for i, b := range m.braces(w) {
			fs := m.field(b, sc)
			if i == 0 {
				more--
			}
			if more += len(fs); more > maxFields*4 {
				fs = []arg{{str: unknown, multi: true}}
			}
			out = append(out, fs...)
		}
	}
	return out
}

// maxBraces bounds the brace expansions of one word, which are expanded by recursion.
const maxBraces = 12

func (m *machine) braces(w *syntax.Word) []*syntax.Word {
	if m.lang != syntax.LangBash {
		return []*syntax.Word{w}
	}
	braces := 0
	for _, p := range w.Parts {
		if l, ok := p.(*syntax.Lit); ok {
			braces += strings.Count(l.Value, "{")
		}
	}
	if braces == 0 {
		return []*syntax.Word{w}
	}
	if braces > maxBraces {
		m.complex("a word has too many braces")
		return []*syntax.Word{w}
	}
	copied := *w
	if !syntax.SplitBraces(&copied) {
		return []*syntax.Word{w}
	}
	var out []*syntax.Word
	for b, err := range expand.BracesSeq(nil, &copied) {
		if err != nil || len(out) >= maxFields {
			m.complex("a brace expansion has too many words")
			break
		}
		out = append(out, b)
	}
	return out
}

// field expands one word into its fields.
func (m *machine) field(w *syntax.Word, sc *scope) []arg {
	b := &builder{sep: separators(sc)}
	m.extended(w, sc)
	for i, part := range w.Parts {
		m.part(b, part, i == 0, sc)
	}
	b.flush()
	return b.out
}

func (m *machine) double(b *builder, q *syntax.DblQuoted, sc *scope) {
	if len(q.Parts) == 0 {
		b.put(lit(""), true)
	}
	for _, part := range q.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			b.put(lit(unescapeDouble(p.Value)), true)
		case *syntax.ParamExp:
			vs, many := m.param(p, sc, true)
			if many && len(vs) > 1 && starred(p) {
				vs = []str{joinFields(vs, sc)}
			}
			if many && len(vs) == 0 && len(q.Parts) == 1 {
				continue // "$@" without parameters is no word at all
			}
			for i, v := range vs {
				if i > 0 {
					b.flush()
				}
				b.put(v, true)
			}
			if many && len(vs) == 1 && !vs[0].known() {
				b.cur.multi = true
			}
			b.open = true
		case *syntax.CmdSubst:
			b.put(m.substitution(p, sc), true)
		case *syntax.ArithmExp:
			b.put(m.arithmetic(p.X, sc), true)
		default:
			b.put(unknown, true)
		}
	}
}

// text expands a word to one text, as in an assignment, a case word or a here-document.
func (m *machine) text(w *syntax.Word, sc *scope) str {
	if w == nil {
		return lit("")
	}
	b := &builder{}
	for i, part := range w.Parts {
		m.part(b, part, i == 0, sc)
	}
	b.flush()
	return join(b.out) // "$*" and the like
}

func unescapeDouble(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0 {
			i++
			if s[i] == '\n' {
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// single is the value of a quoted string; $'…' has C escapes.
func single(q *syntax.SglQuoted) string {
	if !q.Dollar {
		return q.Value
	}
	text, _, _ := strings.Cut(unescapeNul(q.Value), nul) // the byte 0 ends it
	return text
}

// tilde resolves ~ and ~user at the start of a word.
func tilde(s string, sc *scope) string {
	name, rest, _ := strings.Cut(s, "/")
	if rest != "" || strings.HasSuffix(s, "/") {
		rest = "/" + rest
	}
	switch name {
	case "~":
		if v, ok := sc.vars["HOME"]; ok && len(v) == 1 {
			return v[0].first().s + rest
		}
		return home + rest
	case "~+", "~-":
		return unk + rest
	case "~root":
		return "/root" + rest
	}
	return "/home/" + name[1:] + rest
}

// starred tells "$*" and "${a[*]}", which are one word, from "$@".
func starred(p *syntax.ParamExp) bool {
	return p.Param != nil && p.Param.Value == "*" || p.Index != nil && indexText(p.Index) == "*"
}

// joinFields puts words together as "$*" does, with the first character of IFS between them.
func joinFields(vs []str, sc *scope) str {
	sep := separators(sc)
	args := make([]arg, len(vs))
	for i, v := range vs {
		args[i].str = v
	}
	return joinWith(args, sep[:min(1, len(sep))])
}

// separators are the characters at which unquoted expansions are split.
func separators(sc *scope) string {
	if ifs, ok := sc.get("IFS"); ok && ifs.first().known() {
		return ifs.first().s
	}
	return " \t\n"
}
