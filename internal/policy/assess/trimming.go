package assess

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func trimmed(op syntax.ParExpOperator, w str, vs []str) []str {
	out := make([]str, 0, len(vs))
	for _, v := range vs {
		switch {
		case op == syntax.UpperAll || op == syntax.UpperFirst && len(v.s) == 1:
			v.s = strings.ToUpper(v.s)
		case op == syntax.LowerAll || op == syntax.LowerFirst && len(v.s) == 1:
			v.s = strings.ToLower(v.s)
		case op == syntax.UpperFirst && v.s != "":
			v.s = strings.ToUpper(v.s[:1]) + v.s[1:]
		case op == syntax.LowerFirst && v.s != "":
			v.s = strings.ToLower(v.s[:1]) + v.s[1:]
		case !v.known() || !w.known() || w.s == "":
			if op == syntax.RemSmallSuffix || op == syntax.RemLargeSuffix {
				if i := strings.Index(v.s, unk); i > 0 {
					v.s = v.s[:i] + unk
					break
				}
			}
			v.s = unk
		case op == syntax.RemSmallPrefix || op == syntax.RemLargePrefix:
			v.s = trimPrefix(v.s, w.s, op == syntax.RemLargePrefix)
		case op == syntax.RemSmallSuffix || op == syntax.RemLargeSuffix:
			v.s = trimSuffix(v.s, w.s, op == syntax.RemLargeSuffix)
		default:
			v.s = unk
		}
		out = append(out, v)
	}
	return out
}

func trimPrefix(s, pattern string, large bool) string {
	best := -1
	for i := 0; i <= len(s) && len(s) < 4096; i++ {
		if ok, err := shellMatch(pattern, s[:i]); err == nil && ok {
			best = i
			if !large {
				break
			}
		}
	}
	return s[max(best, 0):]
}

func trimSuffix(s, pattern string, large bool) string {
	best := -1
	for i := len(s); i >= 0 && len(s) < 4096; i-- {
		if ok, err := shellMatch(pattern, s[i:]); err == nil && ok {
			best = i
			if !large {
				break
			}
		}
	}
	if best < 0 {
		return s
	}
	return s[:best]
}

// shellMatch matches a pattern in which, unlike in path.Match, * also matches slashes.
func shellMatch(pattern, s string) (bool, error) {
	hide := strings.NewReplacer("/", "\x01")
	return path.Match(hide.Replace(pattern), hide.Replace(s))
}

func (m *machine) slice(sl *syntax.Slice, vs []str, list bool, sc *scope) []str {
	off, ok1 := m.constant(sl.Offset, sc)
	length, ok2 := m.constant(sl.Length, sc)
	if sl.Length == nil {
		length, ok2 = 1<<30, true
	}
	if !ok1 || !ok2 || list {
		t := taint(0)
		for _, v := range vs {
			t |= v.t
			if v.known() && v.s != "" && !list {
				t |= fromPieces
			}
		}
		return []str{{unk, t}}
	}
	out := make([]str, 0, len(vs))
	for _, v := range vs {
		if off == 0 && length == 1 && (strings.HasPrefix(v.s, home) || strings.HasPrefix(v.s, "/")) {
			out = append(out, str{"/", v.t})
			continue
		}
		if !v.known() || strings.HasPrefix(v.s, home) {
			out = append(out, str{unk, v.t})
			continue
		}
		from := off
		if from < 0 {
			from += len(v.s)
		}
		from = min(max(from, 0), len(v.s))
		to := from + length
		if length < 0 {
			to = len(v.s) + length
		}
		to = min(max(to, from), len(v.s))
		out = append(out, str{v.s[from:to], v.t})
	}
	return out
}

func (m *machine) replace(r *syntax.Replace, vs []str, sc *scope) []str {
	orig, with := lit(""), lit("")
	if r.Orig != nil {
		orig = m.text(r.Orig, sc)
	}
	if r.With != nil {
		with = m.text(r.With, sc)
	}
	out := make([]str, 0, len(vs))
	for _, v := range vs {
		if !v.known() || !orig.known() || strings.ContainsAny(orig.s, "*?[#%") {
			out = append(out, str{unk, v.t | with.t})
			continue
		}
		n := 1
		if r.All {
			n = -1
		}
		if orig.s == "" {
			n = 0
		}
		out = append(out, str{limit(strings.Replace(v.s, orig.s, with.s, n)), v.t | with.t})
	}
	return out
}

// sublist is ${a[@]:from:count} of a list that is known.
func (m *machine) sublist(sl *syntax.Slice, vs []str, sc *scope) ([]str, bool) {
	off, ok := m.constant(sl.Offset, sc)
	count, counted := len(vs), true
	if sl.Length != nil {
		count, counted = m.constant(sl.Length, sc)
	}
	if off < 0 {
		off += len(vs)
	}
	if !ok || !counted || off < 0 || count < 0 {
		return nil, false
	}
	off = min(off, len(vs))
	return vs[off:min(len(vs), off+count)], true
}
