package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["iptables"] = iptablesHook
	hooks["firewalld"] = firewalldHook
	hooks["nft"] = nftHook
	hooks["restoreRules"] = restoreRulesHook
}

func iptablesHook(c *call, u *use) {
	args := c.args[1:]
	for i, a := range args {
		next := ""
		if i+1 < len(args) {
			next = args[i+1].s
		}
		switch a.s {
		case "-L", "-S", "-C", "--list", "--list-rules", "--check", "-h", "--help", "-V", "--version", "-nL", "-vL", "-nvL", "-vnL", "-Ln", "-Lvn", "-Lnv":
			c.tier, c.rule, c.why = Observe, "iptables", "shows rules"
			return
		case "-F", "--flush", "-X", "--delete-chain":
			c.rate(Irreversible, "iptables "+a.s, "drops rules")
		case "-P", "--policy":
			c.rate(Stateful, "iptables -P", "changes what happens by default")
			if i+2 < len(args) && (args[i+2].s == "DROP" || args[i+2].s == "REJECT") || next == "INPUT" {
				c.rate(Irreversible, "iptables -P", "changes what happens to everything: "+next)
			}
		case "-D", "--delete", "-Z", "--zero", "-E", "-R":
			c.rate(Stateful, "iptables "+a.s, "changes the firewall")
		}
	}
	text := join(args).s
	text = strings.ReplaceAll(text, "-j REJECT", "-j DROP")
	if strings.Contains(text, "-j DROP") && !strings.Contains(text, "-s ") && !strings.Contains(text, "--dport") && !strings.Contains(text, "-d ") && !strings.Contains(text, "--sport") && !strings.Contains(text, "--ctstate") && !strings.Contains(text, "--state") && !strings.Contains(text, "-i ") {
		c.rate(Irreversible, "iptables", "drops everything")
	}
	if strings.Contains(text, "-j DROP") && (strings.Contains(text, "--dport 22 ") || strings.HasSuffix(text, "--dport 22") || strings.Contains(text, "--dport ssh")) {
		c.rate(Irreversible, "iptables", "cuts off remote access")
	}
	if hasAny(text, "-D INPUT ", "--delete INPUT ") && strings.Contains(text, "-j ACCEPT") && hasAny(text+" ", "--dport 22 ", "--dport ssh ") {
		c.rate(Irreversible, "iptables", "takes away what lets remote access in")
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

// nftHook reads a command written as one word or many, or a file of them.
// firewalldHook: a zone that drops everything as the default cuts the machine off.
func firewalldHook(c *call, u *use) {
	if o, ok := u.option("--set-default-zone"); ok && (o.arg.s == "drop" || o.arg.s == "block") {
		c.rate(Irreversible, "firewall-cmd", "drops everything by default")
	}
}

func nftHook(c *call, u *use) {
	if o, ok := u.option("-f", "--file"); ok {
		if u.has("-c", "--check") {
			return
		}
		c.rate(Stateful, "nft -f", "loads rules")
		content := c.m.content(o.arg, c.sc)
		if c.fed && (o.arg.s == "-" || o.arg.s == "/dev/stdin") {
			content = c.stdin
		}
		if content.known() && strings.Count(content.s, "\n") < 3 { // a longer file drops the rules to load others
			c.nftText(content.s)
		}
		return
	}
	c.nftText(join(u.operands).s)
}

// nftCut is a rule without a condition, or with ssh's port, that drops what comes in or is passed on.
var nftCut = lazyregexp.New(`\brule\b.*\b(input|forward|prerouting|INPUT|FORWARD)\s+(counter\s+)?((tcp\s+)?dport\s+(22|ssh)\s+)?(counter\s+)?(drop|reject)\b`)

func (c *call) nftText(all string) {
	text := strings.Fields(strings.NewReplacer(";", " ; ", "\n", " ; ").Replace(all))
	start := true
	for i, w := range text {
		if w == ";" {
			start = true
			continue
		}
		if !start {
			continue
		}
		start = false
		second := ""
		if i+1 < len(text) {
			second = text[i+1]
		}
		switch w {
		case "list", "describe", "get", "monitor":
			c.rate(Observe, "nft", "shows rules")
		case "flush", "destroy":
			c.rate(Irreversible, "nft", w+" "+second)
		case "delete":
			if second == "rule" || second == "element" {
				c.rate(Stateful, "nft", "removes a "+second)
			} else {
				c.rate(Irreversible, "nft", "removes a "+second)
			}
		default:
			c.rate(Stateful, "nft", "changes the firewall")
			if strings.Contains(all, "policy drop") {
				c.rate(Irreversible, "nft", "drops everything by default")
			}
			if nftCut.MatchString(all) {
				c.rate(Irreversible, "nft", "drops everything, or what people log in through")
			}
		}
	}
}
