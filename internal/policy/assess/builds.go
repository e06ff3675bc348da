package assess

import "strings"

func init() {
	hooks["execVerb"] = func(c *call, u *use) { c.execVerb() }
	hooks["batchJob"] = batchJobHook
	hooks["tracer"] = tracerHook
	hooks["daemonCheck"] = daemonCheckHook
	hooks["ldd"] = lddHook
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

// batchJobHook is for sbatch, srun and their kin: a script that cannot be seen, or a command.
func batchJobHook(c *call, u *use) {
	if len(u.operands) > 0 {
		c.guess(u.operands)
	}
	if c.fed && c.stdin.known() {
		c.shellText(c.stdin)
	}
}

// tracerHook reads the code of tracers: system("…") runs a command.
func tracerHook(c *call, u *use) {
	o, ok := u.option("-e")
	if !ok || !strings.Contains(o.arg.s, "system") {
		return
	}
	for _, l := range stringLiterals(o.arg.s) {
		c.shellText(str{l.text, o.arg.t})
	}
}

// daemonCheckHook: what asks a daemon to look at its settings, by its own options. To others the same letters mean other things.
func daemonCheckHook(c *call, u *use) {
	checks := map[string]string{
		"php-fpm": "-t -tt -i -m -v", "vsftpd": "-v", "proftpd": "-t -v -l", "smbd": "-b -V", "nmbd": "-V", "lighttpd": "-t -tt -v -V", "varnishd": "-C -V", "slapd": "-T -V", "named": "-v -V",
		"unbound": "-V", "dhcpd": "-t -T", "kea-dhcp4": "-t -T -v -V -W", "kea-dhcp6": "-t -T -v -V -W", "radiusd": "-C -v", "freeradius": "-C -v", "nats-server": "-t -v", "gunicorn": "-v", "asterisk": "-V", "traefik": "", "envoy": "--mode",
	}
	for _, a := range c.args[1:] {
		for _, f := range strings.Fields(checks[base(c.args[0].s)]) {
			if a.s == f {
				c.tier, c.rule, c.why = Observe, base(c.args[0].s)+" "+f, "checks or shows settings"
				return
			}
		}
	}
}

// lddHook: a program of the system is only looked at; any other may run itself instead.
func lddHook(c *call, u *use) {
	for _, a := range u.operands {
		if p := absolute(a.s, c.sc); !a.known() || a.glob || !strings.HasPrefix(p, "/") || !trustedDir(p) && !strings.HasPrefix(p, "/lib") {
			c.rate(Stateful, "ldd", "may run "+a.show())
		}
	}
}
