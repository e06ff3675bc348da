package assess

import "strings"

func init() {
	for name, h := range map[string]hook{
		"shell": shellHook, "su": suHook, "env": envHook, "wrapper": wrapperHook, "xargs": xargsHook, "parallel": parallelHook, "script": scriptHook,
		"flock": flockHook, "busybox": busyboxHook, "ssh": sshHook, "sudo": sudoHook, "find": findHook, "fd": fdHook, "at": atHook, "watch": watchHook, "tmux": tmuxAnyHook,
		"crontab": crontabHook, "remoteShell": remoteShellHook, "screen": screenHook,
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
			c.shellText(o.arg.str)
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

// wrapperHook runs its operands as a command, whatever their number.
func wrapperHook(c *call, u *use) { c.command(u.operands) }

// xargsHook runs its operands with words from the input behind them, or in place of -I's mark.
func xargsHook(c *call, u *use) {
	args := u.operands
	if len(args) == 0 {
		args = words("echo")
	}
	items := c.inputWords(u)
	mark := ""
	if o, ok := u.option("-I", "-i", "--replace", "-J"); ok {
		mark = "{}"
		if o.has && o.arg.s != "" {
			mark = o.arg.s
		}
	}
	if mark == "" {
		c.command(append(args[:len(args):len(args)], items...))
		return
	}
	for _, item := range items {
		c.command(substitute(args, mark, item))
	}
}

// inputWords are the words that the input holds, or one unknown.
func (c *call) inputWords(u *use) []arg {
	in := c.stdin
	if o, ok := u.option("-a", "--arg-file"); ok && o.has {
		in = c.m.content(o.arg, c.sc)
	} else if !c.fed {
		in = str{unk, fromData}
	}
	sep := " \t\n" + nul
	switch o, ok := u.option("-d", "--delimiter"); {
	case u.has("-0", "--null"):
		sep = nul
	case ok && o.has:
		sep = unescapeNul(o.arg.s)
	case u.has("-I", "-i", "--replace", "-L", "-l"):
		sep = "\n"
	default:
		return c.quotedWords(in)
	}
	var out []arg
	for _, f := range strings.FieldsFunc(in.s, func(r rune) bool { return strings.ContainsRune(sep, r) }) {
		known := !strings.Contains(f, unk)
		out = append(out, arg{str: str{f, in.t}, multi: !known})
		if len(out) > maxBody {
			return append(out, arg{str: str{unk, in.t}, multi: true})
		}
	}
	return out
}

// quotedWords splits what xargs reads without -0 or -d: blanks separate, quotes and backslashes protect them.
func (c *call) quotedWords(in str) []arg {
	var out []arg
	for _, f := range shellFields(in.s) {
		out = append(out, arg{str: str{f, in.t}, multi: strings.Contains(f, unk)})
		if len(out) > maxBody {
			return append(out, arg{str: str{unk, in.t}, multi: true})
		}
	}
	return out
}

// shellFields splits at blanks outside of quotes, which go.
func shellFields(s string) []string {
	var out []string
	var b strings.Builder
	quote, open := byte(0), false
	for i := 0; i < len(s) && len(out) <= maxFields; i++ {
		switch ch := s[i]; {
		case quote != 0 && ch == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(ch)
		case ch == '\'' || ch == '"':
			quote, open = ch, true
		case ch == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case ch == ' ' || ch == '\t' || ch == '\n' || ch == nul[0]:
			if open || b.Len() > 0 {
				out = append(out, b.String())
			}
			b.Reset()
			open = false
		default:
			b.WriteByte(ch)
		}
	}
	if open || b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

func substitute(args []arg, mark string, item arg) []arg {
	out := make([]arg, len(args))
	for i, a := range args {
		out[i] = a
		if strings.Contains(a.s, mark) {
			out[i] = arg{str: str{strings.ReplaceAll(a.s, mark, item.s), a.t | item.t}, glob: a.glob, multi: item.multi && a.s == mark}
		}
	}
	return out
}

// parallelHook is GNU parallel: a command, then ::: and arguments; without those the input gives them.
func parallelHook(c *call, u *use) {
	if u.has("--dry-run", "--dryrun") {
		c.tier, c.rule, c.why = Observe, "parallel --dry-run", "only shows what it would do"
		return
	}
	args := u.operands
	cut := len(args)
	for i, a := range args {
		if strings.HasPrefix(a.s, ":::") {
			cut = i
			break
		}
	}
	command := args[:cut:cut]
	var items []arg
	switch {
	case cut < len(args):
		items = args[cut+1:]
	case len(command) == 0 && c.fed: // each line of the input is a command
		for _, line := range strings.Split(c.stdin.s, "\n") {
			items = append(items, arg{str: str{line, c.stdin.t}})
		}
	default:
		items = c.inputWords(u)
	}
	if cut < len(args) && strings.HasPrefix(args[cut].s, "::::") { // the arguments are in files
		items = []arg{{str: str{unk, fromData}}}
	}
	if u.has("--pipe", "--pipepart", "--spreadstdin") {
		c.command(command)
		return
	}
	if len(command) == 0 {
		for _, item := range items {
			c.feed(item.str)
		}
		return
	}
	text := join(command)
	if marks := strings.NewReplacer("{}", `"$_item"`, "{.}", `"$_item"`, "{/}", `"$_item"`, "{//}", `"$_item"`, "{/.}", `"$_item"`, "{1}", `"$_item"`, "{2}", `"$_item"`); strings.Contains(text.s, "{") {
		text.s = marks.Replace(text.s)
	} else {
		text.s += ` "$_item"`
	}
	for _, item := range items {
		c.queue(Reread, func() str {
			inner := c.sc.fork()
			inner.setText("_item", item.str) // it is quoted, but may be the whole command
			if strings.HasPrefix(text.s, `"$_item"`) {
				c.m.shell(str{strings.Replace(text.s, `"$_item"`, item.s, 1), text.t | item.t}, inner)
			}
			return c.m.shell(text, inner)
		})
	}
}

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

// sshHook runs a command on another machine: its text is joined and read by a shell there.
func sshHook(c *call, u *use) {
	for _, o := range u.options {
		if o.name == "-o" && o.has {
			c.sshOption(o.arg)
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

// atHook runs what it is given on its input, later.
func atHook(c *call, u *use) {
	if u.has("-l", "-q", "-V") && !c.fed || u.has("-c") {
		return
	}
	if u.has("-r", "-d") {
		c.rate(Stateful, "at", "removes jobs that wait")
		return
	}
	c.rate(Stateful, "at", "runs commands later")
	if c.fed {
		c.feedLater(c.stdin)
	}
	if o, ok := u.option("-f"); ok && o.has {
		c.script(o.arg)
	}
}

func (c *call) feedLater(text str) {
	if text.known() {
		c.shellText(text)
		return
	}
	c.feed(text)
}

func watchHook(c *call, u *use) {
	if u.has("-x", "--exec") {
		c.command(u.operands)
		return
	}
	c.shellText(join(u.operands))
}

// tmuxHook reads the commands that tmux runs: new-session 'text', send-keys text Enter, run-shell text.
func tmuxHook(c *call, u *use) {
	if len(u.operands) == 0 {
		return
	}
	text := lit("")
	for _, a := range u.operands {
		if a.s == "Enter" || a.s == "C-m" {
			text = text.add(lit("\n"))
			continue
		}
		if len(u.operands) > 1 && len(u.words) > 0 && strings.HasPrefix(u.words[0], "send") {
			text = text.add(a.str)
			continue
		}
		text = text.add(a.str).add(lit(" "))
	}
	c.shellText(text)
}

// tmuxAnyHook: commands of tmux may follow ";", stand inside others, or be the text of -c.
func tmuxAnyHook(c *call, u *use) {
	runs := false
	for _, a := range c.args[1:] {
		if runs && a.known() && len(a.s) > 2 {
			text := a.s
			if first, rest, ok := strings.Cut(text, " "); ok && tmuxRuns[first] {
				text = rest
			}
			sub := c.m.probe(func(p *machine) { p.shell(lit(text), c.sc.fork()) })
			if sub.tier == Irreversible {
				c.rate(Irreversible, "tmux", "it may run “"+text+"”: "+worstOf(sub))
			}
		}
		runs = runs || tmuxRuns[a.s] || a.s == "-c"
	}
	for _, a := range c.args[1:] { // a format runs what stands in #(…)
		if _, text, ok := strings.Cut(a.s, "#("); ok {
			text, _, _ = strings.Cut(text, ")")
			c.shellText(str{text, a.t})
		}
	}
	if len(u.words) > 0 && tmuxRuns[u.words[0]] {
		tmuxHook(c, u)
	}
}

var tmuxRuns = setOf("new new-session neww new-window split-window splitw respawn-pane respawnp respawn-window respawnw run-shell run if-shell if pipe-pane pipep send-keys send popup display-popup bind bind-key set-hook confirm-before command-prompt")

func screenHook(c *call, u *use) {
	if o, ok := u.option("-X"); ok {
		if o.has && (o.arg.s == "stuff" || o.arg.s == "exec") {
			c.shellText(str{strings.NewReplacer("^M", "\n", `\n`, "\n").Replace(join(u.operands).s), 0})
		}
		return
	}
	if len(u.operands) > 0 {
		c.command(u.operands)
	}
}

// crontabHook: a file or the input becomes the table of jobs.
func crontabHook(c *call, u *use) {
	if u.has("-l") {
		return
	}
	if u.has("-r") {
		c.rate(Irreversible, "crontab -r", "removes every job without asking")
		return
	}
	c.rate(Stateful, "crontab", "changes what runs by itself")
	content := c.stdin
	if len(u.operands) > 0 && u.operands[0].s == "/dev/null" {
		c.rate(Irreversible, "crontab", "replaces every job with nothing")
		return
	}
	if len(u.operands) > 0 && u.operands[0].s != "-" {
		content = c.m.content(u.operands[0], c.sc)
	} else if !c.fed {
		return
	}
	if strings.TrimSpace(content.s) == "" && c.fed {
		c.rate(Irreversible, "crontab", "replaces every job with nothing")
	}
	if content.tainted(fromNet) {
		c.rate(Irreversible, "remote-code", "schedules code fetched from the network")
	}
	c.queue(Reread, func() str { c.m.scheduled(content, c.sc); return lit("") })
}
