package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["routing"] = routingHook
	hooks["restoreRules"] = restoreRulesHook
	hooks["sshfs"] = sshfsHook
	hooks["hg"] = hgHook
}

// routingLoss are commands of routing daemons that drop sessions, routes or the configuration.
var routingLoss = lazyregexp.New(`^(no (router|ip route|ipv6 route|neighbor|interface|bgp|ospf|route-map|ip prefix-list)|clear |write erase|erase |reload|shutdown|disable|down$|restart|delete )`)

// routingHook reads the commands of vtysh -c and birdc.
func routingHook(c *call, u *use) {
	var texts []string
	for _, o := range u.options {
		if o.name == "-c" && o.has {
			texts = append(texts, o.arg.s)
		}
	}
	if len(u.operands) > 0 {
		texts = append(texts, join(u.operands).s)
	}
	if c.fed {
		texts = append(texts, strings.Split(c.stdin.s, "\n")...)
	}
	if len(texts) == 0 {
		c.rate(Stateful, "routing", "an interactive client")
	}
	for _, t := range texts {
		t = strings.ToLower(strings.TrimSpace(t))
		switch first, _, _ := strings.Cut(t, " "); {
		case t == "":
		case first == "show" || first == "sh" || first == "ping" || first == "traceroute" || first == "list" || first == "find" || first == "do" || first == "eval" || first == "dump" || first == "exit" || first == "quit":
			c.rate(Observe, "routing", "shows settings")
		case routingLoss.MatchString(t):
			c.rate(Irreversible, "routing", "drops routes, sessions or settings: "+t)
		default:
			c.rate(Stateful, "routing", "changes the routing: "+t)
		}
	}
}

// restoreRulesHook: what the rules are replaced with, if it can be seen.
func restoreRulesHook(c *call, u *use) {
	content := c.stdin
	if len(u.operands) > 0 {
		content = c.m.content(u.operands[0], c.sc)
	} else if !c.fed {
		return
	}
	if content.known() && c.tier > Observe && (!strings.Contains(content.s, "-A ") && !u.has("-n") || strings.Contains(content.s, ":INPUT DROP")) {
		c.rate(Irreversible, "iptables-restore", "replaces every rule with nothing, or with one that lets nobody in")
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

// hgRuns are the settings of Mercurial and Subversion that name programs.
var hgRuns = lazyregexp.New(`(?i)^((config:)?(alias|hooks|pager|extdiff|merge-tools|diff-tools|merge-patterns|tunnels|fsmonitor|committemplate-cmd)[.:]|ui\.(ssh|editor|merge|pager)$|(servers|config):helpers:|extdiff\.cmd)`)

// hgHook reads settings given on the command line: many of them name commands, as git's do.
func hgHook(c *call, u *use) {
	for _, o := range u.options {
		if !o.has {
			continue
		}
		switch o.name {
		case "-e", "--ssh", "--remotecmd":
			c.program(o.arg, base(c.args[0].s)+" "+o.name)
		case "--config", "--config-option":
			name, v, ok := strings.Cut(o.arg.s, "=")
			switch {
			case !ok || v == "":
			case strings.HasPrefix(name, "extensions.") && strings.Contains(v, "/"):
				c.rate(Irreversible, "hg --config", "loads code: "+v)
			case hgRuns.MatchString(name):
				c.program(arg{str: str{strings.TrimPrefix(v, "!"), o.arg.t}}, "hg --config "+name)
			}
		}
	}
}
