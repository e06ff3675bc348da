package assess

import "strings"

// findHook reads find's expression: where it starts, which tests narrow it, what its actions do.
func findHook(c *call, u *use) {
	args := c.args[1:]
	var starts []arg
	for len(args) > 0 && (args[0].s == "-H" || args[0].s == "-L" || args[0].s == "-P") {
		args = args[1:]
	}
	for len(args) > 0 && !strings.HasPrefix(args[0].s, "-") && args[0].s != "(" && args[0].s != "!" {
		if args[0].multi && args[0].tainted(fromData) {
			c.rate(Stateful, "find", "words that are not known may be actions")
		}
		starts = append(starts, args[0])
		args = args[1:]
	}
	if len(starts) == 0 {
		starts = words(".")
	}
	f := finding{starts: starts, filtered: filtered(args), t: fromFiles}
	for i, a := range args {
		f.shallow = f.shallow || a.s == "-maxdepth" && i+1 < len(args) && (args[i+1].s == "0" || args[i+1].s == "1")
	}
	for i, a := range args { // what is looked for by the name of a key and then read is a key
		switch a.s {
		case "-name", "-iname", "-path", "-ipath", "-wholename":
			if i+1 < len(args) && sensitivePath(args[i+1].s) {
				f.t |= ofSecrets
			}
		}
	}
	for i := 0; i < len(args); i++ {
		i += c.findAction(args, i, f)
	}
	out := str{t: f.t | fromData}
	for _, s := range starts {
		out.s += strings.TrimSuffix(s.s, "/") + "/" + found(f.filtered) + "\n"
	}
	c.out = &out
}

// finding is what a find command looks at.
type finding struct {
	starts   []arg
	filtered bool // by a name or path: not everything that is there
	shallow  bool // nothing below the start's own entries
	t        taint
}

// found is the unknown part of a path that find prints. With a filter it is not empty, and so not the start itself.
func found(filtered bool) string {
	if filtered {
		return "x" + unk
	}
	return unk
}

// filtered reports whether tests narrow what is found by more than its kind.
func filtered(args []arg) bool {
	for i, a := range args {
		switch a.s {
		case "-name", "-iname", "-path", "-ipath", "-wholename", "-regex", "-iregex", "-lname":
			if i+1 < len(args) && strings.Trim(args[i+1].s, "*?./[]!^") != "" && !(i > 0 && (args[i-1].s == "!" || args[i-1].s == "-not")) {
				return true
			}
		case "-empty", "-samefile", "-inum", "-xtype", "-nouser":
			return true
		}
	}
	return false
}

// findAction rates one expression and returns how many further words it took.
func (c *call) findAction(args []arg, i int, f finding) int {
	value := func(n int) arg {
		if i+n < len(args) {
			return args[i+n]
		}
		return arg{}
	}
	switch args[i].s {
	case "-delete":
		c.removesFound(f, "-delete")
	case "-fprint", "-fprint0", "-fls":
		c.effect(writes, value(1), "find "+args[i].s)
		return 1
	case "-fprintf":
		c.effect(writes, value(1), "find -fprintf")
		return 2
	case "-exec", "-execdir", "-ok", "-okdir":
		n := i + 1
		for n < len(args) && args[n].s != ";" && !(args[n].s == "+" && n > i+1 && args[n-1].s == "{}") {
			n++
		}
		c.findExec(args[i+1:min(n, len(args))], f)
		return n - i
	case "-name", "-iname", "-path", "-regex", "-iregex", "-ipath", "-wholename", "-newer", "-perm", "-user", "-group", "-size", "-mtime", "-mmin", "-atime", "-amin", "-ctime", "-cmin", "-type", "-maxdepth", "-mindepth", "-printf", "-samefile", "-links", "-fstype":
		return 1
	case "-files0-from":
		c.reads(value(1))
		return 1
	}
	return 0
}

// findExec runs a command with what is found in place of {}.
func (c *call) findExec(command []arg, f finding) {
	if len(command) == 0 {
		return
	}
	if deletes := base(command[0].s); (deletes == "rm" || deletes == "unlink" || deletes == "shred" || deletes == "truncate") && command[0].known() {
		recursive := false
		for _, a := range command[1:] {
			recursive = recursive || strings.HasPrefix(a.s, "-") && strings.ContainsAny(a.s, "rR")
		}
		c.removesFound(f, "-exec "+deletes)
		if recursive && !f.filtered {
			c.rate(Irreversible, "find -exec", "removes every tree that is found")
		}
		if deletes == "shred" {
			c.rate(Irreversible, "find -exec", "overwrites every file that is found")
		}
		if rest := without(command, "{}"); len(operandsOf(rest)) > 0 {
			c.command(rest) // what it names beside the found files
		}
		return
	}
	if recursible[base(command[0].s)] && !f.filtered && !f.shallow { // on everything below: as if it were recursive
		command = append([]arg{command[0], word("-R")}, command[1:]...)
		for _, s := range f.starts {
			c.command(substitute(command, "{}", s))
		}
		return
	}
	for _, s := range f.starts {
		item := arg{str: str{strings.TrimSuffix(s.s, "/") + "/" + found(f.filtered), s.t | f.t}}
		if strings.HasPrefix(s.s, unk) {
			item.str.s = unk
		}
		c.command(substitute(command, "{}", item))
	}
}

// removesFound rates the removal of what is found: bounded in the working directory or a temporary one and narrowed by name,
// wide otherwise.
func (c *call) removesFound(f finding, how string) {
	for _, s := range f.starts {
		at, exact := locate(s, c.sc)
		tier := Irreversible
		switch {
		case at == temp && (f.filtered || exact), at == work && (f.filtered || exact):
			tier = Stateful
		case s.s == "." && f.filtered && c.sc.dir.s == "":
			tier = Stateful
		case at == temp && c.agedOnly():
			tier = Stateful
		}
		c.rate(tier, "find "+how, "removes what is found below "+s.show())
	}
}

// agedOnly reports whether find looks only at old files.
func (c *call) agedOnly() bool {
	for _, a := range c.args {
		if a.s == "-mtime" || a.s == "-mmin" || a.s == "-atime" || a.s == "-ctime" || a.s == "-amin" {
			return true
		}
	}
	return false
}

// fdHook is fd: -x and -X run a command with what is found.
func fdHook(c *call, u *use) {
	args := c.args[1:]
	for i, a := range args {
		switch a.s {
		case "-x", "--exec", "-X", "--exec-batch":
			start := arg{str: str{"./" + unk, fromFiles}}
			if len(u.operands) > 1 {
				start.str.s = strings.TrimSuffix(u.operands[1].s, "/") + "/" + unk
			}
			command := args[i+1:]
			mark := false
			for _, w := range command {
				mark = mark || strings.Contains(w.s, "{")
			}
			if !mark {
				command = append(command[:len(command):len(command)], word("{}"))
			}
			for _, m := range []string{"{.}", "{/}", "{//}", "{/.}"} {
				command = substitute(command, m, start)
			}
			c.command(substitute(command, "{}", start))
			return
		}
	}
}

// recursible are programs whose -R does what find does by itself.
var recursible = setOf("chmod chown chgrp setfacl chattr chcon")

func without(args []arg, mark string) []arg {
	var out []arg
	for _, a := range args {
		if a.s != mark {
			out = append(out, a)
		}
	}
	return out
}

// operandsOf are the words of a command that are no options.
func operandsOf(args []arg) []arg {
	var out []arg
	for _, a := range args[min(1, len(args)):] {
		if !strings.HasPrefix(a.s, "-") {
			out = append(out, a)
		}
	}
	return out
}
