package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["rsync"] = rsyncHook
	hooks["scp"] = scpHook
}

var remotePath = lazyregexp.New(`^(\[[^\]/]+\]|[^/:@ ]+@[^/: ]+|[^/:@ ]+)::?|^(rsync|sftp|scp)://`)

func isRemote(a arg) bool {
	return remotePath.MatchString(a.s) && !strings.HasPrefix(a.s, home) && !(len(a.s) > 1 && a.s[1] == ':' && strings.Contains(a.s, `\`))
}

// scpHook: what goes to another machine, or comes from it.
func scpHook(c *call, u *use) {
	for _, o := range u.options {
		if o.name == "-o" && o.has {
			c.sshOption(o.arg)
		}
	}
	if u.has("-t", "-f") {
		c.serves(u.has("-t"), u.operands)
		return
	}
	if len(u.operands) < 2 {
		return
	}
	from, to := u.operands[:len(u.operands)-1], u.operands[len(u.operands)-1]
	fetched := false
	for _, f := range from {
		if isRemote(f) {
			fetched = true
			continue
		}
		c.reads(f)
	}
	if isRemote(to) {
		c.remoteWrite(to, "scp")
		return
	}
	c.sends = false
	c.copyInto(to, from, "scp")
	c.rate(Reversible, "scp", "copies files here")
	if fetched && to.known() {
		for _, f := range from {
			c.m.files[absolute(strings.TrimSuffix(to.s, "/")+"/"+base(f.s), c.sc)] = str{unk, fromNet}
		}
	}
}

// remoteWrite rates a file or directory of another machine that is written: its name means there what it means here.
func (c *call) remoteWrite(to arg, rule string) {
	c.rate(Stateful, rule, "writes files on another machine")
	at := remotePath.FindStringIndex(to.s)
	if strings.Contains(to.s, "://") || at == nil || at[1] >= len(to.s) || strings.HasSuffix(to.s, "/") {
		return
	}
	there := arg{str: str{tildePath(to.s[at[1]:]), to.t}}
	switch where, _ := locate(there, newScope()); where {
	case vital, program, device, startup:
		tier, why := pathEffect(writes, there, newScope())
		c.rate(tier, rule, "on another machine: "+why)
	}
}

// serves is the far end of scp and rsync: it takes files of any name, or gives them.
func (c *call) serves(takes bool, paths []arg) {
	c.sends = false // to the one who asked
	for _, p := range paths {
		if !takes {
			c.reads(p)
			continue
		}
		c.effect(writes, p, base(c.args[0].s))
		tier, why := pathEffect(writes, arg{str: str{strings.TrimSuffix(p.s, "/") + "/" + unk, p.t}}, c.sc)
		c.rate(max(tier, Reversible), base(c.args[0].s), why)
	}
}

// rsyncHook: as scp, and --delete removes what the source does not have.
func rsyncHook(c *call, u *use) {
	if u.has("--server") {
		paths := u.operands
		if len(paths) > 0 && paths[0].s == "." {
			paths = paths[1:]
		}
		c.serves(!u.has("--sender"), paths)
		for _, o := range u.options {
			if strings.HasPrefix(o.name, "--del") || o.name == "--remove-source-files" {
				c.rate(Irreversible, "rsync "+o.name, "removes files")
			}
		}
		return
	}
	if u.has("-n", "--dry-run", "--list-only") || len(u.operands) == 1 {
		c.rsyncPrograms(u)
		return
	}
	c.rsyncPrograms(u)
	if len(u.operands) < 2 {
		return
	}
	from, to := u.operands[:len(u.operands)-1], u.operands[len(u.operands)-1]
	for _, f := range from {
		if !isRemote(f) {
			c.reads(f)
		}
	}
	remote := isRemote(to)
	if remote {
		c.remoteWrite(to, "rsync")
	} else {
		c.sends = false
		c.copyInto(to, from, "rsync")
		c.rate(Reversible, "rsync", "copies files here")
	}
	deletes := false
	for _, o := range u.options {
		if strings.HasPrefix(o.name, "--del") {
			deletes = true
		}
		if o.name == "--remove-source-files" {
			c.rate(Stateful, "rsync --remove-source-files", "removes the files it has copied")
			for _, f := range from {
				if at, _ := locate(f, c.sc); at != work && at != temp && at != personal && !isRemote(f) {
					c.rate(Irreversible, "rsync --remove-source-files", "removes "+f.show())
				}
			}
		}
	}
	if !deletes {
		return
	}
	at, exact := locate(to, c.sc)
	if remote || at != work && at != temp || !exact {
		c.rate(Irreversible, "rsync --delete", "removes what the source does not have from "+to.show())
	} else {
		c.rate(Stateful, "rsync --delete", "removes what the source does not have from "+to.show())
	}
}

// rsyncPrograms: -e names what connects, --rsync-path what runs there.
func (c *call) rsyncPrograms(u *use) {
	for _, o := range u.options {
		switch o.name {
		case "-e", "--rsh":
			c.program(o.arg, "rsync -e")
		case "--rsync-path":
			if o.arg.s != "rsync" && o.arg.s != "/usr/bin/rsync" {
				c.rate(Stateful, "rsync --rsync-path", "runs another program there")
				if o.arg.s == "sudo rsync" {
					continue
				}
				c.shellText(o.arg.str)
			}
		}
	}
}
