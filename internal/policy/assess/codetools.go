package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() { hooks["framework"] = frameworkHook }

// codeReadsShell finds the name of a shell in a string of code.
var codeReadsShell = lazyregexp.New(`["'](/usr)?(/bin/)?(ba|da|z|k)?sh["']`)

// codeOpens rates what perl's and ruby's open does with the strings it is given: ">path" writes, "|text" and "text|" run.
func (c *call) codeOpens(code string, strs []literal) {
	if !strings.Contains(code, "open") {
		return
	}
	piped := false
	for _, s := range strs {
		switch {
		case strings.HasPrefix(s.text, ">"), strings.HasPrefix(s.text, "+<"):
			if p := strings.TrimLeft(s.text, "+<> "); p != "" && p != "&" {
				tier, why := pathEffect(writes, word(strings.TrimSpace(p)), c.sc)
				c.rate(tier, "code", why)
			}
		case strings.HasPrefix(s.text, "|"), strings.HasSuffix(s.text, "|"):
			piped = true
		}
	}
	if piped {
		for _, s := range strs {
			c.codeCommands(code, []literal{{text: strings.Trim(s.text, "|- ")}})
		}
	}
}

// escapes rates lines of code that a program hands to a shell: ! in ipython and gnuplot, syscmd in m4.
func (c *call) escapes(lang, code string) {
	if lang == "m4" {
		for _, m := range macroCommand.FindAllStringSubmatch(code, -1) {
			c.shellText(lit(m[1]))
		}
		return
	}
	for _, l := range strings.Split(code, "\n") {
		l = strings.TrimSpace(l)
		for _, mark := range []string{"!", "%sx ", "%system ", "%%bash", "%%sh"} {
			if text, ok := strings.CutPrefix(l, mark); ok {
				c.shellText(lit(strings.TrimLeft(text, "! ")))
			}
		}
	}
}

var macroCommand = lazyregexp.New("e?syscmd\\(\\s*`*([^')]*)")

// deno's subcommands; code that it fetches runs at once.
func (c *call) deno(operands []arg) {
	switch operands[0].s {
	case "eval":
		c.code("deno", join(operands[1:]))
	case "run", "serve", "install", "test", "bench", "x":
		c.rate(Stateful, "deno "+operands[0].s, "runs code that cannot be seen from here")
		for _, a := range operands[1:] {
			if strings.HasPrefix(a.s, "http:") || strings.HasPrefix(a.s, "https:") {
				c.rate(Irreversible, "remote-code", "runs code fetched from the network")
			}
		}
	case "lint", "info", "doc", "types", "check", "completions", "help":
		c.rate(Observe, "deno "+operands[0].s, "reads code")
	case "fmt", "cache", "compile", "bundle", "init", "coverage":
		c.rate(Reversible, "deno "+operands[0].s, "writes files here")
	default:
		c.rate(Stateful, "script", "runs the script "+operands[0].show()+", which cannot be seen from here")
	}
}

// frameworkHook is for the command lines of web frameworks: verbs, and those that take code.
func frameworkHook(c *call, u *use) {
	verbsHook(c, u)
	if len(u.words) == 0 {
		return
	}
	switch u.words[0] {
	case "eval", "shell", "runner", "r", "tinker", "console", "c", "php:eval", "php-eval":
		for i, a := range c.args[1:] {
			if i > 0 && len(a.s) > 2 {
				_, v, ok := strings.Cut(a.s, "=")
				if !ok || !strings.HasPrefix(a.s, "-") {
					v = a.s
				}
				c.code(base(c.args[0].s), str{v, a.t})
			}
		}
		if c.fed {
			c.fedCode(base(c.args[0].s), c.stdin)
		}
	}
}

// evaluates is for compilers that take code: swift -e, ghc -e, bun -e.
func (c *call) evaluates() {
	for i, a := range c.args[:len(c.args)-1] {
		switch a.s {
		case "-e", "--eval", "-p", "--print", "eval":
			c.code(base(c.args[0].s), c.args[i+1].str)
		}
	}
}

// nix run INSTALLABLE -- ARGUMENTS, nix shell … -c COMMAND, nix develop … -c COMMAND.
func (c *call) nix(args []arg) {
	program := ""
	for i, a := range args {
		switch {
		case (a.s == "-c" || a.s == "--command") && i+1 < len(args):
			c.command(args[i+1:])
			return
		case a.s == "--":
			if program != "" {
				c.command(append(words(program), args[i+1:]...))
			}
			return
		case strings.Contains(a.s, "#"):
			_, program, _ = strings.Cut(a.s, "#")
		}
	}
}
