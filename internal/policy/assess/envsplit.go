package assess

import "strings"

// envWords splits the value of env -S as env(1) does: quotes, its own escapes and ${NAME}, and nothing else of a shell.
func envWords(a arg, sc *scope) []arg {
	var out []arg
	var b strings.Builder
	t, open, quote := a.t, false, byte(0)
	flush := func() {
		if open || b.Len() > 0 {
			s := b.String()
			out = append(out, arg{str: str{s, t}})
		}
		b.Reset()
		open = false
	}
	s := a.s
	for i := 0; i < len(s) && len(out) < maxFields; i++ {
		ch := s[i]
		switch {
		case ch == '\\' && i+1 < len(s):
			i++
			switch e := s[i]; {
			case quote == '\'' && e != '\'' && e != '\\':
				b.WriteByte('\\')
				b.WriteByte(e)
			case e == 'c':
				flush()
				return out
			case e == '_' && quote == 0:
				flush()
			case strings.IndexByte("_fnrtv", e) >= 0:
				b.WriteByte(" \f\n\r\t\v"[strings.IndexByte("_fnrtv", e)])
			default:
				b.WriteByte(e)
			}
		case quote != 0 && ch == quote:
			quote = 0
		case quote == 0 && (ch == '\'' || ch == '"'):
			quote, open = ch, true
		case quote == 0 && strings.IndexByte(" \t\n\v\f\r", ch) >= 0:
			flush()
		case quote == 0 && ch == '#' && b.Len() == 0 && !open:
			return out
		case quote != '\'' && strings.HasPrefix(s[i:], "${"):
			name, rest, ok := strings.Cut(s[i+2:], "}")
			if !ok {
				b.WriteByte(ch)
				continue
			}
			v, known := sc.get(name)
			val := unknown
			if known {
				val = v.first()
			}
			b.WriteString(val.s)
			t |= val.t
			i = len(s) - len(rest) - 1
		default:
			b.WriteByte(ch)
		}
	}
	flush()
	return out
}
