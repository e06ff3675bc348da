package assess

import "strings"

func init() {
	hooks["git"] = gitHook
}

// gitHook adds what rows cannot say: -c settings, the forms of checkout, push, branch and config, and aliases.
func gitHook(c *call, u *use) {
	for _, o := range u.options {
		switch o.name {
		case "-c":
			key, v, _ := strings.Cut(o.arg.s, "=")
			c.gitConfig(key, str{v, o.arg.t}, false)
		case "--config-env":
			c.rate(Stateful, "git --config-env", "takes a setting from the environment")
		case "--exec-path":
			if o.has {
				c.rate(Irreversible, "git --exec-path", "runs git's programs from another place")
			}
		case "-C", "--work-tree", "--git-dir":
			if o.has {
				c.sc = c.sc.fork()
				if o.name == "-C" {
					c.sc.dir = lit(absolute(o.arg.s, c.sc))
				}
			}
		}
	}
	if len(u.words) == 0 {
		return
	}
	if u.words[0] == "ls-files" || u.has("--name-only") {
		c.out = &str{unk, fromFiles | fromData}
	}
	switch u.words[0] {
	case "show", "cat-file", "log", "diff", "blame", "annotate":
		for _, a := range u.operands { // REV:PATH, or a path
			_, p, ok := strings.Cut(a.s, ":")
			if !ok {
				p = a.s
			}
			if sensitivePath(absolute(p, c.sc)) {
				c.secret = true
			}
		}
	case "branch":
		if u.has("-d", "--delete") && u.has("-f", "--force") {
			c.rate(Irreversible, "git branch", "deletes a branch that may not be merged")
		}
	case "update-ref":
		if c.fed && u.has("--stdin") || c.fed && strings.Contains(join(c.args).s, "--stdin") {
			c.rate(Stateful, "git update-ref", "changes branches and tags")
			if strings.Contains(c.stdin.s, "delete") {
				c.rate(Irreversible, "git update-ref", "drops branches or tags")
			}
		}
	case "rm":
		if u.has("-f", "--force") && u.has("-r") && !u.has("-n", "--dry-run") && !u.has("--cached") {
			for _, a := range u.operands {
				if a.s == "." || a.s == "*" || a.s == "/" || a.s == ":/" {
					c.rate(Irreversible, "git rm", "removes every file, with changes that are not committed")
				}
			}
		}
	case "push":
		c.gitPush(u)
	case "checkout", "restore":
		c.gitCheckout(u)
	case "config":
		c.gitConfigCommand(u)
	case "submodule":
		c.gitForeach(u)
	case "bisect":
		if len(u.operands) > 0 && u.operands[0].s == "run" {
			c.rate(Stateful, "git bisect run", "runs a command")
			c.command(u.operands[1:])
		}
	case "rebase":
		for _, o := range u.options {
			if (o.name == "-x" || o.name == "--exec") && o.has {
				c.rate(Stateful, "git rebase --exec", "runs a command")
				c.shellText(o.arg.str)
			}
		}
	case "filter-branch":
		for _, o := range u.options {
			if o.has {
				c.shellText(o.arg.str)
			}
		}
	case "send-email":
		for _, o := range u.options {
			if o.has && (o.name != "--smtp-server" && strings.HasSuffix(o.name, "-cmd") || o.name == "--smtp-server" && strings.HasPrefix(o.arg.s, "/")) {
				c.program(o.arg, "git send-email "+o.name)
			}
		}
	case "difftool", "mergetool":
		for _, o := range u.options {
			if (o.name == "-x" || o.name == "--extcmd") && o.has {
				c.shellText(o.arg.str)
			}
		}
	case "clone", "fetch", "pull", "ls-remote", "remote", "archive":
		for _, a := range u.operands {
			if text, ok := strings.CutPrefix(a.s, "ext::"); ok {
				c.rate(Stateful, "git", "the address runs a command")
				c.shellText(str{text, a.t})
			}
		}
		for _, o := range u.options {
			if (o.name == "-u" || o.name == "--upload-pack" || o.name == "--exec") && o.has && o.arg.s != "git-upload-pack" {
				c.rate(Stateful, "git "+o.name, "runs another program")
				c.shellText(o.arg.str)
			}
			if (o.name == "-c" || o.name == "--config") && o.has {
				key, v, _ := strings.Cut(o.arg.s, "=")
				c.gitConfig(key, str{v, o.arg.t}, false)
			}
		}
	}
}

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

// gitPush: force, delete and mirror lose what others have.
func (c *call) gitPush(u *use) {
	for i, a := range u.operands {
		if i == 0 {
			continue
		}
		if strings.HasPrefix(a.s, "+") || strings.HasPrefix(a.s, ":") {
			c.rate(Irreversible, "git push", "rewrites or deletes "+strings.TrimLeft(a.s, "+:")+" for everybody")
		}
	}
	if u.has("-n", "--dry-run") {
		c.tier = Observe
	}
	if o, ok := u.option("--receive-pack", "--exec"); ok && o.has {
		c.shellText(o.arg.str)
	}
}

// gitCheckout: a branch is reversible; paths are not, uncommitted work in them is gone.
func (c *call) gitCheckout(u *use) {
	restore := u.words[0] == "restore"
	if restore && u.has("--staged", "-S") && !u.has("--worktree", "-W") {
		c.rate(Reversible, "git restore --staged", "takes changes out of the index")
		return
	}
	if u.has("-b", "-B", "--orphan", "--detach", "-t", "--track") && !restore {
		c.rate(Reversible, "git checkout", "makes or changes a branch")
		return
	}
	dashes := false
	for _, a := range c.args {
		dashes = dashes || a.s == "--"
	}
	if restore || dashes || len(u.operands) > 1 || u.operand(0).s == "." || strings.HasPrefix(u.operand(0).s, "./") || strings.HasPrefix(u.operand(0).s, ":/") {
		if len(u.operands) > 0 {
			c.rate(Irreversible, "git "+u.words[0], "uncommitted work in "+join(u.operands).s+" is gone")
			return
		}
	}
	c.rate(Reversible, "git checkout", "changes the branch")
}

// gitForeach is submodule foreach.
func (c *call) gitForeach(u *use) {
	for i, a := range u.operands {
		if a.s == "foreach" {
			rest := u.operands[i+1:]
			for len(rest) > 0 && strings.HasPrefix(rest[0].s, "-") {
				rest = rest[1:]
			}
			c.shellText(join(rest))
			return
		}
		switch a.s {
		case "status", "summary":
			c.tier, c.rule, c.why = Observe, "git submodule status", "reads"
			return
		case "deinit":
			c.rate(Stateful, "git submodule deinit", "removes the submodule's files")
			if text := join(u.operands[i:]).s + " "; u.has("-f", "--force", "--all") || hasAny(text, " -f ", " --force ", " --all ") {
				c.rate(Irreversible, "git submodule deinit", "removes changed files too")
			}
			return
		default:
			c.rate(Reversible, "git submodule", "changes submodules")
			return
		}
	}
}

// gitVariables reads the settings that git takes from its environment: GIT_CONFIG_KEY_0 with GIT_CONFIG_VALUE_0, and
// GIT_CONFIG_PARAMETERS.
func (m *machine) gitVariables(name string, v str, sc *scope) {
	c := &call{m: m, sc: sc, args: words("git"), text: name + "=" + v.s}
	if n, ok := strings.CutPrefix(name, "GIT_CONFIG_VALUE_"); ok {
		key, _ := sc.get("GIT_CONFIG_KEY_" + n)
		c.gitConfig(key.first().s, v, false)
	}
	if name == "GIT_CONFIG_PARAMETERS" {
		for _, w := range shellFields(v.s) {
			key, value, _ := strings.Cut(w, "=")
			c.gitConfig(key, str{value, v.t}, false)
		}
	}
	c.finish(len(m.reasons))
}
