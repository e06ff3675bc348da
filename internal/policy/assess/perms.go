package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["acl"] = aclHook
	hooks["chmod"] = chmodHook
	hooks["chown"] = chownHook
}

var octal = lazyregexp.New(`^0*[0-7]{3,5}$`)

// chmodHook reads the mode: what lets anyone in, or adds the set-user-ID bit, is more than a change of permissions.
func chmodHook(c *call, u *use) {
	ops := u.operands
	mode := ""
	if len(ops) > 0 && !u.has("--reference") {
		mode, ops = ops[0].s, ops[1:]
	}
	for _, o := range u.unlisted { // chmod -x file: the mode looks like options
		if strings.Trim(o, "-rwxXst") == "" && len(u.operands) > 0 {
			ops, mode = u.operands, "-"+strings.TrimLeft(o, "-")
		}
	}
	kind := perms
	if u.has("-R", "--recursive") {
		kind = permsAll
	}
	setuid := strings.Contains(mode, "+s") || strings.Contains(mode, "=s") || strings.Contains(mode, "u+s") || octal.MatchString(mode) && len(strings.TrimLeft(mode, "0")) == 4 && mode[len(mode)-4]&^'0' >= 2 && mode[len(mode)-4] != '1'
	open := octal.MatchString(mode) && mode[len(mode)-1] >= '6' || strings.Contains(mode, "o+w") || strings.Contains(mode, "a+w") || mode == "+w" || strings.Contains(mode, "o=rw") || strings.Contains(mode, "a=rw")
	for _, a := range ops {
		tier, why := pathEffect(kind, a, c.sc)
		at, _ := locate(a, c.sc)
		if setuid && at != work {
			tier, why = Irreversible, "lets anyone run "+a.show()+" as its owner"
		} else if setuid {
			tier, why = max(tier, Stateful), "lets anyone run "+a.show()+" as its owner"
		}
		if open && kind == permsAll && (at == system || at == personal || at == stored || at == startup) && tier < Irreversible && !strings.HasPrefix(a.s, home) {
			why = "lets anyone write below " + a.show()
			if at != personal && strings.Count(strings.Trim(absolute(a.s, c.sc), "/"), "/") < 2 {
				tier = Irreversible
			}
		}
		if at == startup && open && strings.Contains(a.s, ".ssh") {
			tier = Irreversible
		}
		if kind == permsAll && strings.Trim(mode, "0") == "" && mode != "" && at != work && at != temp {
			tier, why = Irreversible, "takes every right away below "+a.show()
		}
		if at == program && disarms(mode) {
			tier, why = Irreversible, "keeps "+a.show()+" from being run"
		}
		c.rate(tier, "chmod", why)
	}
}

// disarms reports whether a mode takes away the right to run a file.
func disarms(mode string) bool {
	if octal.MatchString(mode) {
		return strings.Trim(mode, "0246") == ""
	}
	return strings.Contains(mode, "-") && strings.Contains(mode, "x") || strings.HasSuffix(mode, "=")
}

func chownHook(c *call, u *use) {
	ops := u.operands
	if len(ops) > 0 && !u.has("--reference") {
		ops = ops[1:]
	}
	kind := perms
	if u.has("-R", "--recursive") {
		kind = permsAll
	}
	for _, a := range ops {
		tier, why := pathEffect(kind, a, c.sc)
		c.rate(tier, "chown", strings.Replace(why, "permissions", "the owner", 1))
	}
}

// aclHook: with -R everything below a directory changes.
func aclHook(c *call, u *use) {
	if !u.has("-R") || base(c.args[0].s) == "restorecon" {
		return
	}
	for _, a := range u.operands {
		if strings.HasPrefix(a.s, "/") || strings.HasPrefix(a.s, home) {
			c.effect(permsAll, a, base(c.args[0].s)+" -R")
		}
	}
}
