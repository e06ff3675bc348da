package assess

import "strings"

// modules are those of `python -m` that do less, or other, than running unseen code.
var modules = map[string]Tier{
	"json.tool": Observe, "platform": Observe, "site": Observe, "sysconfig": Observe, "this": Observe, "calendar": Observe, "tabnanny": Observe, "ast": Observe, "dis": Observe, "tokenize": Observe,
	"py_compile": Reversible, "compileall": Reversible, "venv": Reversible, "virtualenv": Reversible, "pytest": Reversible, "unittest": Reversible, "doctest": Reversible, "mypy": Reversible, "flake8": Observe, "pylint": Observe, "black": Reversible, "isort": Reversible, "build": Reversible, "coverage": Reversible, "zipfile": Reversible, "tarfile": Reversible, "ruff": Reversible, "pip_audit": Observe, "pydoc": Observe,
	"http.server": Stateful, "SimpleHTTPServer": Stateful,
}

func harmlessModule(name string) bool {
	t, ok := modules[name]
	return ok && t <= Reversible
}

func (c *call) module(name arg, args []arg) {
	if g := lookup(name.s); g != nil && (name.s == "pip" || name.s == "ansible" || name.s == "pytest" || name.s == "poetry" || name.s == "pipx" || name.s == "uv") {
		c.command(append([]arg{name}, args...))
		return
	}
	if len(args) == 1 && (args[0].s == "--help" || args[0].s == "-h") && harmlessModule(name.s) {
		c.rate(Observe, "help", "asks for help")
		return
	}
	if name.s == "http.server" || name.s == "SimpleHTTPServer" {
		dir := c.sc.dir.s
		for i, a := range args {
			if v, ok := strings.CutPrefix(a.s, "--directory="); ok {
				dir = v
			} else if (a.s == "-d" || a.s == "--directory") && i+1 < len(args) {
				dir = args[i+1].s
			}
		}
		if p := absolute(dir, c.sc); dir != "" && (sensitivePath(p) || sensitivePath(p+"/id_rsa") && strings.HasSuffix(p, "/.ssh")) {
			c.m.sensitive = true
			c.rate(Irreversible, "exfiltration", "serves secrets to the network")
		}
	}
	if t, ok := modules[name.s]; ok {
		c.rate(t, "module", "the module "+name.s)
		for i, a := range args {
			if name.s == "json.tool" && i > 0 && !strings.HasPrefix(a.s, "-") {
				c.effect(writes, a, "json.tool")
			} else if !strings.HasPrefix(a.s, "-") {
				c.reads(a)
			}
		}
		return
	}
	if name.s == "timeit" || name.s == "cProfile" || name.s == "pdb" || name.s == "trace" {
		for _, a := range args {
			c.code("python", a.str)
		}
	}
	c.rate(Stateful, "module", "runs the module "+name.show())
}
