package assess

import "strings"

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
		c.out = &str{unk, fromFiles | fromData}
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
	if content.s == unk && content.tainted(fromFiles|ofFile) { // what crontab -l printed, filtered
		return
	}
	c.queue(Reread, func() str { c.m.scheduled(content, c.sc); return lit("") })
}
