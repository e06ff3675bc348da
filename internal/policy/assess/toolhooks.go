package assess

import "strings"

func init() {
	hooks["bc"] = bcHook
	hooks["daemon"] = daemonHook
	hooks["gdb"] = gdbHook
	hooks["less"] = lessHook
	hooks["logrotate"] = logrotateHook
	hooks["man"] = manHook
	hooks["openssl"] = opensslHook
	hooks["split"] = splitHook
	hooks["yq"] = yqHook
}

func splitHook(c *call, u *use) {
	target := word("x")
	if len(u.operands) > 1 {
		target = u.operands[1]
	}
	if len(u.operands) > 0 {
		c.reads(u.operands[0])
	}
	if u.has("--filter") {
		return
	}
	c.effect(writes, target, "split")
}

// lessHook: a leading + or ++ runs commands of the pager, among them !.
func lessHook(c *call, u *use) {
	for _, a := range c.args[1:] {
		if cmd, ok := strings.CutPrefix(a.s, "+"); ok {
			cmd = strings.TrimPrefix(cmd, "+")
			if i := strings.IndexAny(cmd, "!#"); i >= 0 {
				c.rate(Stateful, "less +!", "runs a command")
				c.shellText(lit(cmd[i+1:]))
			} else if strings.HasPrefix(cmd, "|") || strings.HasPrefix(cmd, "s ") || strings.HasPrefix(cmd, "v") {
				c.rate(Stateful, "less +", "runs a command or writes a file")
			}
		}
	}
}

func manHook(c *call, u *use) {
	for _, o := range u.options {
		switch o.name {
		case "-P", "--pager", "-H", "--html":
			if o.has {
				c.program(o.arg, "man "+o.name)
			}
		case "-l", "--local-file":
			c.reads(o.arg)
		case "-C", "--config-file":
			c.rate(Stateful, "man -C", "reads other settings, which can name programs")
		}
	}
}

// opensslHook: enc and base64 decode; -out, engines and private keys are in the tables.
func opensslHook(c *call, u *use) {
	if len(c.args) == 1 { // it reads commands
		switch {
		case !c.fed:
			c.rate(Stateful, "openssl", "an interactive program")
		case !c.stdin.known():
			c.rate(Stateful, "openssl", "runs commands that cannot be seen from here")
		default:
			for _, line := range clientLines(c.stdin) {
				c.command(append(words("openssl"), words(strings.Fields(line.s)...)...))
			}
		}
		return
	}
	args := join(c.args).s
	if strings.Contains(args, " -d") && (strings.Contains(args, "base64") || strings.Contains(args, "-a")) && !strings.Contains(args, "-aes") && !strings.Contains(args, "-pass") {
		c.filter(decode64)
	}
	if strings.Contains(args, "PRIVATE") {
		c.secret = true
	}
}

// bcHook: bc computes; GNU bc runs nothing, dc's ! does.
func bcHook(c *call, u *use) {
	text := c.stdin.s
	for _, o := range u.options {
		text += "\n" + o.arg.s
	}
	if base(c.args[0].s) == "dc" {
		for _, l := range strings.Split(text, "\n") {
			if i := strings.Index(l, "!"); i >= 0 && !strings.HasPrefix(l[i:], "!=") && !strings.HasPrefix(l[i:], "!<") && !strings.HasPrefix(l[i:], "!>") {
				c.rate(Stateful, "dc", "runs a command")
				c.shellText(lit(l[i+1:]))
			}
		}
		if c.fed && !c.stdin.known() {
			c.rate(Stateful, "dc", "may run commands")
		}
	}
}

// gdbHook reads the commands of -ex: shell, ! and calls of system run programs.
func gdbHook(c *call, u *use) {
	for i, a := range c.args {
		if (a.s == "--args" || a.s == "-args" || a.s == "--") && i+1 < len(c.args) {
			c.guess(c.args[i+1:])
		}
	}
	for _, o := range u.options {
		if !o.has || o.name != "-ex" && o.name != "--eval-command" && o.name != "-iex" && o.name != "-o" {
			continue
		}
		text := strings.TrimSpace(o.arg.s)
		for _, prefix := range []string{"shell ", "platform shell ", "!", "make ", "pipe ", "| "} {
			if rest, ok := strings.CutPrefix(text, prefix); ok {
				c.shellText(str{rest, o.arg.t})
			}
		}
		if strings.Contains(text, "system") || strings.HasPrefix(text, "py") || strings.HasPrefix(text, "script") {
			c.code("python", str{text, o.arg.t})
		}
	}
}

// daemonHook is start-stop-daemon --exec PROGRAM -- ARGUMENTS.
func daemonHook(c *call, u *use) {
	if u.has("-T", "--status", "-t", "--test") {
		c.tier, c.rule, c.why = Observe, "start-stop-daemon", "only looks"
		return
	}
	o, ok := u.option("-x", "--exec", "-a", "--startas")
	if ok && o.has && u.has("-S", "--start") {
		c.command(append([]arg{o.arg}, u.operands...))
	}
}

// yqHook: -i changes the files.
func yqHook(c *call, u *use) {
	if u.has("-i", "--inplace", "--in-place") && len(u.operands) > 0 {
		for _, f := range u.operands[min(1, len(u.operands)-1):] {
			c.effect(modifies, f, "yq -i")
		}
	}
}

// logrotateHook reads the scripts of a configuration that the text wrote.
func logrotateHook(c *call, u *use) {
	for _, a := range u.operands {
		content, ok := c.m.files[absolute(a.s, c.sc)]
		if !ok || c.tier == Observe {
			continue
		}
		var script []string
		inside := false
		for _, line := range strings.Split(content.s, "\n") {
			switch word := strings.TrimSpace(line); {
			case strings.HasSuffix(word, "postrotate"), strings.HasSuffix(word, "prerotate"), strings.HasSuffix(word, "firstaction"), strings.HasSuffix(word, "lastaction"), strings.HasSuffix(word, "preremove"):
				inside = true
			case word == "endscript":
				inside = false
			case inside:
				script = append(script, line)
			}
		}
		c.shellText(str{strings.Join(script, "\n"), content.t})
	}
}
