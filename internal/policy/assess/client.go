package assess

import "strings"

func init() {
	hooks["client"] = clientHook
	hooks["transfer"] = transferHook
}

// clientHook is for clients that read commands of their own from options and their input: a shell escape, or a verb that says
// what is done.
func clientHook(c *call, u *use) {
	texts := 0
	for _, o := range u.options {
		switch o.name {
		case "-f":
			if content := c.m.content(o.arg, c.sc); content.known() {
				c.clientText(content)
			}
		case "-q", "-c", "-e", "-x", "-rx", "--query", "--command", "--commands", "--eval":
			if o.has {
				texts++
				c.clientText(o.arg.str)
			}
		}
	}
	if texts == 0 && len(u.operands) > 0 {
		texts++
		c.clientText(join(u.operands))
	}
	if texts == 0 && c.fed {
		c.statementsFromInput(c.clientText)
	}
	if texts == 0 && !c.fed {
		c.rate(Stateful, "client", "an interactive client")
	}
}

// clientText rates each command of a client's script by its first words.
func (c *call) clientText(s str) {
	for _, line := range clientLines(s) {
		if c.escape(line) {
			continue
		}
		f := strings.Fields(line.s)
		tier, why := Stateful, line.s+" may change something"
		for _, w := range f[:min(3, len(f))] {
			switch verbOf(strings.Trim(w, `"'`)) {
			case losing:
				tier, why = Irreversible, w+" loses what is there"
			case changing:
			case reading:
				tier, why = Observe, w+" reads"
			default:
				continue
			}
			break
		}
		switch strings.ToLower(f[0]) {
		case "quit", "exit", "bye", "use", "connect", "open", "set", "\\q", "echo", "binary", "ascii", "passive", "prompt", "lcd", "pwd", "user", "yes", "no":
			tier = Observe
		case "dn:", "replace:", "add:", "objectclass:", "-":
			tier = Stateful
		case "update": // nsupdate(1)
			if len(f) > 1 && strings.HasPrefix(f[1], "del") {
				tier, why = Irreversible, "deletes a name"
			}
		case "changetype:":
			if len(f) > 1 && f[1] == "delete" {
				tier, why = Irreversible, "deletes an entry"
			}
		}
		c.rate(tier, "client", why)
	}
}

func clientLines(s str) []str {
	var out []str
	for _, line := range strings.FieldsFunc(s.s, func(r rune) bool { return r == '\n' || r == ';' }) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, str{line, s.t})
		}
	}
	return out
}

// escape follows a line that gives a command to the shell: !cmd, and host, shell or system in clients that know them.
func (c *call) escape(line str) bool {
	text, ok := strings.CutPrefix(line.s, "!")
	if !ok {
		text, ok = strings.CutPrefix(line.s, `\!`)
	}
	if first, rest, more := strings.Cut(line.s, " "); !ok && more {
		switch strings.ToLower(first) {
		case "host", "ho", "hos", "shell", "system", ":!", ".shell", ".system":
			text, ok = rest, true
		}
	}
	if ok {
		c.rate(Stateful, "shell escape", "gives a command to the shell")
		c.shellText(str{strings.TrimSpace(strings.Trim(strings.TrimSpace(text), `;`)), line.t})
	}
	return ok
}

// transferHook reads the commands that ftp, lftp, sftp and smbclient are given: which files go there, come here or are removed
// there.
func transferHook(c *call, u *use) {
	given := false
	for _, o := range u.options {
		switch o.name {
		case "-e", "-c", "--command":
			if o.has {
				given = true
				c.transferText(o.arg.str)
			}
		case "-b":
			given = given || o.has && o.arg.s != "-"
			if o.has && o.arg.s != "-" {
				if content := c.m.content(o.arg, c.sc); content.known() {
					c.transferText(content)
				} else {
					c.rate(Stateful, "transfer", "commands that cannot be seen from here")
				}
			}
		case "-o":
			if o.has && base(c.args[0].s) == "sftp" {
				c.sshOption(o.arg)
			}
		}
	}
	for i, a := range c.args[1:] { // lftp takes options that it shares with the shell's
		if i > 0 && (c.args[i].s == "-e" || c.args[i].s == "-c") && !given {
			given = true
			c.transferText(a.str)
		}
	}
	if given {
		return
	}
	if !c.fed {
		if base(c.args[0].s) == "smbclient" && !u.has("-L", "--list") {
			c.rate(Stateful, "transfer", "an interactive client")
		}
		return
	}
	if !c.stdin.known() {
		c.rate(Irreversible, "piped-code", "commands that are not known")
		return
	}
	c.transferText(c.stdin)
}

func (c *call) transferText(s str) {
	for _, line := range clientLines(s) {
		if c.escape(line) {
			continue
		}
		f := words(strings.Fields(line.s)...)
		rest := f[1:]
		for len(rest) > 0 && strings.HasPrefix(rest[0].s, "-") {
			rest = rest[1:]
		}
		switch name := strings.ToLower(f[0].s); name {
		case "put", "mput", "reput", "append", "send", "mirror":
			if name == "mirror" && !strings.Contains(line.s, "-R") && !strings.Contains(line.s, "--reverse") {
				c.rate(Reversible, "transfer", "copies files here")
				break
			}
			c.rate(Stateful, "transfer", "writes files on another machine")
			for _, a := range rest {
				c.reads(arg{str: str{tildePath(a.s), s.t}})
			}
			if strings.Contains(line.s, "--delete") || strings.Contains(line.s+" ", " -e ") {
				c.rate(Irreversible, "transfer", "removes what the source does not have")
			}
		case "get", "mget", "reget", "recv", "pget":
			c.rate(Reversible, "transfer", "copies files here")
		case "ls", "cls", "dir", "nlist", "cd", "lcd", "pwd", "lls", "lpwd", "cat", "more", "zcat", "find", "du", "df", "quit", "bye", "exit", "help", "?", "open", "close", "user", "set", "binary", "ascii", "passive", "prompt", "hash", "status", "size", "version", "recurse", "allinfo", "stat", "l", "volume", "progress", "lfs", "rels", "renlist", "echo":
			c.rate(Observe, "transfer", "looks")
		case "rm", "rmdir", "mrm", "glob", "delete", "mdelete", "del", "deltree", "wdel":
			c.rate(Stateful, "transfer", "removes files on another machine")
			if strings.Contains(line.s, "-r") || strings.Contains(line.s, "*") || name == "deltree" || name == "mdelete" {
				c.rate(Irreversible, "transfer", "removes many files on another machine")
			}
		default:
			c.rate(Stateful, "transfer", line.s)
		}
	}
}
