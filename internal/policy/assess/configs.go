package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() { hooks["tex"] = texHook }

// ownFiles are the files that tools read by themselves, and run code from.
var ownFiles = map[string][]string{
	"npm": {"package.json"}, "yarn": {"package.json"}, "pnpm": {"package.json"}, "bun": {"package.json"}, "just": {"justfile", "Justfile", ".justfile"}, "task": {"Taskfile.yml", "Taskfile.yaml"},
	"rake": {"Rakefile"}, "bundle": {"Gemfile"}, "cargo": {"build.rs", "src/main.rs"}, "go": {"main.go"}, "cmake": {"CMakeLists.txt"}, "ninja": {"build.ninja"}, "meson": {"meson.build"}, "scons": {"SConstruct"},
	"gradle": {"build.gradle", "build.gradle.kts"}, "gradlew": {"build.gradle", "build.gradle.kts"}, "mvn": {"pom.xml"}, "ant": {"build.xml"}, "pytest": {"conftest.py"}, "tox": {"tox.ini"}, "nox": {"noxfile.py"}, "pip": {"setup.py"}, "pip3": {"setup.py"},
	"terraform": {"main.tf"}, "tofu": {"main.tf"}, "vagrant": {"Vagrantfile"}, "direnv": {".envrc"}, "pre-commit": {".pre-commit-config.yaml"}, "grunt": {"Gruntfile.js"}, "gulp": {"gulpfile.js"}, "fab": {"fabfile.py"}, "invoke": {"tasks.py"},
	"foreman": {"Procfile"}, "honcho": {"Procfile"}, "procs": {"Procfile"}, "lint-staged": {"package.json"}, "jest": {"package.json"}, "autoreconf": {"configure.ac"}, "mix": {"mix.exs"}, "composer": {"composer.json"},
}

// readsCode are further tools that run what stands in the files that they are given.
var readsCode = setOf("ansible-playbook ansible-pull puppet chef-client chef-solo chef-apply packer act earthly dagger skaffold gitlab-runner drone woodpecker-cli buildctl supervisord circusd overmind hivemind goreman tmuxp tmuxinator teamocil mprocs logstash fluentd telegraf monit nagios icinga2 consul nomad krakend dnsmasq dhclient udhcpc openvpn pppd wpa_supplicant ifup keepalived haproxy bird cloud-init snakemake nextflow cwltool luigi airflow prefect dvc")

// writtenConfig weighs the files that this text wrote and the program runs code from: the ones it is given, its input, and those
// that it looks for by itself.
func (c *call) writtenConfig(u *use, hook string) {
	name := base(c.args[0].s)
	own, known := ownFiles[name]
	if c.tier == Observe || c.tier == Irreversible || !known && !readsCode[name] && hook != "build" && hook != "make" {
		return
	}
	for _, f := range own {
		c.weighFile(c.m.files[absolute(f, c.sc)])
	}
	given := u.operands
	for _, o := range u.options {
		if o.has {
			given = append(given[:len(given):len(given)], o.arg)
		}
	}
	for _, a := range given[:min(len(given), maxWeighed)] {
		if (a.s == "-" || isStdin(a.s)) && c.fed {
			c.weighFile(c.stdin)
		} else if a.s != "" {
			c.weighFile(c.m.files[absolute(a.s, c.sc)])
		}
	}
}

// maxConfig bounds the lines of a file that are weighed.
const maxConfig = 120

// configKey is what stands before a command in the files of build tools and the like.
var configKey = lazyregexp.New(`^[-\s{\[@+]*(?:"?[\w.-]+"?\s*(?::=|=>|[:=])|RUN\s|CMD\s|ENTRYPOINT\s)\s*[|>\[]?\s*`)

// weighFile weighs each line of a file, without the key before it, and each string in it, as commands.
func (c *call) weighFile(content str) {
	if content.s == "" || c.tier == Irreversible {
		return
	}
	if content.tainted(fromNet) {
		c.rate(Stateful, "script", "runs code of a file that was fetched")
		return
	}
	for _, line := range strings.SplitN(content.s, "\n", maxConfig) {
		forms := []string{strings.TrimLeft(line, " \t-@+"), strings.Trim(configKey.ReplaceAllString(line, ""), `"', ]`)}
		for _, s := range stringLiterals(line) {
			forms = append(forms, s.text)
		}
		for i, form := range forms {
			if form = strings.TrimSpace(form); form == "" || i > 0 && form == forms[0] || c.m.steps > maxSteps/2 {
				continue
			}
			first, _, _ := strings.Cut(form, " ")
			if lookup(base(first)) == nil {
				continue
			}
			if sub := c.m.probe(func(p *machine) { p.shell(str{form, content.t}, c.sc.fork()) }); sub.tier == Irreversible {
				c.rate(Irreversible, "config", "reads a file of this text, from which it may run “"+form+"”: "+worstOf(sub))
				return
			}
		}
	}
}

// texCommand is how TeX runs shell text.
var texCommand = lazyregexp.New(`\\write18\s*\{([^}]*)\}|\\(?:input|openin\S*)\s*["{]*\s*\|\s*"?([^}"]*)|\\ShellEscape\s*\{([^}]*)\}|os\.execute\s*\(?\s*["']([^"']*)`)

// texHook: \write18{…} gives commands to the shell.
func texHook(c *call, u *use) {
	texts := []str{c.stdin}
	for _, a := range c.args[1:] {
		texts = append(texts, a.str, c.m.files[absolute(a.s, c.sc)], c.m.files[absolute(a.s+".tex", c.sc)])
		if strings.Contains(a.s, "shell-escape") && !strings.Contains(a.s, "no-") {
			c.rate(Stateful, "tex", "lets the document run commands")
		}
	}
	for _, t := range texts {
		for _, found := range texCommand.FindAllStringSubmatch(t.s, -1) {
			c.rate(Stateful, "tex", "runs a command of the document")
			c.shellText(str{strings.Join(found[1:], ""), t.t})
		}
	}
}
