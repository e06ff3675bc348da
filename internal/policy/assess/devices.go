package assess

import (
	"slices"
	"strings"
)

func init() {
	hooks["dd"] = ddHook
	hooks["fifo"] = fifoHook
}

// fifoHook remembers pipes with names: what is read from them may come from anybody.
func fifoHook(c *call, u *use) {
	for _, a := range u.operands {
		c.m.pipes[absolute(a.s, c.sc)] = true
	}
}

func ddHook(c *call, u *use) {
	in := str{unk, fromData}
	if o, ok := u.option("if="); ok {
		c.reads(o.arg)
		in = c.m.content(o.arg, c.sc)
	} else if c.fed {
		in = c.stdin
	}
	if in.known() && in.s != "" && slices.ContainsFunc(u.options, func(o given) bool { return ddPicks[o.name] }) {
		in = str{unk, in.t | fromPieces}
	}
	if o, ok := u.option("of="); ok {
		c.effect(writes, o.arg, "dd of=")
		c.m.wrote(o.arg, in, strings.Contains(join(c.args).s, "append"), c.sc)
		return
	}
	c.out = &in
}

// ddPicks are the operands with which dd passes on a part of its input, or changes it.
var ddPicks = setOf("skip= iseek= count= bs= ibs= cbs= conv= seek= oseek=")
