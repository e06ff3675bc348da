package assess

import "strings"

func init() {
	hooks["build"] = buildHook
}

// toolOptions are options of compilers and build tools that name a program to be run, or a plugin.
var toolOptions = setOf("exec toolexec vettool wrapper runner run_under exec.executable compiler-launcher")

// buildPrograms weighs the programs that options of a build tool name: go test -exec, gcc -wrapper, rustc -C linker=,
// mvn -Dexec.executable=.
func (c *call) buildPrograms() {
	for i, a := range c.args[1:] {
		name, v, has := strings.Cut(strings.TrimLeft(a.s, "-"), "=")
		name = strings.TrimPrefix(name, "D")
		dashed := strings.HasPrefix(a.s, "-")
		switch {
		case dashed && toolOptions[name]:
			if !has && i+2 < len(c.args) {
				v = c.args[i+2].s
			}
			if name == "wrapper" {
				v = strings.ReplaceAll(v, ",", " ")
			}
			if name == "exec.executable" {
				v += " " + c.property("-Dexec.args")
			}
		case name == "linker" && has, strings.HasSuffix(name, ".runner") && has, strings.HasSuffix(name, "linker") && has:
			v = strings.Trim(v, `"'`)
		case dashed && (name == "fplugin" || name == "load-pass-plugin") && has, dashed && strings.HasPrefix(name, "Xclang"):
			c.rate(Irreversible, base(c.args[0].s), "loads the plugin "+v)
			continue
		default:
			continue
		}
		if v != "" {
			c.weighProgram(lit(v))
		}
	}
}

func (c *call) property(name string) string {
	for _, a := range c.args {
		if v, ok := strings.CutPrefix(a.s, name+"="); ok {
			return v
		}
	}
	return ""
}

// weighProgram rates a program that a build runs: what cannot be read is as bad as any other script.
func (c *call) weighProgram(text str) {
	sub := c.m.probe(func(p *machine) { p.shell(text, c.sc.fork()) })
	c.rate(sub.tier, base(c.args[0].s), "runs the program "+text.s)
}

// buildTarget rates the name of a script or target that a build tool runs.
func (c *call) buildTarget(name string) {
	low := strings.ToLower(name)
	switch {
	case hasAny(low, "deploy", "publish", "release", "migrate", "rollback", "upload", "provision", "push"):
		c.rate(Stateful, "target", "the target "+name)
	case hasAny(low, "destroy", "nuke", "wipe", "dropdb", "db:reset", "teardown", "ecto.reset"), strong(low) && strings.ContainsAny(low, ":._-"), low == "drop", low == "purge":
		c.rate(Irreversible, "target", "the target "+name)
	}
}

// buildHook: builds are local; installing, publishing and running unseen programs are more.
func buildHook(c *call, u *use) {
	c.buildPrograms()
	if text := " " + join(c.args).s + " "; base(c.args[0].s) == "go" && hasAny(text, " env -w ", " env -u ") {
		c.rate(Reversible, "go env", "changes settings")
	}
	if c.tier == Observe {
		return
	}
	if u.has("-n", "--dry-run", "--just-print", "--simulate") {
		return
	}
	name := base(c.args[0].s)
	if name == "crystal" && len(u.operands) > 1 && u.operands[0].s == "eval" {
		c.code("ruby", join(u.operands[1:]))
	}
	if name == "swift" || name == "ghc" || name == "crystal" {
		c.evaluates()
	}
	ops := append(words(u.words...), u.operands...)
	for i, a := range ops {
		if i > 3 {
			break
		}
		if i == 0 && (a.s == "test" || a.s == "bench" || a.s == "check") { // what follows are names of tests
			break
		}
		c.buildTarget(a.s)
		if i == 0 && (a.s == "install" || a.s == "uninstall") && (name == "ninja" || name == "meson" || name == "cmake" || name == "scons" || name == "waf") {
			c.rate(Stateful, name, "installs what was built")
		}
	}
	if name == "cmake" && len(c.args) > 1 && c.args[1].s == "--install" || name == "dotnet" && hasAny(join(ops).s, "tool install -g", "nuget push") {
		c.rate(Stateful, name, "installs or publishes")
	}
	if name == "cmake" {
		for i, a := range c.args {
			if (a.s == "-P" || a.s == "-E") && i+1 < len(c.args) {
				if a.s == "-P" {
					c.rate(Stateful, "cmake -P", "runs a script")
				} else if sub := c.args[i+1].s; sub == "rm" || sub == "remove_directory" || sub == "remove" {
					for _, f := range c.args[i+2:] {
						if !strings.HasPrefix(f.s, "-") {
							c.effect(removesAll, f, "cmake -E rm")
						}
					}
				}
			}
		}
	}
	if (name == "jar" || name == "mvn" || name == "gradle") && hasAny(join(ops).s, "exec:", "bootRun") {
		c.rate(Reversible, name, "runs what was built")
	}
}
