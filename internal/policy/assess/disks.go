package assess

import "strings"

func init() {
	hooks["parted"] = partedHook
	hooks["sshfs"] = sshfsHook
	hooks["wipefs"] = wipefsHook
}

func partedHook(c *call, u *use) {
	if u.has("-l", "--list") {
		c.tier, c.rule, c.why = Observe, "parted -l", "lists partitions"
		return
	}
	ops := u.operands
	if len(ops) > 1 {
		switch ops[1].s {
		case "print", "p", "unit", "u", "help", "align-check":
			c.tier, c.rule, c.why = Observe, "parted print", "lists partitions"
			for _, a := range ops[2:] {
				if hasAny(a.s, "rm", "mk", "resize", "rescue", "set", "toggle", "name", "disk") {
					c.rate(Irreversible, "parted", "changes a partition table")
				}
			}
		case "name", "set", "toggle", "disk_set", "disk_toggle":
			c.rate(Stateful, "parted", "changes a flag of a partition")
		default:
			at, exact := locate(ops[0], c.sc)
			if (at == work || at == temp) && exact {
				c.rate(Stateful, "parted", "changes the partition table of an image")
				return
			}
			c.rate(Irreversible, "parted", "changes a partition table")
		}
	}
}

func wipefsHook(c *call, u *use) {
	if c.tier == Irreversible && len(u.operands) > 0 {
		images := true
		for _, a := range u.operands {
			at, exact := locate(a, c.sc)
			images = images && (at == work || at == temp) && exact
		}
		if images {
			c.tier = Stateful
		}
	}
}

// sshfsHook: -o takes options of ssh too.
func sshfsHook(c *call, u *use) {
	for _, o := range u.options {
		if o.name != "-o" || !o.has {
			continue
		}
		for _, one := range strings.Split(o.arg.s, ",") {
			if name, v, _ := strings.Cut(one, "="); name == "ssh_command" || name == "directport" {
				c.program(arg{str: str{v, o.arg.t}}, "sshfs -o ssh_command")
			} else {
				c.sshOption(arg{str: str{one, o.arg.t}})
			}
		}
	}
}
