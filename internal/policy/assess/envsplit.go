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

// leadingAssignments takes NAME=value words off the front and sets them for what follows.
func (c *call) leadingAssignments(args []arg) []arg {
	for len(args) > 0 {
		name, v, ok := strings.Cut(args[0].s, "=")
		if !ok || name == "" || strings.ContainsAny(name, "/ ") {
			break
		}
		c.sc = c.sc.fork()
		val := str{v, args[0].t}
		c.sc.setText(name, val)
		sc := c.sc
		c.runs = append(c.runs, func() str { c.m.environment(name, val, sc); return lit("") })
		args = args[1:]
	}
	return args
}

func envHook(c *call, u *use) {
	args := u.operands
	if o, ok := u.option("-S", "--split-string"); ok && o.has {
		c.command(append(append(words("env"), envWords(o.arg, c.sc)...), args...))
		return
	}
	args = c.leadingAssignments(args)
	if len(args) > 0 {
		c.command(args)
		return
	}
	c.out = &str{unk, fromData}
	c.shows = !u.has("-i", "--ignore-environment", "-")
}
