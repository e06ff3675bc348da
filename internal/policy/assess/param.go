package assess

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// param evaluates a parameter expansion. many says that it stands for a list of words ("$@", "${a[@]}").
func (m *machine) param(p *syntax.ParamExp, sc *scope, quoted bool) (vs []str, many bool) {
	if p.NestedParam != nil || p.Flags != nil || len(p.Modifiers) > 0 { // zsh
		m.walkUnread(p, sc)
		return []str{unknown}, false
	}
	m.doubtParam(p)
	name := ""
	if p.Param != nil {
		name = p.Param.Value
	}
	if p.Index != nil {
		m.evaluated(p.Index, sc)
	}
	vs, set, many := m.lookup(name, p.Index, sc)
	if p.Excl && p.Names == 0 {
		if name == "#" && sc.hasArgs {
			vs = []str{lit(itoa(len(sc.params)))}
		}
		vs, set = m.indirect(vs, sc)
	}
	switch {
	case p.Names != 0:
		return []str{unknown}, false
	case p.Length:
		return []str{{s: unk}}, false
	case p.Exp != nil:
		return m.expansion(p, vs, set, sc), many
	case p.Slice != nil:
		m.evaluated(p.Slice.Offset, sc)
		m.evaluated(p.Slice.Length, sc)
		if name == "PWD" || name == "OLDPWD" {
			vs = []str{{s: "/" + unk}}
		}
		if many && (name == "@" || name == "*") && sc.hasArgs {
			zero, _ := sc.get("0")
			vs = append([]str{zero.first()}, vs...)
			if off, ok := m.constant(p.Slice.Offset, sc); ok && off < 0 {
				vs = vs[1:]
			}
		}
		if some, ok := m.sublist(p.Slice, vs, sc); many && ok {
			return some, true
		}
		return m.slice(p.Slice, vs, many || name == "@" || name == "*", sc), many
	case p.Repl != nil:
		return m.replace(p.Repl, vs, sc), many
	}
	if !set && len(vs) == 0 && !many {
		return []str{unknown}, false
	}
	return vs, many
}

// lookup finds the value of a parameter.
func (m *machine) lookup(name string, index syntax.ArithmExpr, sc *scope) (vs []str, set, many bool) {
	switch name {
	case "@", "*":
		if !sc.hasArgs {
			return []str{unknown}, false, true
		}
		for _, a := range sc.params {
			vs = append(vs, a.str)
		}
		return vs, true, true
	case "#", "?", "$", "!", "-":
		return []str{{s: "1" + unk}}, true, false
	}
	if n, err := strconv.Atoi(name); err == nil && n > 0 {
		if !sc.hasArgs {
			return []str{unknown}, false, false
		}
		if n <= len(sc.params) {
			return []str{sc.params[n-1].str}, true, false
		}
		return []str{lit("")}, false, false
	}
	v, ok := sc.get(name)
	if !ok {
		t := taint(0)
		if secretName(name) {
			t = fromVariable
			m.sensitive = true
		}
		return []str{{unk, t}}, false, false
	}
	if index == nil {
		return []str{v.first()}, true, false
	}
	switch i := indexText(index); i {
	case "@", "*":
		return v.elems, true, true
	default:
		key := m.indexValue(index, sc)
		if e, ok := v.at(key.s); ok && key.known() {
			return []str{e}, true, false
		}
		out := unknown
		for _, e := range v.elems {
			if out.t |= e.t; e.known() && e.s != "" {
				out.t |= fromPieces
			}
		}
		return []str{out}, true, false
	}
}

// indexValue is what a subscript means, as far as it is known.
func (m *machine) indexValue(index syntax.ArithmExpr, sc *scope) str {
	if n, ok := m.constant(index, sc); ok {
		return lit(itoa(n))
	}
	if w, ok := index.(*syntax.Word); ok {
		return m.text(w, sc)
	}
	return unknown
}

func indexText(e syntax.ArithmExpr) string {
	if w, ok := e.(*syntax.Word); ok {
		return w.Lit()
	}
	return ""
}

// indirect evaluates ${!name}.
func (m *machine) indirect(vs []str, sc *scope) ([]str, bool) {
	if len(vs) == 1 && strings.Trim(vs[0].s, "0123456789") == "" && vs[0].s != "" {
		vs, set, _ := m.lookup(vs[0].s, nil, sc)
		return vs, set
	}
	if len(vs) == 1 && vs[0].known() && syntax.ValidName(vs[0].s) {
		if v, ok := sc.get(vs[0].s); ok {
			return []str{v.first()}, true
		}
	}
	return []str{unknown}, false
}

// otherWord is the word that stands for a parameter in ${x:-w} and ${x:+w}: what is quoted in it is not split.
func (m *machine) otherWord(p *syntax.ParamExp, sc *scope) *syntax.Word {
	if p.Exp == nil || p.Exp.Word == nil || p.Excl || p.Length || p.Index != nil || p.Param == nil || p.NestedParam != nil || p.Flags != nil {
		return nil
	}
	vs, set, many := m.lookup(p.Param.Value, nil, sc)
	switch st := stateOf(vs, set); p.Exp.Op {
	case syntax.DefaultUnset:
		if many || st != unset {
			return nil
		}
	case syntax.DefaultUnsetOrNull:
		if many || st != unset && st != null {
			return nil
		}
	case syntax.AlternateUnset:
		if many || st != null && st != filled {
			return nil
		}
	case syntax.AlternateUnsetOrNull:
		if many || st != filled {
			return nil
		}
	default:
		return nil
	}
	m.doubtParam(p)
	return p.Exp.Word
}

// state is what is known of whether a parameter is set.
type state int

const (
	unset   state = iota // by this text; an environment that sets it is not known
	null                 // to nothing
	filled               // to something
	perhaps              // any of these
)

func stateOf(vs []str, set bool) state {
	switch {
	case !set:
		return unset
	case len(vs) == 0 || vs[0].s == "":
		return null
	case strings.Trim(vs[0].s, unk) == "":
		return perhaps
	}
	return filled
}

// expansion evaluates ${x:-w}, ${x#w}, ${x@P} and their kin.
func (m *machine) expansion(p *syntax.ParamExp, vs []str, set bool, sc *scope) []str {
	w := lit("")
	if p.Exp.Word != nil {
		w = m.text(p.Exp.Word, sc)
	}
	v := lit("")
	if len(vs) > 0 {
		v = vs[0]
	}
	switch p.Exp.Op {
	case syntax.AssignUnset, syntax.AssignUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
		st := stateOf(vs, set)
		orNull := p.Exp.Op == syntax.AssignUnsetOrNull || p.Exp.Op == syntax.DefaultUnsetOrNull
		switch {
		case st == filled || st == null && !orNull:
			return vs
		case st == perhaps:
			w = str{unk, w.t | v.t}
		}
		if p.Exp.Op == syntax.AssignUnset || p.Exp.Op == syntax.AssignUnsetOrNull {
			sc.setText(p.Param.Value, w)
		}
		return []str{w} // unset here; an environment that sets it is not known
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		switch st := stateOf(vs, set); {
		case st == null && p.Exp.Op == syntax.AlternateUnsetOrNull:
			return []str{lit("")}
		case st == unset || st == perhaps:
			return []str{{unk, w.t}} // the word or nothing
		}
		return []str{w}
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		if !set && !v.known() {
			return []str{{s: "u" + unk, t: v.t}} // known not to be empty
		}
		return vs
	case syntax.OtherParamOps:
		return m.transformed(w.s, vs, sc)
	}
	return trimmed(p.Exp.Op, w, vs)
}

// transformed evaluates ${x@Q} and, as code, ${x@P}.
func (m *machine) transformed(op string, vs []str, sc *scope) []str {
	out := make([]str, 0, len(vs))
	for _, v := range vs {
		switch op {
		case "P":
			out = append(out, m.promptText(v, sc))
		case "E":
			out = append(out, str{unescapeC(v.s), v.t})
		case "U", "u":
			out = append(out, str{strings.ToUpper(v.s), v.t})
		case "L":
			out = append(out, str{strings.ToLower(v.s), v.t})
		default:
			out = append(out, v)
		}
	}
	return out
}
