package assess

import "strings"

func init() {
	for name, h := range map[string]hook{
		"shell": shellHook, "su": suHook, "env": envHook, "wrapper": wrapperHook, "xargs": xargsHook, "parallel": parallelHook, "script": scriptHook,
		"flock": flockHook, "busybox": busyboxHook, "ssh": sshHook, "sudo": sudoHook, "find": findHook, "fd": fdHook, "at": atHook, "watch": watchHook, "tmux": tmuxAnyHook,
		"crontab": crontabHook, "capsh": capshHook, "remoteShell": remoteShellHook, "screen": screenHook,
	} {
		hooks[name] = h
	}
}

// shellHook is sh and its kin: -c with text, a script, or code on the input.
func shellHook(c *call, u *use) {
	if c.io.net {
		c.rate(Irreversible, "reverse-shell", "a shell on a network connection")
	}
	if u.has("-n") && !u.has("-i") || u.has("-D") {
		c.rate(Observe, "shell", "checks syntax only")
		return
	}
	for _, o := range u.options {
		if (o.name == "--rcfile" || o.name == "--init-file") && o.has {
			c.script(o.arg)
		}
	}
	fish := false
	for _, o := range u.options { // fish's -c and -C have the text as their value
		if o.has && (o.name == "-c" || o.name == "-C" || o.name == "--command" || o.name == "--init-command") {
			fish = true
			c.shellText(str{fromFish(o.arg.s), o.arg.t})
		}
	}
	if fish && (len(u.operands) == 0 || u.has("-c", "--command")) {
		return
	}
	if u.has("-c") {
		if len(u.operands) == 0 {
			return
		}
		text := u.operands[0].str
		rest := u.operands[1:]
		c.queue(Reread, func() str {
			return c.fedCall(func() str {
				inner := c.sc.fork()
				inner.aliases = map[string]str{} // functions stay: export -f may have given them to the child
				inner.params, inner.hasArgs = nil, true
				inner.extglob = extendedShell(u, base(c.args[0].s))
				if len(rest) > 0 {
					inner.setText("0", rest[0].str)
					inner.params = rest[1:]
				}
				was := c.m.zsh
				defer func() { c.m.zsh = was }()
				c.m.zsh = base(c.args[0].s) == "zsh"
				return c.m.shell(text, inner)
			})
		})
		return
	}
	if len(u.operands) > 0 && u.operands[0].s != "-" && !u.has("-s") {
		c.scriptWith(u.operands[0], u.operands[1:])
		return
	}
	if c.fed {
		if u.has("-s") && len(u.operands) > 0 {
			c.sc = c.sc.fork()
			c.sc.params, c.sc.hasArgs = u.operands, true
		}
		if base(c.args[0].s) == "fish" {
			c.stdin.s = fromFish(c.stdin.s)
		}
		c.feed(c.stdin)
		return
	}
	c.rate(Stateful, "shell", "an interactive shell")
}

// scriptWith runs a script file with arguments.
func (c *call) scriptWith(a arg, params []arg) {
	p := absolute(a.s, c.sc)
	if content, ok := c.m.files[p]; ok && !content.tainted(fromNet) && content.known() {
		c.rate(Observe, "script", "runs a file that this text wrote")
		if !a.known() {
			c.rate(Stateful, "script", "runs "+a.show()+", which may be another file")
		}
		c.queue(Reread, func() str {
			inner := c.sc.fork()
			inner.params, inner.hasArgs = params, true
			return c.m.shell(content, inner)
		})
		return
	}
	c.script(a)
}

// sudoHook peels sudo and doas: assignments before the command, and -s or -i with a command for a shell.
func sudoHook(c *call, u *use) {
	args := c.leadingAssignments(u.operands)
	if u.has("-l", "--list", "-v", "-k", "-K", "--validate") && len(args) == 0 {
		return
	}
	if u.has("-e", "--edit") {
		c.edits(args)
		return
	}
	if len(args) == 1 && u.has("-s", "--shell", "-i", "--login") {
		c.shellText(args[0].str)
	} else if len(args) > 0 {
		c.command(args)
	} else if c.fed && u.has("-s", "--shell", "-i", "--login") {
		c.feed(c.stdin)
	}
}

func (c *call) edits(args []arg) {
	for _, a := range args {
		tier, why := pathEffect(modifies, a, c.sc)
		c.rate(min(tier, Stateful), "edit", why)
	}
}

// suHook: -c text, or a shell for a user.
func suHook(c *call, u *use) {
	if o, ok := u.option("-c", "--command", "--session-command"); ok && o.has {
		c.shellText(o.arg.str)
		return
	}
	if base(c.args[0].s) == "runuser" && u.has("-u", "--user") {
		c.command(u.operands)
		return
	}
	for i, a := range u.operands { // su user -c text: getopt lets options follow
		if a.s == "-c" && i+1 < len(u.operands) {
			c.shellText(u.operands[i+1].str)
			return
		}
	}
	if base(c.args[0].s) == "sg" && len(u.operands) > 1 {
		c.shellText(join(u.operands[1:]))
		return
	}
	if c.fed {
		c.feed(c.stdin)
	}
}

// capshHook gives what stands behind -- to a shell.
func capshHook(c *call, u *use) {
	for i, a := range c.args {
		if a.s == "--" || a.s == "==" {
			c.command(append(words("bash"), c.args[i+1:]...))
			return
		}
	}
}

// wrapperHook runs its operands as a command, whatever their number.
func wrapperHook(c *call, u *use) { c.command(u.operands) }

func scriptHook(c *call, u *use) {
	o, ok := u.option("-c", "--command")
	if ok && o.has {
		c.shellText(o.arg.str)
		return
	}
	if len(u.operands) > 1 { // BSD: script FILE COMMAND…
		for i := range c.args {
			if i > 0 && c.args[i].s == u.operands[1].s {
				c.command(c.args[i:])
				return
			}
		}
	}
	c.rate(Stateful, "script", "an interactive shell")
}

func flockHook(c *call, u *use) {
	args := u.operands
	if len(args) < 2 {
		return
	}
	if args[1].s == "-c" || args[1].s == "--command" {
		if len(args) > 2 {
			c.shellText(args[2].str)
		}
		return
	}
	if o, ok := u.option("-c", "--command"); ok && o.has {
		c.shellText(o.arg.str)
		return
	}
	c.command(args[1:])
}

// busyboxHook runs one of its applets.
func busyboxHook(c *call, u *use) {
	if len(c.args) > 1 && !strings.HasPrefix(c.args[1].s, "-") {
		c.command(c.args[1:])
	}
}
