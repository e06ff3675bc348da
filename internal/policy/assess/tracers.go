package assess

import "strings"

func init() {
	hooks["batchJob"] = batchJobHook
	hooks["daemonCheck"] = daemonCheckHook
	hooks["ldd"] = lddHook
	hooks["strace"] = straceHook
	hooks["tracer"] = tracerHook
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
		"unbound": "-V", "dhcpd": "-t -T", "kea-dhcp4": "-t -T -v -V -W", "kea-dhcp6": "-t -T -v -V -W", "radiusd": "-C -v", "freeradius": "-C -v", "nats-server": "-t -v", "gunicorn": "-v", "asterisk": "-V", "traefik": "", "envoy": "--mode", "squid": "check parse", "squid3": "check parse",
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

// straceHook: the output may go to a command.
func straceHook(c *call, u *use) {
	if o, ok := u.option("-o", "--output"); ok && o.has && (strings.HasPrefix(o.arg.s, "|") || strings.HasPrefix(o.arg.s, "!")) {
		c.rate(Stateful, "strace -o", "gives its output to a command")
		c.shellText(str{o.arg.s[1:], o.arg.t})
	}
}
