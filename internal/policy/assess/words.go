package assess

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// builder collects the fields that one word becomes.
type builder struct {
	out  []arg
	text strings.Builder // of the field being built
	cur  arg
	open bool // cur has begun, even if it is empty
	sep  string
}

func (b *builder) put(s str, quoted bool) {
	b.open = b.open || quoted || s.s != ""
	b.cur.t |= s.t
	if b.text.Len() < maxText {
		b.text.WriteString(s.s)
	}
	if !quoted && strings.ContainsAny(s.s, "*?[") {
		b.cur.glob = true
	}
}

// split puts the value of an unquoted expansion, which the shell splits at IFS.
func (b *builder) split(s str) {
	rest := s.s
	for rest != "" {
		i := strings.IndexAny(rest, b.sep)
		if b.sep == "" || i < 0 {
			b.part(str{rest, s.t})
			return
		}
		if i > 0 {
			b.part(str{rest[:i], s.t})
		}
		b.flush()
		rest = rest[i+1:]
		if len(b.out) > maxFields*4 {
			b.part(unknown)
			return
		}
	}
}

func (b *builder) part(s str) {
	b.put(s, false)
	if strings.Contains(s.s, unk) {
		b.cur.multi = true
	}
}

func (b *builder) flush() {
	if b.open {
		b.cur.s = limit(b.text.String())
		b.out = append(b.out, b.cur)
	}
	b.text.Reset()
	b.cur, b.open = arg{}, false
}

func (m *machine) part(b *builder, part syntax.WordPart, first bool, sc *scope) {
	switch p := part.(type) {
	case *syntax.Lit:
		s := p.Value
		if first && strings.HasPrefix(s, "~") {
			s = tilde(s, sc)
		}
		b.literal(s)
	case *syntax.SglQuoted:
		b.put(lit(single(p)), true)
	case *syntax.DblQuoted:
		m.double(b, p, sc)
	case *syntax.ParamExp:
		if w := m.otherWord(p, sc); w != nil {
			for i, part := range w.Parts {
				m.part(b, part, i == 0, sc)
			}
			return
		}
		vs, _ := m.param(p, sc, false)
		for i, v := range vs {
			if i > 0 {
				b.flush()
			}
			b.split(v)
		}
	case *syntax.CmdSubst:
		b.split(m.substitution(p, sc))
	case *syntax.ArithmExp:
		b.put(m.arithmetic(p.X, sc), false)
	case *syntax.ProcSubst:
		b.put(m.process(p, sc), true)
	case *syntax.ExtGlob:
		m.extendedCode(p, sc)
		b.put(lit(p.Op.String()+p.Pattern.Value+")"), false)
		b.cur.glob = true
	default:
		b.put(unknown, false)
	}
}

// literal puts unquoted text: a backslash takes the meaning of the character behind it.
func (b *builder) literal(s string) {
	if !strings.Contains(s, `\`) {
		b.put(lit(s), false)
		return
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			b.open = true
			if s[i] != '\n' {
				out.WriteByte(s[i])
			}
			continue
		}
		if strings.IndexByte("*?[", s[i]) >= 0 {
			b.cur.glob = true
		}
		out.WriteByte(s[i])
	}
	glob := b.cur.glob
	b.put(lit(out.String()), true)
	b.cur.glob = glob
}
