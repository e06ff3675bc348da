package assess

import (
	"slices"
	"strings"
)

func init() {
	hooks["git"] = gitHook
}

// gitHook adds what rows cannot say: -c settings, the forms of checkout, push, branch and config, and aliases.
func gitHook(c *call, u *use) {
	for _, o := range u.options {
		c.gitOption(o)
	}
	if len(u.words) == 0 {
		return
	}
	if u.words[0] == "ls-files" || u.has("--name-only") {
		c.out = &str{unk, fromFiles | fromData}
	}
	if f := gitVerbs[u.words[0]]; f != nil {
		f(c, u)
	}
}

// gitOption is an option in front of the subcommand.
func (c *call) gitOption(o given) {
	switch o.name {
	case "-c":
		key, v, _ := strings.Cut(o.arg.s, "=")
		c.gitConfig(key, str{v, o.arg.t}, false)
	case "--config-env":
		c.rate(Stateful, "git --config-env", "takes a setting from the environment")
	case "--exec-path":
		if o.has {
			c.rate(Irreversible, "git --exec-path", "runs git's programs from another place")
		}
	case "-C", "--work-tree", "--git-dir":
		if o.has {
			c.sc = c.sc.fork()
			if o.name == "-C" {
				c.sc.dir = lit(absolute(o.arg.s, c.sc))
			}
		}
	}
}

// gitVerbs are the subcommands that rows do not say everything of.
var gitVerbs map[string]func(c *call, u *use)

func init() {
	gitVerbs = map[string]func(c *call, u *use){
		"branch": (*call).gitBranch, "update-ref": (*call).gitUpdateRef, "rm": (*call).gitRemove, "push": (*call).gitPush, "config": (*call).gitConfigCommand, "submodule": (*call).gitForeach,
		"bisect": (*call).gitBisect, "filter-branch": (*call).gitFilters, "send-email": (*call).gitMail,
		"checkout": (*call).gitCheckout, "restore": (*call).gitCheckout,
		"rebase":   func(c *call, u *use) { c.gitRuns(u, "-x", "--exec") },
		"difftool": func(c *call, u *use) { c.gitRuns(u, "-x", "--extcmd") }, "mergetool": func(c *call, u *use) { c.gitRuns(u, "-x", "--extcmd") },
	}
	for _, verb := range []string{"show", "cat-file", "log", "diff", "blame", "annotate"} {
		gitVerbs[verb] = (*call).gitShows
	}
	for _, verb := range []string{"clone", "fetch", "pull", "ls-remote", "remote", "archive"} {
		gitVerbs[verb] = (*call).gitTransfer
	}
}

// gitShows notes secrets among what is shown: REV:PATH, or a path.
func (c *call) gitShows(u *use) {
	for _, a := range u.operands {
		_, p, ok := strings.Cut(a.s, ":")
		if !ok {
			p = a.s
		}
		c.secret = c.secret || sensitivePath(absolute(p, c.sc))
	}
}

func (c *call) gitBranch(u *use) {
	if u.has("-d", "--delete") && u.has("-f", "--force") {
		c.rate(Irreversible, "git branch", "deletes a branch that may not be merged")
	}
}

func (c *call) gitUpdateRef(u *use) {
	if !c.fed || !u.has("--stdin") && !strings.Contains(join(c.args).s, "--stdin") {
		return
	}
	c.rate(Stateful, "git update-ref", "changes branches and tags")
	if strings.Contains(c.stdin.s, "delete") {
		c.rate(Irreversible, "git update-ref", "drops branches or tags")
	}
}

func (c *call) gitRemove(u *use) {
	if !u.has("-f", "--force") || !u.has("-r") || u.has("-n", "--dry-run", "--cached") {
		return
	}
	for _, a := range u.operands {
		if a.s == "." || a.s == "*" || a.s == "/" || a.s == ":/" {
			c.rate(Irreversible, "git rm", "removes every file, with changes that are not committed")
		}
	}
}

func (c *call) gitBisect(u *use) {
	if len(u.operands) > 0 && u.operands[0].s == "run" {
		c.rate(Stateful, "git bisect run", "runs a command")
		c.command(u.operands[1:])
	}
}

// gitRuns follows the options that are commands.
func (c *call) gitRuns(u *use, names ...string) {
	for _, o := range u.options {
		if o.has && slices.Contains(names, o.name) {
			c.rate(Stateful, "git "+u.words[0]+" "+o.name, "runs a command")
			c.shellText(o.arg.str)
		}
	}
}

func (c *call) gitFilters(u *use) {
	for _, o := range u.options {
		if o.has {
			c.shellText(o.arg.str)
		}
	}
}

func (c *call) gitMail(u *use) {
	for _, o := range u.options {
		if o.has && (o.name != "--smtp-server" && strings.HasSuffix(o.name, "-cmd") || o.name == "--smtp-server" && strings.HasPrefix(o.arg.s, "/")) {
			c.program(o.arg, "git send-email "+o.name)
		}
	}
}

// gitTransfer: an address may run a command, and options name programs and settings.
func (c *call) gitTransfer(u *use) {
	for _, a := range u.operands {
		if text, ok := strings.CutPrefix(a.s, "ext::"); ok {
			c.rate(Stateful, "git", "the address runs a command")
			c.shellText(str{text, a.t})
		}
	}
	for _, o := range u.options {
		switch {
		case !o.has:
		case (o.name == "-u" || o.name == "--upload-pack" || o.name == "--exec") && o.arg.s != "git-upload-pack":
			c.rate(Stateful, "git "+o.name, "runs another program")
			c.shellText(o.arg.str)
		case o.name == "-c" || o.name == "--config":
			key, v, _ := strings.Cut(o.arg.s, "=")
			c.gitConfig(key, str{v, o.arg.t}, false)
		}
	}
}

// gitPush: force, delete and mirror lose what others have.
func (c *call) gitPush(u *use) {
	for i, a := range u.operands {
		if i == 0 {
			continue
		}
		if strings.HasPrefix(a.s, "+") || strings.HasPrefix(a.s, ":") {
			c.rate(Irreversible, "git push", "rewrites or deletes "+strings.TrimLeft(a.s, "+:")+" for everybody")
		}
	}
	if u.has("-n", "--dry-run") {
		c.tier = Observe
	}
	if o, ok := u.option("--receive-pack", "--exec"); ok && o.has {
		c.shellText(o.arg.str)
	}
}

// gitCheckout: a branch is reversible; paths are not, uncommitted work in them is gone.
func (c *call) gitCheckout(u *use) {
	restore := u.words[0] == "restore"
	if restore && u.has("--staged", "-S") && !u.has("--worktree", "-W") {
		c.rate(Reversible, "git restore --staged", "takes changes out of the index")
		return
	}
	if u.has("-b", "-B", "--orphan", "--detach", "-t", "--track") && !restore {
		c.rate(Reversible, "git checkout", "makes or changes a branch")
		return
	}
	dashes := false
	for _, a := range c.args {
		dashes = dashes || a.s == "--"
	}
	if restore || dashes || len(u.operands) > 1 || u.operand(0).s == "." || strings.HasPrefix(u.operand(0).s, "./") || strings.HasPrefix(u.operand(0).s, ":/") {
		if len(u.operands) > 0 {
			c.rate(Irreversible, "git "+u.words[0], "uncommitted work in "+join(u.operands).s+" is gone")
			return
		}
	}
	c.rate(Reversible, "git checkout", "changes the branch")
}

// gitForeach is submodule foreach.
func (c *call) gitForeach(u *use) {
	for i, a := range u.operands {
		if a.s == "foreach" {
			rest := u.operands[i+1:]
			for len(rest) > 0 && strings.HasPrefix(rest[0].s, "-") {
				rest = rest[1:]
			}
			c.shellText(join(rest))
			return
		}
		switch a.s {
		case "status", "summary":
			c.tier, c.rule, c.why = Observe, "git submodule status", "reads"
			return
		case "deinit":
			c.rate(Stateful, "git submodule deinit", "removes the submodule's files")
			if text := join(u.operands[i:]).s + " "; u.has("-f", "--force", "--all") || hasAny(text, " -f ", " --force ", " --all ") {
				c.rate(Irreversible, "git submodule deinit", "removes changed files too")
			}
			return
		default:
			c.rate(Reversible, "git submodule", "changes submodules")
			return
		}
	}
}

// gitVariables reads the settings that git takes from its environment: GIT_CONFIG_KEY_0 with GIT_CONFIG_VALUE_0, and
// GIT_CONFIG_PARAMETERS.
func (m *machine) gitVariables(name string, v str, sc *scope) {
	c := &call{m: m, sc: sc, args: words("git"), text: name + "=" + v.s}
	if n, ok := strings.CutPrefix(name, "GIT_CONFIG_VALUE_"); ok {
		key, _ := sc.get("GIT_CONFIG_KEY_" + n)
		c.gitConfig(key.first().s, v, false)
	}
	if name == "GIT_CONFIG_PARAMETERS" {
		for _, w := range shellFields(v.s) {
			key, value, _ := strings.Cut(w, "=")
			c.gitConfig(key, str{value, v.t}, false)
		}
	}
	c.finish(len(m.reasons))
}
