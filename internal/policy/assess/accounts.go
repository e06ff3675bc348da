package assess

import "strings"

func init() {
	hooks["account"] = accountHook
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
