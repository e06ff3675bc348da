package assess

import "strings"

// maxWeighed bounds the words of a call that are weighed as commands.
const maxWeighed = 12

// weighWords raises a call that changes something, or may be anything, to what its words would do as commands. The tables
// cannot know every program and option that runs one; that a text which destroys things stands there as data of such a call is
// rarer than that it is run.
func (c *call) weighWords() {
	if c.tier != Stateful || len(c.args) < 2 || c.weighed || c.rule == "script" && c.fed {
		return
	}
	c.weighed = true
	name := base(c.args[0].s)
	for i, a := range c.args[1:min(len(c.args), maxWeighed+1)] {
		if c.tier == Irreversible {
			return
		}
		text := a
		if strings.HasPrefix(a.s, "-") {
			_, v, ok := strings.Cut(a.s, "=")
			if !ok {
				continue
			}
			text.s = v
		}
		if tier, why := c.weigh(text); tier == Irreversible {
			c.rate(Irreversible, "unknown", "it may run “"+text.show()+"”: "+why)
		} else if rest := c.args[1+i:]; len(rest) > 1 && strings.HasPrefix(rest[1].s, "-") && base(a.s) != name && lookup(base(a.s)) != nil && !strings.HasPrefix(a.s, "-") {
			c.guess(rest)
		}
	}
}

// weigh says how bad a word is if it is run as shell text. Words without a blank are names of things.
func (c *call) weigh(a arg) (Tier, string) {
	if !strings.ContainsAny(a.s, " \t\n;&|`") || len(a.s) > 4096 || c.m.depth > maxDepth/2 || c.m.steps > maxSteps/2 {
		return Observe, ""
	}
	first, _, _ := strings.Cut(strings.TrimLeft(a.s, "!:;&| \t\n"), " ")
	if lookup(base(first)) == nil {
		return Observe, ""
	}
	sub := c.m.probe(func(p *machine) { p.shell(a.str, c.sc.fork()) })
	return sub.tier, worstOf(sub)
}
