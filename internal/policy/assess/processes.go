package assess

import "strings"

func init() {
	hooks["kill"] = killHook
	hooks["killName"] = killNameHook
	hooks["pidQuery"] = pidQueryHook
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

func killHook(c *call, u *use) {
	args := c.args[1:]
	if len(args) > 0 && (args[0].s == "-l" || args[0].s == "-L" || args[0].s == "--list" || args[0].s == "--table" || args[0].s == "--help" || args[0].s == "--version") {
		c.tier, c.rule, c.why = Observe, "kill -l", "lists signals"
		return
	}
	signal := ""
	for i, a := range args {
		switch {
		case a.s == "-0" || (a.s == "-s" || a.s == "-n") && i+1 < len(args) && args[i+1].s == "0":
			signal = "0"
		case (a.s == "-1" || a.s == "0" && i > 0 && args[i-1].s != "-s" && args[i-1].s != "-n") && i > 0:
			c.rate(Irreversible, "kill", "signals every process")
		case a.s == "1" && i >= 0 && (i == 0 || args[i-1].s != "-s" && args[i-1].s != "-n"):
			c.rate(Irreversible, "kill", "signals the first process of the system")
			if i > 0 && (args[i-1].s == "-HUP" || args[i-1].s == "-1" || args[i-1].s == "-SIGHUP") {
				c.tier = Stateful
			}
		}
	}
	if signal == "0" && (c.tier <= Stateful || len(operandsOf(c.args)) == len(args)-1) { // no signal beside it
		c.tier, c.rule, c.why = Observe, "kill -0", "asks whether a process lives"
	}
}

// pidQueryHook is for tools that show a process's setting unless they are given one.
func pidQueryHook(c *call, u *use) {
	if !u.has("-p", "--pid") {
		return
	}
	sets := len(u.operands) > 1 // the setting, then the process
	switch base(c.args[0].s) {
	case "prlimit":
		sets = len(u.options) > 1
	case "ionice":
		sets = u.has("-c", "--class", "-n", "--classdata")
	}
	if !sets {
		c.tier, c.rule, c.why = Observe, base(c.args[0].s), "shows a setting of a process"
		c.runs = nil
	}
}
