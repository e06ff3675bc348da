package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["routing"] = routingHook
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
