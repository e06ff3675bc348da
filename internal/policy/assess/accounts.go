package assess

import "strings"

func init() {
	hooks["account"] = accountHook
	hooks["killName"] = killNameHook
	hooks["supervise"] = superviseHook
}

// accountHook: locking root out is not like locking another account.
func accountHook(c *call, u *use) {
	if c.tier < Stateful {
		return
	}
	root := false
	for _, a := range u.operands {
		root = root || a.s == "root"
	}
	if !root {
		return
	}
	locks := u.has("-L", "--lock", "-e", "--expiredate", "--expire", "-E")
	if base(c.args[0].s) == "passwd" {
		locks = locks || u.has("-l")
	}
	if o, ok := u.option("-s", "--shell"); ok {
		locks = locks || !o.arg.known() || !loginShell(o.arg.s)
	}
	if locks {
		c.rate(Irreversible, base(c.args[0].s), "locks root out")
	}
}

// loginShell reports whether somebody can work in a shell.
func loginShell(p string) bool {
	g := lookup(base(p))
	return g != nil && g.attrs["hook"] == "shell" && (trustedDir(p) || strings.HasPrefix(p, "/usr/local/"))
}

// killNameHook: killing what remote access, logging or everything depends on.
func killNameHook(c *call, u *use) {
	if c.tier < Stateful {
		return
	}
	if u.has("--signal", "-s") || strings.Contains(join(c.args).s, "HUP") { // a hang-up makes servers read their settings
		if o, ok := u.option("--signal", "-s"); !ok || strings.Contains(o.arg.s, "HUP") || o.arg.s == "1" {
			return
		}
	}
	if o, ok := u.option("-u", "-U", "--euid", "--uid", "--user"); ok && len(u.operands) == 0 && (o.arg.s == "root" || o.arg.s == "0") {
		c.rate(Irreversible, base(c.args[0].s), "ends everything that root runs")
	}
	for _, a := range u.operands {
		name := strings.Trim(a.s, "^$")
		switch {
		case name == "systemd", name == "init", keepsAlive(name) && name != "default" && name != "basic":
			c.rate(Irreversible, base(c.args[0].s), "ends "+a.show()+", on which access or the audit depends")
		case a.known() && strings.Trim(a.s, ".*^$+?") == "":
			c.rate(Irreversible, base(c.args[0].s), "ends every process")
		}
	}
}

// superviseHook: supervisors name the action first: sv down sshd, s6-svc -d /service/sshd.
func superviseHook(c *call, u *use) {
	stops := u.has("-d")
	for _, w := range u.words {
		switch w {
		case "stop", "down", "exit", "force-stop", "force-shutdown", "remove", "delete", "unmonitor", "kill", "d":
			stops = true
		}
	}
	for _, a := range append(words(u.words...), u.operands...) {
		if stops && keepsAlive(base(a.s)) {
			c.rate(Irreversible, base(c.args[0].s), "stops "+a.show()+", on which access or the audit depends")
		}
	}
}
