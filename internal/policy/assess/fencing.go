package assess

func init() {
	hooks["fence"] = fenceHook
	hooks["tmpwatch"] = tmpwatchHook
}

// fenceHook is the agents of a cluster that cut a machine's power: without an action they restart it.
func fenceHook(c *call, u *use) {
	action := "reboot"
	if o, ok := u.option("-o", "--action"); ok && o.has {
		action = o.arg.s
	}
	switch action {
	case "status", "monitor", "list", "list-status", "metadata", "validate-all", "manpage":
	case "on":
		c.rate(Stateful, "fence", "turns a machine on")
	default:
		if !u.has("-h", "-V", "--help", "--version") {
			c.rate(Irreversible, "fence", "cuts a machine off: "+action)
		}
	}
}

// tmpwatchHook: AGE DIRECTORY…, from which every file as old as that is removed.
func tmpwatchHook(c *call, u *use) {
	if c.tier == Observe || len(u.operands) < 2 {
		return
	}
	find := append(words("find"), u.operands[1:]...)
	c.command(append(find, words("-mtime", "+1", "-delete")...))
}
