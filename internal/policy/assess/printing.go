package assess

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func builtinEcho(c *call, u *use) {
	args := c.args[1:]
	escapes, newline := false, true
	for len(args) > 0 && strings.HasPrefix(args[0].s, "-") && strings.Trim(args[0].s[1:], "neE") == "" && len(args[0].s) > 1 {
		escapes = escapes || strings.Contains(args[0].s, "e")
		newline = newline && !strings.Contains(args[0].s, "n")
		args = args[1:]
	}
	out := join(args)
	if escapes || c.m.lang == syntax.LangPOSIX {
		out.s = unescapeNul(out.s)
	}
	for _, a := range args {
		if a.glob {
			out.s, out.t = strings.NewReplacer("*", unk, "?", unk).Replace(out.s), out.t|fromFiles
		}
	}
	if newline {
		out.s += "\n"
	}
	c.out = &out
	c.secret = c.secret || out.tainted(anySecret)
}

func builtinPrintf(c *call, u *use) {
	args := c.args[1:]
	target := ""
	if len(args) > 1 && args[0].s == "-v" {
		target = args[1].s
		c.m.subscripts(args[1].str, c.sc)
		args = args[2:]
	}
	if len(args) > 0 && args[0].s == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	out := format(args[0].str, args[1:])
	if target != "" {
		out.s = strings.ReplaceAll(out.s, nul, "")
		c.sc.setText(target, out)
		out = lit("")
	}
	c.out = &out
}

// format does what printf(1) does with %s, %b, %c, %q, %d and %%; other conversions are unknown text.
func format(f str, args []arg) str {
	if !f.known() {
		return str{unk, f.t}
	}
	out := str{t: f.t}
	var b strings.Builder
	next := func() str {
		if len(args) == 0 {
			return lit("")
		}
		a := args[0]
		args = args[1:]
		return a.str
	}
	for round := 0; round == 0 || len(args) > 0 && round < maxFields; round++ {
		before := len(args)
		for i := 0; i < len(f.s); i++ {
			if f.s[i] != '%' || i+1 == len(f.s) {
				b.WriteByte(f.s[i])
				continue
			}
			i++
			start := i
			for i < len(f.s) && strings.IndexByte("-+ #0123456789.*", f.s[i]) >= 0 {
				i++
			}
			_, precision, cut := strings.Cut(f.s[start:i], ".")
			if i == len(f.s) {
				break
			}
			switch f.s[i] {
			case '%':
				b.WriteByte('%')
			case 's', 'q', 'd', 'i', 'u':
				v := next()
				out.t |= v.t
				if n, err := strconv.Atoi(precision); cut && err == nil && f.s[i] == 's' && v.known() {
					v.s = v.s[:min(len(v.s), n)]
				}
				b.WriteString(v.s)
			case 'b':
				v := next()
				out.t |= v.t
				b.WriteString(unescapeNul(v.s))
			case 'c':
				v := next()
				out.t |= v.t
				if v.s != "" {
					b.WriteString(v.s[:1])
				}
			default:
				next()
				b.WriteString(unk)
			}
		}
		if b.Len() > maxText || len(args) == before {
			break
		}
	}
	out.s = limit(unescapeKeeping(b.String()))
	return out
}

// unescapeKeeping reads C escapes and keeps the markers of unknown text.
func unescapeKeeping(s string) string {
	parts := strings.Split(s, unk)
	for i, p := range parts {
		parts[i] = unescapeNul(p)
	}
	return strings.Join(parts, unk)
}

// filterCat prints its input, or the files that the text wrote.
func filterCat(c *call, u *use) {
	out := lit("")
	ops := u.operands
	if len(ops) == 0 {
		ops = words("-")
	}
	for _, a := range ops {
		if a.s == "-" {
			if c.fed {
				out = out.add(c.stdin)
			}
			continue
		}
		out = out.add(c.m.content(a, c.sc))
	}
	c.out = &out
}

// maxCounted bounds the numbers of seq that are worked out.
const maxCounted = 100

// seqHook prints numbers.
func seqHook(c *call, u *use) {
	bounds := []int{1, 1, 0}
	at := map[int][]int{1: {2}, 2: {0, 2}, 3: {0, 1, 2}}[len(u.operands)]
	for i, a := range u.operands[:min(len(u.operands), len(at))] {
		n, err := strconv.Atoi(a.s)
		if err != nil {
			return
		}
		bounds[at[i]] = n
	}
	if step := bounds[1]; len(at) == 0 || len(u.options) > 0 || len(u.unlisted) > 0 || step == 0 || (bounds[2]-bounds[0])/step > maxCounted {
		return
	}
	out := ""
	for n := bounds[0]; bounds[1] > 0 && n <= bounds[2] || bounds[1] < 0 && n >= bounds[2]; n += bounds[1] {
		out += itoa(n) + "\n"
	}
	c.out = &str{s: out}
}
