package assess

import "strings"

func init() {
	hooks["account"] = accountHook
	hooks["killName"] = killNameHook
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
	locks := u.has("-L", "--lock", "-e", "--expiredate", "--expire")
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
