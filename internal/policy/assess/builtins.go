package assess

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func init() {
	for name, h := range map[string]hook{
		"cd": builtinCd, "eval": builtinEval, "source": builtinSource, "exec": builtinExec, "set": builtinSet, "shift": builtinShift,
		"read": builtinRead, "echo": builtinEcho, "printf": builtinPrintf, "alias": builtinAlias, "trap": builtinTrap,
		"export": builtinExport, "test": builtinTest, "names": builtinNames, "command": builtinCommand, "let": builtinLet,
		"cat": filterCat, "which": builtinWhich, "enable": builtinEnable, "getopts": builtinGetopts, "hash": builtinHash, "complete": builtinComplete,
		"fc": builtinFc, "bind": builtinBind,
	} {
		hooks[name] = h
	}
}

func builtinCd(c *call, u *use) {
	if !c.direct {
		return
	}
	switch {
	case len(u.operands) == 0:
		c.sc.dir = lit(home)
	case u.operand(0).s == "-":
		c.sc.dir = unknown
	default:
		c.sc.dir = str{absolute(u.operand(0).s, c.sc), 0}
	}
}

func builtinEval(c *call, u *use) {
	text := join(u.operands)
	if len(u.operands) == 0 {
		return
	}
	for _, a := range u.operands {
		if a.glob {
			c.rate(Stateful, "eval", "runs names of files as code")
		}
	}
	if text.tainted(fromPieces) && !text.known() {
		c.rate(Irreversible, "eval", "runs code that is put together from pieces so that it cannot be read")
	} else if text.tainted(fromData) && !text.known() {
		c.rate(Stateful, "eval", "runs the output of a program as code")
	}
	c.queue(Reread, func() str { return c.fedCall(func() str { return c.m.shell(text, c.sc) }) })
}

func builtinSource(c *call, u *use) {
	if len(u.operands) == 0 {
		return
	}
	a := u.operands[0]
	p := absolute(a.s, c.sc)
	content, ok := c.m.files[p]
	if c.fed && (p == "/dev/stdin" || p == "/dev/fd/0" || p == "/proc/self/fd/0") {
		content, ok = c.stdin, true
	}
	switch {
	case ok && content.tainted(fromNet):
		c.rate(Irreversible, "remote-code", "runs code fetched from the network")
	case ok:
		c.rate(Observe, "source", "reads a file that this text wrote as code")
		c.queue(Reread, func() str { return c.m.shell(content, c.sc) })
	case harmlessSource(p):
		c.rate(Observe, "source", "reads settings of the system")
	default:
		c.rate(Stateful, "script", "runs "+a.show()+", which cannot be seen from here")
	}
}

// harmlessSource tells files that only set variables, by their manuals.
func harmlessSource(p string) bool {
	switch p {
	case "/etc/os-release", "/usr/lib/os-release", "/etc/lsb-release", "/dev/null", "/etc/locale.conf":
		return true
	}
	return false
}

// builtinExec without a command changes the shell's own descriptors.
func builtinExec(c *call, u *use) {
	if len(u.operands) > 0 {
		return
	}
	if c.io.net {
		c.sc.fds |= fromNet
	}
	if c.io.fed {
		c.sc.stdin, c.sc.fed = c.io.stdin, true
	}
}

func builtinSet(c *call, u *use) {
	c.shows = len(c.args) == 1 // alone, it prints every variable
	for i, a := range c.args[1:] {
		if a.s == "--" || a.s == "-" || !strings.HasPrefix(a.s, "-") && !strings.HasPrefix(a.s, "+") {
			rest := c.args[1+i:]
			if a.s == "--" || a.s == "-" {
				rest = rest[1:]
			}
			c.sc.params, c.sc.hasArgs = rest, true
			return
		}
		if a.s == "-o" || a.s == "+o" {
			return
		}
	}
}

func builtinShift(c *call, u *use) {
	n := 1
	if a := u.operand(0); a.known() && len(a.s) == 1 && a.s[0] >= '0' && a.s[0] <= '9' {
		n = int(a.s[0] - '0')
	}
	if c.sc.hasArgs {
		c.sc.params = c.sc.params[min(n, len(c.sc.params)):]
	}
}

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

func builtinAlias(c *call, u *use) {
	for _, a := range u.operands {
		name, v, ok := strings.Cut(a.s, "=")
		if !ok {
			continue
		}
		c.rate(Reversible, "alias", "gives a command another name")
		c.sc.aliases[name] = str{v, a.t}
	}
	if c.sc.loops >= 0 && c.m.commands == 1 { // an alias alone is for the lines after it in a session
		for _, a := range u.operands {
			if _, v, ok := strings.Cut(a.s, "="); ok {
				inner := c.sc.fork()
				inner.aliases = map[string]str{}
				c.queue(Reread, func() str { return c.m.shell(str{v, a.t}, inner) })
			}
		}
	}
}

func builtinTrap(c *call, u *use) {
	if len(u.operands) < 2 || u.operand(0).s == "-" || u.operand(0).s == "" {
		return
	}
	c.shellText(u.operand(0).str)
	c.m.traps = append(c.m.traps, u.operand(0).str)
}

// builtinExport is export in shells for which it is a command like others.
func builtinExport(c *call, u *use) {
	c.shows = len(u.operands) == 0
	for _, a := range u.operands {
		c.m.subscripts(a.str, c.sc)
		if name, v, ok := strings.Cut(a.s, "="); ok && syntax.ValidName(name) {
			c.rate(Reversible, "shell", "changes the environment of the commands after it")
			c.sc.setText(name, str{v, a.t})
			c.m.environment(name, str{v, a.t}, c.sc)
		}
	}
}

// builtinTest evaluates subscripts behind -v and beside its arithmetic operators.
func builtinTest(c *call, u *use) {
	args := c.args[1:]
	for i, a := range args {
		switch a.s {
		case "-v", "-R":
			if i+1 < len(args) {
				c.m.subscripts(args[i+1].str, c.sc)
			}
		}
	}
}

// builtinNames is for builtins that take names of variables, in which subscripts are evaluated.
func builtinNames(c *call, u *use) {
	if o, ok := u.option("-p"); ok && o.has { // wait -p NAME
		c.m.subscripts(o.arg.str, c.sc)
	}
	for _, a := range u.operands {
		c.m.subscripts(a.str, c.sc)
		if base(c.args[0].s) == "unset" {
			delete(c.sc.vars, a.s)
			if u.has("-f") {
				delete(c.sc.funcs, a.s)
			}
		}
	}
}

func builtinLet(c *call, u *use) {
	for _, a := range u.operands {
		c.m.subscripts(a.str, c.sc)
	}
}

// builtinCommand is command and builtin, which skip functions and aliases; with -v and -V they only tell.
func builtinCommand(c *call, u *use) {
	if u.has("-v", "-V") {
		c.tells(u.operands)
		return
	}
	if len(u.operands) > 0 {
		c.queue(Peeled, func() str {
			child := c.child(u.operands)
			saved := c.sc.funcs
			child.sc.funcs = nil
			child.direct = true
			out := child.run()
			child.sc.funcs = saved
			return out
		})
	}
}

func builtinWhich(c *call, u *use) { c.tells(u.operands) }

func builtinEnable(c *call, u *use) {
	if u.has("-f") {
		c.rate(Irreversible, "enable", "loads a library into the shell")
	}
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
