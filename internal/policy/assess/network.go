package assess

import "strings"

func init() {
	hooks["ifconfig"] = ifconfigHook
	hooks["ip"] = ipHook
	hooks["netShow"] = netShowHook
}

func ifconfigHook(c *call, u *use) {
	if len(u.operands) < 2 {
		return
	}
	c.rate(Stateful, "ifconfig", "changes an interface")
	for _, a := range u.operands {
		if a.s == "down" || a.s == "delete" || a.s == "0.0.0.0" || a.s == "destroy" {
			c.rate(Irreversible, "ifconfig", "takes an interface down")
		}
	}
}

// netShowHook: many tools of the network show when they are given only an interface, or words like show and list.
func netShowHook(c *call, u *use) {
	name := base(c.args[0].s)
	text := " " + join(c.args[1:]).s + " "
	switch name {
	case "ethtool", "mii-tool":
		if !hasAny(text, " -s ", " -K ", " -A ", " -C ", " -G ", " -L ", " -E ", " -W ", " -p ", " -r ", " -t ", " -N ", " -U ", " -X ", " -f ", "--change", "--offload", "--set", "--reset", "--flash", " -R ", " -F ", "--features", "--pause ", "--coalesce") {
			c.tier, c.rule, c.why = Observe, name, "shows an interface"
		}
		if hasAny(text, " -E ", "--change-eeprom", " -f ", "--flash ") {
			c.rate(Irreversible, name, "writes the card's own memory")
		}
		return
	case "tc", "devlink", "rdma", "bridge":
		if hasAny(text, " -b ", " -batch ", " -b-", " -force -b") {
			c.rate(Stateful, name+" -batch", "runs a file of commands")
			return
		}
		if len(u.operands) < 2 && len(u.words) == 0 || hasAny(text, " show ", " list ", " ls ", " get ", " monitor ") {
			c.tier, c.rule, c.why = Observe, name, "shows settings"
			return
		}
		if hasAny(text, " add ", " change ", " replace ", " set ", " link ", " flush ") {
			c.tier, c.rule, c.why = Stateful, name, "changes the network"
		}
		if hasAny(text, " del ", " delete ") {
			c.tier, c.rule, c.why = Stateful, name, "changes the network"
		}
		if hasAny(text, " loss 100% ") {
			c.rate(Irreversible, name, "loses every packet")
		}
	case "wg":
		if len(u.operands) == 0 && len(u.words) == 0 || u.operand(0).s == "show" {
			c.tier, c.rule, c.why = Observe, "wg", "shows interfaces"
		}
		if hasAny(text, " private-key ", " preshared-keys ") {
			c.secret = true
		}
		if hasAny(text, " set ") && hasAny(text, " remove ") {
			c.rate(Stateful, "wg", "removes a peer")
		}
	case "pfctl":
		if hasAny(text, " -s ", " -sr ", " -si ", " -sa ", " -ss ", " -sn ", " -vsr ", " -nf ") && !hasAny(text, " -F ", " -f ") {
			c.tier, c.rule, c.why = Observe, "pfctl", "shows rules"
		}
		if hasAny(text, " -F", " -d ") {
			c.rate(Irreversible, "pfctl", "drops rules")
		}
	case "ipfw":
		switch {
		case hasAny(text, " flush ", " disable firewall "):
			c.rate(Irreversible, "ipfw", "drops rules")
		case len(u.operands) == 0, u.operand(0).s == "list", u.operand(0).s == "show":
			c.tier, c.rule, c.why = Observe, "ipfw", "shows rules"
		}
	case "iw", "iwconfig", "lldpcli", "lldpctl", "teamdctl":
		if len(u.operands) < 2 || hasAny(text, "show ", " dump ", " state ", " info ") {
			c.tier, c.rule, c.why = Observe, name, "shows settings"
		}
	}
}

// ipHook: ip OBJECT [COMMAND]; without a command it shows.
func ipHook(c *call, u *use) {
	if o, ok := u.option("-b", "-batch"); ok && o.has {
		c.rate(Stateful, "ip -batch", "runs a file of commands")
	}
	ops := u.operands
	if len(ops) == 0 {
		return
	}
	object, verb := ops[0].s, "show"
	if len(ops) > 1 {
		verb = ops[1].s
	}
	abbreviates := func(full string) bool { return verb != "" && strings.HasPrefix(full, verb) }
	text := " " + join(ops).s + " "
	switch {
	case strings.HasPrefix("netns", object) && verb == "exec":
		c.rate(Observe, "ip netns exec", "runs a command in a network namespace")
		skip := 3
		if u.has("-all", "-a") {
			skip = 2 // in all of them, none is named
		}
		if len(ops) > skip {
			c.command(ops[skip:])
		}
		return
	case strings.HasPrefix("vrf", object) && verb == "exec":
		if len(ops) > 3 {
			c.command(ops[3:])
		}
		return
	case abbreviates("show") || abbreviates("list") || abbreviates("lst") || verb == "get" || verb == "save" || verb == "monitor" || object == "monitor" || verb == "help" || verb == "identify" || verb == "pids" || verb == "list-id" || verb == "count" || strings.HasPrefix("xfrm", object) && (verb == "state" || verb == "policy") && (len(ops) == 2 || ops[2].s == "count" || ops[2].s == "list" || ops[2].s == "get"):
		return
	case strings.HasPrefix("link", object) && strings.Contains(text, " down ") || strings.HasPrefix("link", object) && (abbreviates("delete") || strings.HasPrefix(verb, "del")):
		c.rate(Irreversible, "ip link", "cuts a network link")
	case strings.HasPrefix("netns", object) && (abbreviates("delete") || verb == "del"), strings.HasPrefix("xfrm", object) && hasAny(text, " flush ", " deleteall "):
		c.rate(Irreversible, "ip "+object, "takes the network of what runs there away")
	case verb == "flush":
		c.rate(Irreversible, "ip "+object+" flush", "drops addresses or routes")
		if strings.HasPrefix("neighbour", object) || object == "neighbor" || object == "arp" {
			c.tier = Stateful
		}
	case (strings.HasPrefix("route", object) && object != "r" || object == "r") && (strings.HasPrefix("delete", verb) || verb == "del") && (strings.Contains(text, " default ") || strings.Contains(text, " 0.0.0.0/0 ")):
		c.rate(Irreversible, "ip route", "drops the default route")
	case strings.HasPrefix("address", object) && strings.HasPrefix("delete", verb):
		c.rate(Irreversible, "ip addr del", "takes an address away")
	default:
		c.rate(Stateful, "ip "+object+" "+verb, "changes the network")
	}
}
