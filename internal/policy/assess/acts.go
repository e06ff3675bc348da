package assess

import (
	"path"
	"strings"
)

// effect rates what happens to one word.
func (c *call) effect(kind effect, a arg, rule string) {
	if kind != signsIn {
		c.secret = c.secret || c.gives(a, !c.sends)
	}
	switch kind {
	case plain, looksAt, names, signsIn:
	case readsPath:
		c.reads(a)
	case changesDirectory:
		c.sc = c.sc.fork()
		c.sc.dir = lit(absolute(a.s, c.sc))
	case runsCommand, runsJoined, runsShell:
		c.shellText(a.str)
	case runsProgram:
		c.program(a, rule)
	case runsScript:
		c.script(a)
	case loads:
		if !a.known() || !installedLibrary(absolute(a.s, c.sc)) {
			c.rate(Irreversible, rule, "loads code: "+a.show())
			c.loaded = true
		}
	case sql:
		c.sql(a.str)
	default:
		if strings.HasPrefix(a.s, "/dev/fd/63-") {
			return
		}
		if kind != removes && kind != removesAll || strings.HasSuffix(a.s, "/") || strings.Contains(a.s, "/") {
			a = c.m.followed(a, c.sc)
		}
		tier, why := pathEffect(kind, a, c.sc)
		c.rate(tier, rule, why)
		if kind != perms && kind != permsAll {
			c.m.touched(absolute(a.s, c.sc), kind)
		}
	}
}

// installedLibrary tells a library where the system keeps them, into which nobody but root writes: it is as good as an installed program.
func installedLibrary(p string) bool {
	for _, dir := range []string{"/usr/lib/", "/usr/lib64/", "/lib/", "/lib64/", "/usr/libexec/"} {
		if strings.HasPrefix(p, dir) {
			return true
		}
	}
	return false
}

// touched forgets what a file held. What was made of a text that stands in the command itself stays a text in disguise.
func (m *machine) touched(p string, kind effect) {
	if old, ok := m.files[p]; ok && kind == modifies && old.s != "" && (old.known() || old.tainted(fromPieces|fromNet)) {
		m.files[p] = str{unk, old.t | fromPieces}
		return
	}
	delete(m.files, p)
}

func (c *call) reads(a arg) {
	p := absolute(a.s, c.sc)
	if sensitivePath(p) || a.tainted(ofSecrets) {
		c.secret, c.m.sensitive = true, true
	}
	if content, ok := c.m.files[p]; ok {
		c.secret = c.secret || content.tainted(anySecret)
	}
	if path.Base(p) == ".ssh" || path.Base(p) == ".aws" || path.Base(p) == ".gnupg" {
		c.secret = true
	}
}

// program follows text that names a program which a tool runs unseen: what the tables know counts as it is, the rest could be
// anything.
func (c *call) program(a arg, rule string) {
	sub := c.m.probe(func(p *machine) { p.shell(a.str, c.sc.fork()) })
	c.rate(max(sub.tier, Observe), rule, "runs the program "+a.show())
	for _, r := range sub.reasons {
		if r.Rule == "unknown" || r.Rule == "script" || r.Rule == "parse" {
			c.rate(Irreversible, rule, "runs a program that is not known: "+a.show())
		}
	}
	c.m.sensitive = c.m.sensitive || sub.sensitive
}

// script runs a file of code: what the text wrote is read, anything else cannot be seen.
func (c *call) script(a arg) {
	p := absolute(a.s, c.sc)
	if content, ok := c.m.files[p]; ok {
		c.written(content, nil, false)
		return
	}
	if c.fed && isStdin(p) {
		c.feed(c.stdin)
		return
	}
	c.rate(Stateful, "script", "runs the script "+a.show()+", which cannot be seen from here")
	c.unknownVerbs("/" + a.s)
}

// feed runs what comes on the input as shell text.
func (c *call) feed(text str) {
	switch {
	case text.tainted(fromNet):
		c.rate(Irreversible, "remote-code", "runs code fetched from the network")
	case text.s == unk && text.tainted(ofFile):
		c.rate(Stateful, "script", "runs a file, which cannot be seen from here")
	case text.s == unk || !text.known() && text.tainted(fromData):
		c.rate(Irreversible, "piped-code", "runs data as code")
		if text.s != unk {
			c.shellText(text)
		}
	default:
		c.rate(Observe, "shell", "a shell that reads its input")
		c.queue(Reread, func() str {
			return c.m.shell(text, c.sc.fork())
		})
	}
}
