package assess

import "strings"

// gitConfig rates a setting: many of them name commands that git runs.
func (c *call) gitConfig(key string, v str, stored bool) {
	low := strings.ToLower(key)
	runs := false
	for _, k := range []string{"core.pager", "core.editor", "sequence.editor", "core.sshcommand", "core.fsmonitor", "core.askpass", "core.gitproxy", "diff.external", "gpg.program", "gpg.ssh.program", "interactive.difffilter", "uploadpack.packobjectshook", "core.hookspath", "web.browser", "core.alternaterefscommand", "sendemail.smtpserver", "sendemail.tocmd", "include.path", "gpg.ssh.defaultkeycommand", "core.attributesfile"} {
		runs = runs || low == k
	}
	for _, k := range []string{"pager.", "alias.", "filter.", "difftool.", "mergetool.", "credential.", "diff.", "merge.", "browser.", "man.", "remote.", "protocol.ext", "includeif.", "gpg.", "trailer.", "hook.", "guitool.", "submodule.", "tar.", "imap.tunnel", "receive.", "init.templatedir"} {
		runs = runs || strings.HasPrefix(low, k) && (k != "diff." || strings.HasSuffix(low, "command") || strings.HasSuffix(low, "textconv")) && (k != "merge." || strings.HasSuffix(low, "driver")) && (k != "remote." || strings.HasSuffix(low, "pack") || strings.HasSuffix(low, "vcs") || strings.HasSuffix(low, "proxy")) && (k != "submodule." || strings.HasSuffix(low, "update")) && (k != "gpg." || strings.HasSuffix(low, "program"))
	}
	if !runs || v.s == "" || v.s == "true" || v.s == "false" {
		return
	}
	text := v
	if low == "core.pager" || strings.HasPrefix(low, "pager.") || low == "core.editor" || low == "sequence.editor" {
		text = v
	} else if strings.HasPrefix(low, "alias.") {
		shell, ok := strings.CutPrefix(v.s, "!")
		if !ok {
			c.command(append(words("git"), words(strings.Fields(v.s)...)...))
			return
		}
		text = str{shell, v.t}
		if !stored {
			c.rate(Stateful, "git alias", "runs a command")
		}
	} else if strings.HasPrefix(low, "credential.") || low == "submodule.update" || strings.HasSuffix(low, ".update") {
		shell, ok := strings.CutPrefix(v.s, "!")
		if !ok {
			if strings.ContainsAny(v.s, "/ ") && strings.HasSuffix(low, "helper") && !strings.HasPrefix(v.s, "store") && !strings.HasPrefix(v.s, "cache") {
				c.rate(Stateful, "git config", "names a program that git runs")
			}
			return
		}
		text = str{shell, v.t}
	}
	if low == "core.hookspath" || strings.HasPrefix(low, "include") || low == "init.templatedir" || low == "core.attributesfile" {
		c.rate(Stateful, "git config", "names files whose commands git runs")
		if !stored && v.s != "/dev/null" {
			c.rate(Irreversible, "git -c", "runs hooks that cannot be seen from here")
		}
		return
	}
	if stored {
		sub := c.m.probe(func(p *machine) { p.shell(text, c.sc.fork()) })
		if sub.tier == Irreversible {
			c.rate(Irreversible, "git config", "git will run: "+worstOf(sub))
		}
		return
	}
	c.program(arg{str: text}, "git -c "+key)
}

// gitConfigCommand: git config reads with one word or --get, and writes with two.
func (c *call) gitConfigCommand(u *use) {
	ops := u.operands
	if len(ops) > 0 && (ops[0].s == "get" || ops[0].s == "list") {
		c.shows = ops[0].s == "list"
		return
	}
	if len(ops) > 0 && (ops[0].s == "set" || ops[0].s == "unset" || ops[0].s == "remove-section" || ops[0].s == "rename-section" || ops[0].s == "edit") {
		c.rate(Reversible, "git config", "changes settings")
		ops = ops[1:]
		if len(ops) == 0 {
			return
		}
	} else if u.has("--get", "--get-all", "--get-regexp", "--list", "-l", "--get-urlmatch", "--get-color", "--get-colorbool", "--show-origin", "--show-scope") && !u.has("--add", "--unset") || len(ops) < 2 && !u.has("--unset", "--unset-all", "--remove-section", "--rename-section", "--add", "--edit", "-e", "--replace-all") {
		// Addresses, headers and helpers of remotes may hold tokens.
		c.shows = u.has("-l", "--list", "--get-regexp")
		if len(ops) > 0 {
			key := strings.ToLower(ops[len(ops)-1].s)
			c.shows = c.shows || secretName(key) || strings.Contains(key, "extraheader") || strings.HasPrefix(key, "credential.")
		}
		return
	}
	c.rate(Reversible, "git config", "changes settings")
	if u.has("--global", "--system") {
		c.rate(Stateful, "git config", "changes settings for every repository")
	}
	if len(ops) >= 2 {
		key := strings.ToLower(ops[0].s)
		was := c.tier
		c.gitConfig(ops[0].s, ops[1].str, true)
		for _, k := range []string{"core.fsmonitor", "core.hookspath", "core.sshcommand", "core.pager", "core.editor", "diff.external", "gpg.program", "core.askpass", "core.gitproxy", "uploadpack.packobjectshook"} {
			if key == k && was < Stateful {
				c.rate(Stateful, "git config", "names a program that git runs")
			}
		}
		for _, k := range []string{"alias.", "filter.", "credential.", "includeif.", "include.", "pager."} {
			if strings.HasPrefix(key, k) && (k != "alias." || strings.HasPrefix(ops[1].s, "!")) {
				c.rate(Stateful, "git config", "names a program that git runs")
			}
		}
	}
}
