package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["nc"] = ncHook
	hooks["socat"] = socatHook
}

// ncHook: connections, and -e or -c that put a program on them.
func ncHook(c *call, u *use) {
	if u.has("-z") && !c.fed {
		c.rate(Observe, "nc -z", "asks whether a port is open")
		return
	}
	for _, o := range u.options {
		switch o.name {
		case "-e", "--exec", "-c", "--sh-exec", "--lua-exec":
			c.rate(Irreversible, "nc "+o.name, "puts a program on a network connection")
		}
	}
	c.rate(Stateful, "nc", "speaks to another machine")
	if c.fed && c.stdin.known() && u.operand(1).s == "6379" { // redis reads such lines
		c.command(words("redis-cli"))
	}
	if c.fed && lineProtocols.MatchString(c.stdin.s) {
		c.rate(Irreversible, "nc", "sends a command that loses what is there")
	}
	c.out = &str{unk, fromNet | fromData}
}

// lineProtocols are commands of servers that anything can be typed to: memcached, Redis, HTTP.
var lineProtocols = lazyregexp.New(`(?im)^\s*(flush_all|flushall|flushdb|shutdown\b|delete\s+/\S*\s+http/)`)

// socatHook: EXEC and SYSTEM addresses run programs.
func socatHook(c *call, u *use) {
	net, runs := false, false
	for _, a := range u.operands {
		kind, rest, _ := strings.Cut(a.s, ":")
		switch k := strings.ToUpper(kind); {
		case k == "EXEC" || k == "SYSTEM" || k == "SHELL":
			runs = true
			text, _, _ := strings.Cut(rest, ",")
			c.shellText(str{strings.Trim(text, `"'`), a.t})
		case strings.HasPrefix(k, "TCP") || strings.HasPrefix(k, "UDP") || strings.HasPrefix(k, "OPENSSL") || strings.HasPrefix(k, "SSL") || strings.HasPrefix(k, "SCTP") || strings.HasPrefix(k, "SOCKS") || strings.HasPrefix(k, "PROXY") || strings.HasPrefix(k, "VSOCK"):
			net = true
		case k == "OPEN" || k == "CREATE" || k == "CREAT" || k == "GOPEN" || k == "FILE":
			f, _, _ := strings.Cut(rest, ",")
			c.reads(word(f))
			c.effect(writes, word(f), "socat")
		}
	}
	c.rate(Stateful, "socat", "joins two channels")
	if net && runs {
		c.rate(Irreversible, "socat", "puts a program on a network connection")
	}
}
