package assess

import "strings"

func init() {
	hooks["dockerCp"] = dockerCpHook
	hooks["dockerExec"] = dockerExecHook
	hooks["dockerRemove"] = dockerRemoveHook
	hooks["dockerRun"] = dockerRunHook
	hooks["guestExec"] = guestExecHook
}

// inside queues a command that runs in a container or guest: another file system, known paths all the same.
func (c *call) inside(args []arg) {
	if len(args) == 0 {
		return
	}
	c.queue(Peeled, func() str {
		inner := newScope()
		inner.stdin, inner.fed = c.stdin, c.fed
		child := &call{m: c.m, sc: inner, args: args, text: showAll(args), stdin: c.stdin, fed: c.fed}
		return child.run()
	})
}

// dockerExecHook: CONTAINER COMMAND…
func dockerExecHook(c *call, u *use) {
	if u.has("-l", "--latest") && base(c.args[0].s) == "podman" { // podman's newest container needs no name
		c.inside(u.operands)
		return
	}
	if len(u.operands) < 2 {
		c.rate(Stateful, "exec", "a shell in a container")
		return
	}
	c.inside(u.operands[1:])
}

// dockerRemoveHook: with -f, and names that nobody has seen, whatever runs here goes.
func dockerRemoveHook(c *call, u *use) {
	for _, a := range u.operands {
		if a.multi && u.has("-f", "--force") {
			c.rate(Irreversible, "docker rm -f", "removes containers that are not known, even if they run")
		}
	}
}

// dockerRunHook: IMAGE COMMAND…, and what of the host the container gets.
func dockerRunHook(c *call, u *use) {
	hostFiles := false
	for _, o := range u.options {
		switch o.name {
		case "-v", "--volume", "--mount":
			src := o.arg.s
			if o.name == "--mount" {
				for _, kv := range strings.Split(o.arg.s, ",") {
					if v, ok := strings.CutPrefix(kv, "source="); ok {
						src = v
					} else if v, ok := strings.CutPrefix(kv, "src="); ok {
						src = v
					}
				}
			}
			src, rest, _ := strings.Cut(src, ":")
			if dst, _, _ := strings.Cut(rest, ":"); strings.HasPrefix(src, "/") && strings.HasPrefix(dst, "/") && !strings.HasSuffix(rest, ":ro") {
				c.m.links[strings.TrimSuffix(dst, "/")] = strings.TrimSuffix(src, "/") // what is written there is written here
			}
			if src == "/" || strings.HasSuffix(src, "docker.sock") || src == "/etc" || src == "/root" || src == "/var/run" {
				if !strings.HasSuffix(rest, ":ro") || strings.HasSuffix(src, ".sock") {
					c.rate(Stateful, "docker run -v", "gives the container the host's "+src)
				}
				hostFiles = true
			}
		}
	}
	if len(u.operands) < 2 {
		return
	}
	command := u.operands[1:]
	if o, ok := u.option("--entrypoint"); ok && o.has {
		command = append([]arg{o.arg}, command...)
	}
	if u.has("--privileged") || hostFiles {
		c.rate(Stateful, "docker run", "a container that can reach the host")
	}
	c.inside(command)
}

func dockerCpHook(c *call, u *use) {
	if len(u.operands) < 2 {
		return
	}
	to := u.operands[len(u.operands)-1]
	if isRemote(to) {
		c.rate(Stateful, "cp", "writes files in a container")
		return
	}
	if to.s != "-" {
		c.copyInto(to, u.operands[:1], "cp")
		c.rate(Reversible, "cp", "copies files here")
	}
}

// guestExecHook: exec NAME -- COMMAND…, or exec -- COMMAND… where there is only one guest.
func guestExecHook(c *call, u *use) {
	ops := u.operands
	for i := 2; i+1 < len(c.args); i++ {
		if c.args[i].s == "--" && execVerbs[c.args[i-1].s] {
			c.inside(c.args[i+1:])
			return
		}
	}
	if len(ops) > 1 && ops[1].s == "--" {
		ops = append(ops[:1:1], ops[2:]...)
	}
	if len(ops) < 2 {
		c.rate(Stateful, "exec", "a shell in a guest")
		return
	}
	c.inside(ops[1:])
}
