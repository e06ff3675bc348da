package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["hg"] = hgHook
}

// hgRuns are the settings of Mercurial and Subversion that name programs.
var hgRuns = lazyregexp.New(`(?i)^((config:)?(alias|hooks|pager|extdiff|merge-tools|diff-tools|merge-patterns|tunnels|fsmonitor|committemplate-cmd)[.:]|ui\.(ssh|editor|merge|pager)$|(servers|config):helpers:|extdiff\.cmd)`)

// hgHook reads settings given on the command line: many of them name commands, as git's do.
func hgHook(c *call, u *use) {
	for _, o := range u.options {
		if !o.has {
			continue
		}
		switch o.name {
		case "-e", "--ssh", "--remotecmd":
			c.program(o.arg, base(c.args[0].s)+" "+o.name)
		case "--config", "--config-option":
			name, v, ok := strings.Cut(o.arg.s, "=")
			switch {
			case !ok || v == "":
			case strings.HasPrefix(name, "extensions.") && strings.Contains(v, "/"):
				c.rate(Irreversible, "hg --config", "loads code: "+v)
			case hgRuns.MatchString(name):
				c.program(arg{str: str{strings.TrimPrefix(v, "!"), o.arg.t}}, "hg --config "+name)
			}
		}
	}
}
