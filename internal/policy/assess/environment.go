package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

// environment follows what a variable makes programs do that are given it: run a pager, load a library, find other
// programs. It is called for assignments and for the environment of the call.
func (m *machine) environment(name string, v str, sc *scope) {
	text := name + "=" + v.s
	if fn, ok := strings.CutPrefix(name, "BASH_FUNC_"); ok {
		fn = strings.TrimSuffix(strings.TrimSuffix(fn, "%%"), "()")
		m.shell(str{fn + " " + v.s + "\n" + fn, v.t}, sc)
		return
	}
	if v.s == "" {
		return
	}
	kind := variables[name]
	if npm, ok := strings.CutPrefix(strings.ToLower(name), "npm_config_"); ok && hasAny(npm, "shell", "git", "editor", "viewer") {
		kind = commandVariable
	}
	if strings.HasPrefix(name, "ANSIBLE_") && (strings.HasSuffix(name, "_PLUGINS") || name == "ANSIBLE_LIBRARY" || name == "ANSIBLE_CONFIG") {
		kind = moduleVariable
	}
	if strings.HasPrefix(name, "GIT_TRACE") {
		kind = outputVariable
	}
	if strings.HasPrefix(name, "GIT_CONFIG_VALUE_") {
		kind = gitVariable
	}
	if kind == 0 && (runsByName(name) || strings.HasPrefix(name, "TF_CLI_ARGS")) {
		m.guessVariable(name, v, sc)
	}
	switch kind {
	case promptVariable:
		m.substitutions(v, sc)
	case codeVariable:
		m.shell(v, sc.fork())
	case fileVariable:
		if v.s != "/dev/null" {
			m.note(Reason{Text: text, Rule: "environment", Tier: Irreversible, Why: name + " names a file that every shell runs first"})
		}
	case commandVariable:
		m.commandText(str{strings.TrimPrefix(strings.TrimLeft(v.s, "|-"), "|"), v.t}, text, sc)
	case libraryVariable:
		m.note(Reason{Text: text, Rule: "environment", Tier: Irreversible, Why: name + " loads code into every program"})
	case searchVariable:
		m.note(Reason{Text: text, Rule: "environment", Tier: Stateful, Why: name + " changes the code that programs load"})
	case moduleVariable:
		tier := Stateful
		if !strings.HasPrefix(v.s, "/") && !strings.Contains(v.s, ":/") && v.known() { // the project's own code
			tier = Reversible
		}
		m.note(Reason{Text: text, Rule: "environment", Tier: tier, Why: name + " says where programs find code"})
	case outputVariable:
		if strings.Contains(v.s, "/") {
			if tier, why := pathEffect(appends, arg{str: v}, sc); tier > Observe {
				m.note(Reason{Text: text, Rule: "environment", Tier: tier, Why: why})
			}
		}
	case editorVariable:
		c := &call{m: m, sc: sc, args: words("vim"), text: text}
		c.rate(Reversible, "environment", name+" is run by the editor")
		c.editorCommands(strings.Split(v.s, "|"), nil)
		c.finish(len(m.reasons))
	case flagVariable:
		c := &call{m: m, sc: sc, args: append(words(name), words(strings.Fields(v.s)...)...), text: text}
		c.buildPrograms()
		for _, found := range flagCommand.FindAllStringSubmatch(v.s, -1) {
			c.weighProgram(str{found[1], v.t})
		}
		if c.rule != "" {
			c.finish(len(m.reasons))
		}
	case optionVariable:
		if strings.ContainsAny(v.s, "-!") && loadsCode(v.s) {
			m.note(Reason{Text: text, Rule: "environment", Tier: Stateful, Why: name + " gives programs options that load code"})
		}
	case pathVariable:
		sc.paths = sc.paths || !ordinaryPath(v.s)
	case otherCode:
		c := &call{m: m, sc: sc, args: words(name), text: text}
		c.code(strings.ToLower(name), v)
		c.finish(len(m.reasons))
	case gitVariable:
		m.gitVariables(name, v, sc)
		m.note(Reason{Text: text, Rule: "environment", Tier: Stateful, Why: name + " changes what git runs"})
	}
}

// runsByName tells variables that by their names hold a command for some program: KUBECTL_EXTERNAL_DIFF, X_PAGER.
func runsByName(name string) bool {
	switch name {
	case "CC", "CXX", "CPP", "LD", "AR", "AS", "FC", "RANLIB", "LEX", "YACC", "INSTALL", "HGEDITOR", "HGMERGE", "MAKE", "BROWSER", "PKG_CONFIG", "RUSTC", "CARGO", "NODE":
		return true
	}
	last := name[strings.LastIndexByte(name, '_')+1:]
	switch last {
	case "PAGER", "EDITOR", "ASKPASS", "DIFF", "COMMAND", "CMD", "RSH", "SSH", "SHELL", "HOOK", "BROWSER", "PROG", "PROGRAM", "WRAPPER", "FILTER", "EXEC", "RUNNER", "LINKER", "PASSCOMMAND":
		return last != name
	}
	return false
}

// guessVariable weighs such a variable as the command it would be.
func (m *machine) guessVariable(name string, v str, sc *scope) {
	if strings.HasPrefix(name, "TF_CLI_ARGS") {
		v = lit("terraform apply ").add(v)
	}
	if sub := m.probe(func(p *machine) { p.shell(v, sc.fork()) }); sub.tier == Irreversible {
		m.note(Reason{Text: name + "=" + v.s, Rule: "environment", Tier: Irreversible, Why: "a program may run it: " + worstOf(sub)})
	}
}

// commandText follows a text that a program runs as a command, such as $PAGER: a program that is not known to the tables
// may be anything, and nobody sees it run.
func (m *machine) commandText(v str, text string, sc *scope) {
	sub := m.probe(func(p *machine) { p.shell(v, sc.fork()) })
	tier, why := sub.tier, "names a command that other programs run"
	for _, r := range sub.reasons {
		if r.Rule == "unknown" || r.Rule == "script" {
			tier, why = Irreversible, "names a program that others run and that is not known"
		}
	}
	m.sensitive = m.sensitive || sub.sensitive
	if tier > Observe {
		m.note(Reason{Text: text, Rule: "environment", Tier: tier, Why: why})
	}
	m.as(Reread, func() {
		for _, r := range sub.reasons {
			if r.Tier > Observe {
				m.note(r)
			}
		}
	})
}

func loadsCode(options string) bool {
	for _, o := range []string{"-r", "--require", "--import", "--loader", "--experimental-loader", "-javaagent", "-agentpath", "-agentlib", "-M", "-e", "--eval", "--checkpoint-action", "-TT", "-U", "-run", "--to-command", "-I", "--use-compress-program", "+!", "-X"} {
		for _, f := range strings.Fields(options) {
			if strings.HasPrefix(f, o) {
				return true
			}
		}
	}
	return false
}

// ordinaryPath reports whether names still mean the programs that everyone expects: any other directory comes after $PATH.
func ordinaryPath(v string) bool {
	for _, d := range strings.Split(v, ":") {
		switch {
		case d == unk || strings.HasPrefix(d, "/usr/bin"):
			return true // the old PATH, or the place where the ordinary programs are
		case strings.HasPrefix(d, "/usr/local/"), strings.HasPrefix(d, "/bin"), strings.HasPrefix(d, "/sbin"), strings.HasPrefix(d, "/usr/sbin"),
			strings.HasPrefix(d, "/opt/homebrew"), strings.HasPrefix(d, "/snap/bin"), strings.HasPrefix(d, home+"/.local/bin"), strings.HasPrefix(d, home+"/.cargo/bin"), strings.HasPrefix(d, home+"/go/bin"), strings.HasPrefix(d, home+"/bin"):
		default:
			return false
		}
	}
	return true
}

type variableKind int

const (
	promptVariable  variableKind = iota + 1 // expanded like a here-document whenever a prompt or trace is written
	codeVariable                            // run by the shell
	fileVariable                            // a file that shells run
	commandVariable                         // a command that programs run
	libraryVariable                         // a library that every program loads
	searchVariable                          // where interpreters and the linker look for code
	optionVariable                          // options for a program
	pathVariable
	gitVariable
	moduleVariable // where interpreters find modules, or a file of code that they read
	outputVariable // a file that programs write
	editorVariable // commands of an editor
	flagVariable   // options, some of which name commands
	otherCode      // code of another language, run at its start
)

// flagCommand is how some options of fzf name commands.
var flagCommand = lazyregexp.New(`(?:execute(?:-silent)?|become|reload|transform\w*|preview)[(:]([^)]*)|--preview[= ]['"]?([^'"]*)`)

// variables are those of bash(1), git(1), less(1), man(1), ld.so(8), the interpreters and the usual clients.
var variables = map[string]variableKind{
	"PS0": promptVariable, "PS1": promptVariable, "PS2": promptVariable, "PS4": promptVariable, "PROMPT_COMMAND": codeVariable,
	"BASH_ENV": fileVariable, "ENV": fileVariable, "PYTHONSTARTUP": fileVariable, "ZDOTDIR": fileVariable,
	"PAGER": commandVariable, "GIT_PAGER": commandVariable, "MANPAGER": commandVariable, "SYSTEMD_PAGER": commandVariable, "AWS_PAGER": commandVariable,
	"BAT_PAGER": commandVariable, "PSQL_PAGER": commandVariable, "MYSQL_PAGER": commandVariable, "DELTA_PAGER": commandVariable, "GH_PAGER": commandVariable,
	"EDITOR": commandVariable, "VISUAL": commandVariable, "GIT_EDITOR": commandVariable, "GIT_SEQUENCE_EDITOR": commandVariable, "SUDO_EDITOR": commandVariable,
	"KUBE_EDITOR": commandVariable, "SYSTEMD_EDITOR": commandVariable, "FCEDIT": commandVariable, "GH_EDITOR": commandVariable, "SVN_EDITOR": commandVariable, "BROWSER": commandVariable,
	"GIT_SSH_COMMAND": commandVariable, "GIT_SSH": commandVariable, "GIT_EXTERNAL_DIFF": commandVariable, "GIT_ASKPASS": commandVariable, "SSH_ASKPASS": commandVariable,
	"SUDO_ASKPASS": commandVariable, "GIT_PROXY_COMMAND": commandVariable, "RSYNC_RSH": commandVariable, "CVS_RSH": commandVariable, "SVN_SSH": commandVariable, "LESSOPEN": commandVariable,
	"LESSCLOSE": commandVariable, "MANROFFSEQ": 0, "RSYNC_CONNECT_PROG": commandVariable, "BORG_RSH": commandVariable, "FZF_DEFAULT_COMMAND": commandVariable,
	"LD_PRELOAD": libraryVariable, "LD_AUDIT": libraryVariable, "DYLD_INSERT_LIBRARIES": libraryVariable, "OPENSSL_CONF": libraryVariable, "OPENSSL_ENGINES": libraryVariable, "GCONV_PATH": libraryVariable,
	"LD_LIBRARY_PATH": searchVariable, "DYLD_LIBRARY_PATH": searchVariable, "GIT_EXEC_PATH": searchVariable, "GIT_TEMPLATE_DIR": searchVariable,
	"LUA_INIT": otherCode, "LUA_INIT_5_3": otherCode, "LUA_INIT_5_4": otherCode, "PERL5OPT": optionVariable, "RUBYOPT": optionVariable, "NODE_OPTIONS": optionVariable, "JAVA_TOOL_OPTIONS": optionVariable, "_JAVA_OPTIONS": optionVariable, "JDK_JAVA_OPTIONS": optionVariable,
	"TAR_OPTIONS": optionVariable, "LESS": optionVariable, "MANOPT": optionVariable, "RIPGREP_CONFIG_PATH": searchVariable, "PERL5DB": codeVariable,
	"PYTHONPATH": moduleVariable, "PYTHONHOME": moduleVariable, "PYTHONUSERBASE": moduleVariable, "PERL5LIB": moduleVariable, "PERLLIB": moduleVariable, "RUBYLIB": moduleVariable, "NODE_PATH": moduleVariable, "GEM_HOME": moduleVariable, "GEM_PATH": moduleVariable, "BUNDLE_GEMFILE": moduleVariable,
	"CLASSPATH": moduleVariable, "LUA_PATH": moduleVariable, "LUA_CPATH": moduleVariable, "TCLLIBPATH": moduleVariable, "GUILE_LOAD_PATH": moduleVariable, "JULIA_LOAD_PATH": moduleVariable, "EMACSLOADPATH": moduleVariable, "FPATH": moduleVariable, "R_LIBS": moduleVariable, "R_PROFILE": moduleVariable, "R_PROFILE_USER": moduleVariable,
	"IRBRC": moduleVariable, "PSQLRC": moduleVariable, "HGRCPATH": moduleVariable, "SCREENRC": moduleVariable, "LESSKEY": moduleVariable, "LESSKEYIN": moduleVariable, "OCTAVE_INITFILE": moduleVariable, "PHPRC": moduleVariable, "PHP_INI_SCAN_DIR": moduleVariable, "WGETRC": moduleVariable, "CURL_HOME": moduleVariable, "MAILCAPS": moduleVariable, "VAGRANT_VAGRANTFILE": moduleVariable, "VAGRANT_CWD": moduleVariable,
	"GTK_MODULES": moduleVariable, "GTK_PATH": moduleVariable, "GDK_PIXBUF_MODULE_FILE": moduleVariable, "QT_PLUGIN_PATH": moduleVariable, "GST_PLUGIN_PATH": moduleVariable, "GIO_EXTRA_MODULES": moduleVariable, "VIMRUNTIME": moduleVariable, "MYVIMRC": moduleVariable,
	"SSLKEYLOGFILE": outputVariable, "MALLOC_TRACE": outputVariable, "HISTFILE": outputVariable, "SQLITE_HISTORY": outputVariable, "GDBHISTFILE": outputVariable, "NODE_REPL_HISTORY": outputVariable, "LESSHISTFILE": outputVariable, "PSQL_HISTORY": outputVariable, "MYSQL_HISTFILE": outputVariable, "COVERAGE_FILE": outputVariable, "PYTHON_HISTORY": outputVariable,
	"VIMINIT": editorVariable, "EXINIT": editorVariable, "GVIMINIT": editorVariable, "GOFLAGS": flagVariable, "FZF_DEFAULT_OPTS": flagVariable, "MAVEN_OPTS": optionVariable, "GRADLE_OPTS": optionVariable, "SBT_OPTS": optionVariable, "JAVA_OPTS": optionVariable, "CATALINA_OPTS": optionVariable, "JVM_OPTS": optionVariable,
	"ZIPOPT": optionVariable, "ELIXIR_ERL_OPTIONS": optionVariable, "ERL_FLAGS": optionVariable, "ERL_AFLAGS": optionVariable, "ERL_ZFLAGS": optionVariable, "MANROFFOPT": optionVariable,
	"PATH": pathVariable, "GIT_CONFIG_COUNT": gitVariable, "GIT_CONFIG_PARAMETERS": gitVariable, "GIT_CONFIG": gitVariable, "GIT_CONFIG_GLOBAL": gitVariable, "GIT_CONFIG_SYSTEM": gitVariable,
	"SHELLOPTS": gitVariable, "PYTHONINSPECT": optionVariable, "MAKEFLAGS": optionVariable, "HOME": 0,
}
