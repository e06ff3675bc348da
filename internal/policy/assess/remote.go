package assess

import "strings"

func init() {
	hooks["behindDashes"] = behindDashesHook
	hooks["bucket"] = bucketHook
	hooks["noop"] = func(*call, *use) {}
	hooks["remoteText"] = remoteTextHook
	hooks["salt"] = saltHook
}

// remoteTextHook is for tools that run a command given as one of their words, or as the rest of them, on other machines.
func remoteTextHook(c *call, u *use) {
	texts := append(u.operands, u.values()...)
	if len(u.operands) > 1 {
		texts = append(texts, arg{str: join(u.operands)}, arg{str: join(u.operands[1:])})
	}
	for _, a := range texts {
		sub := c.m.probe(func(p *machine) { p.shell(a.str, newScope()) })
		if sub.tier == Irreversible {
			c.rate(Irreversible, "remote", "runs “"+a.show()+"” there: "+worstOf(sub))
		}
	}
}

func (u *use) values() []arg {
	var out []arg
	for _, o := range u.options {
		if o.has {
			out = append(out, o.arg)
		}
	}
	return out
}

// saltHook: TARGET MODULE.FUNCTION ARGUMENTS; salt-call has no target.
func saltHook(c *call, u *use) {
	ops := u.operands
	if base(c.args[0].s) != "salt-call" && len(ops) > 0 {
		ops = ops[1:]
	}
	if o, ok := u.option("-r", "--raw"); ok || u.has("--raw") {
		text := join(ops)
		if o.has {
			text = o.arg.str
		}
		c.tier, c.rule, c.why = Observe, "salt", "runs a command on the machines"
		c.shellText(text)
		return
	}
	if len(ops) == 0 {
		return
	}
	module, function, _ := strings.Cut(ops[0].s, ".")
	switch {
	case module == "cmd":
		c.tier, c.rule, c.why = Observe, "salt", "runs a command on the machines"
		if function == "script" || len(ops) < 2 {
			c.rate(Stateful, "salt", "runs a script that cannot be seen from here")
			return
		}
		c.queue(Reread, func() str {
			there := newScope()
			there.remote = true
			return c.m.shell(ops[1].str, there)
		})
		return
	case module == "test" || module == "grains" && function != "setval" && !strings.HasPrefix(function, "del") && function != "append" && function != "remove" || module == "status" || module == "sys" || module == "disk" && function != "wipe" && function != "format_" || module == "network" && !strings.HasPrefix(function, "mod"):
		c.tier, c.rule, c.why = Observe, "salt", ops[0].s+" reads"
		return
	case module == "system" && function != "get_computer_name" && function != "set_computer_desc":
		c.rate(Irreversible, "salt", "stops the machines")
		return
	case module == "service" && (function == "stop" || function == "disable") && len(ops) > 1 && keepsAlive(ops[1].s):
		c.rate(Irreversible, "salt", "stops "+ops[1].show()+", on which access or the audit depends")
		return
	case module == "state" && function == "single" && len(ops) > 2 && strings.HasSuffix(ops[1].s, ".absent"):
		c.rate(Irreversible, "salt", ops[1].s+" removes "+join(ops[2:]).s)
		return
	case module == "file" && (function == "remove" || function == "rename") && len(ops) > 1:
		c.effect(removesAll, ops[1], "salt file."+function)
		return
	}
	switch verbOf(strings.ReplaceAll(function, "_", "-")) {
	case losing:
		if module != "pkg" && module != "pip" && module != "npm" {
			c.rate(Irreversible, "salt", ops[0].s+" loses what is there")
		}
	case reading:
		c.tier, c.rule, c.why = Observe, "salt", ops[0].s+" reads"
		c.shows = module == "pillar" || module == "environ"
	}
}

// behindDashesHook: what stands behind -- is a command.
func behindDashesHook(c *call, u *use) {
	for i, a := range c.args {
		if a.s == "--" {
			c.command(c.args[i+1:])
			return
		}
	}
}

// bucketHook copies between a store of objects and here: gsutil cp, s3cmd get, rclone copy.
func bucketHook(c *call, u *use) {
	from, to := u.operands, word(".")
	if len(from) > 1 {
		from, to = u.operands[:len(u.operands)-1], u.operands[len(u.operands)-1]
	}
	for _, f := range from {
		if stored := strings.Contains(f.s, "://") || isRemote(f); !stored {
			c.reads(f)
		}
	}
	if strings.Contains(to.s, "://") || isRemote(to) || !to.known() {
		c.rate(Stateful, "copy", "writes objects")
		return
	}
	c.sends = false
	c.copyInto(to, from, "copy")
	c.rate(Reversible, "copy", "copies objects here")
}

// sshHook runs a command on another machine: its text is joined and read by a shell there.
func sshHook(c *call, u *use) {
	for _, o := range u.options {
		switch {
		case o.name == "-o" && o.has:
			c.sshOption(o.arg)
		case o.name == "-F" && o.has:
			for _, line := range strings.Split(c.scriptContent(o.arg).s, "\n") {
				c.sshOption(arg{str: lit(strings.TrimSpace(line))})
			}
		}
	}
	if len(u.operands) > 1 && u.operands[1].s == "--" {
		u.operands = append(u.operands[:1:1], u.operands[2:]...)
	}
	if len(u.operands) == 0 {
		return
	}
	if len(u.operands) == 1 {
		if c.fed && !u.has("-N", "-n", "-O", "-W", "-G", "-V", "-Q") {
			c.feed(c.stdin)
			return
		}
		if !u.has("-N", "-O", "-W", "-G", "-Q", "-V", "-L", "-R", "-D", "-T") {
			c.rate(Stateful, "ssh", "an interactive shell on another machine")
		}
		return
	}
	c.sends = false // what runs there is rated by itself; its input may still carry secrets
	if c.fed && c.stdin.tainted(anySecret) {
		c.rate(Irreversible, "exfiltration", "sends secrets to another machine")
	}
	c.queue(Reread, func() str {
		remote := newScope()
		remote.remote = true
		remote.stdin, remote.fed = c.stdin, c.fed
		return c.m.shell(join(u.operands[1:]), remote)
	})
}

// sshOption rates one -o option: some of ssh_config(5)'s name commands that run here.
func (c *call) sshOption(a arg) {
	name, v, ok := strings.Cut(a.s, "=")
	if !ok {
		name, v, _ = strings.Cut(strings.TrimSpace(a.s), " ")
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "proxycommand", "localcommand", "knownhostscommand", "xauthlocation", "remotecommand":
		if v = strings.TrimSpace(v); v != "none" {
			c.rate(Stateful, "ssh -o", "runs a command of the option "+name)
			c.shellText(str{v, a.t})
		}
	case "proxyusefdpass", "pkcs11provider", "securitykeyprovider":
		if v != "none" && v != "internal" && v != "no" {
			c.rate(Irreversible, "ssh -o", "loads code: "+v)
		}
	case "match":
		c.rate(Irreversible, "ssh -o", "a Match line can run commands")
	case "stricthostkeychecking", "userknownhostsfile", "globalknownhostsfile":
		if v == "no" || v == "off" || v == "/dev/null" {
			c.rate(Reversible, "ssh -o", "does not check who the other machine is")
		}
	case "sendenv", "setenv", "permitlocalcommand":
	case "include":
		c.rate(Stateful, "ssh -o", "reads other settings")
	}
}

// remoteShellHook is for programs that take hosts, then a command for a shell there: pssh, pdsh, clush, dsh.
func remoteShellHook(c *call, u *use) {
	if len(u.operands) == 0 {
		return
	}
	c.queue(Reread, func() str {
		remote := newScope()
		remote.remote = true
		return c.m.shell(join(u.operands), remote)
	})
}
