package assess

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func init() {
	for name, h := range map[string]hook{
		"cd": builtinCd, "eval": builtinEval, "source": builtinSource, "exec": builtinExec, "set": builtinSet, "shift": builtinShift,
		"read": builtinRead, "echo": builtinEcho, "printf": builtinPrintf, "seq": seqHook, "alias": builtinAlias, "trap": builtinTrap,
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
	if c.fed && isStdin(p) {
		content, ok = c.stdin, true
	}
	switch {
	case ok && content.tainted(fromNet):
		c.rate(Irreversible, "remote-code", "runs code fetched from the network")
	case ok && !content.known() && content.tainted(fromPieces):
		c.rate(Irreversible, "hidden-code", "reads code that is put together from pieces so that it cannot be read")
	case ok:
		c.rate(Observe, "source", "reads a file that this text wrote as code")
		if !a.known() {
			c.rate(Stateful, "script", "runs "+a.show()+", which may be another file")
		}
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

func builtinAlias(c *call, u *use) {
	if ops := u.operands; len(ops) > 1 && !strings.Contains(ops[0].s, "=") && len(u.unlisted) == 0 { // fish and csh: alias NAME COMMAND…
		c.rate(Reversible, "alias", "gives a command another name")
		c.sc.aliases[ops[0].s] = join(ops[1:])
		return
	}
	for _, a := range u.operands {
		name, v, ok := strings.Cut(a.s, "=")
		if !ok {
			continue
		}
		if len(u.unlisted) > 0 { // zsh: -g stands for a word anywhere, -s for a name's ending
			c.shellText(str{strings.TrimLeft(v, "|&; "), a.t})
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
		c.m.expression(a.str, c.sc)
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
