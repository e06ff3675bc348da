package assess

import "strings"

// Programs that the tables know take commands in ways that the tables do not: behind a verb such as exec, as the value of an
// option such as --command. What stands there is weighed as a command.

// execVerbs are the words behind which a tool expects a command, perhaps after the name of where it is to run.
var execVerbs = setOf("exec run x ssh rsh shell unshare submit env time do chroot spawn invoke launch")

// remoteVerbs are execVerbs to tools of clouds and guests only: elsewhere they name a service or package.
var (
	remoteVerbs = setOf("ssh rsh shell")
	remoteHooks = setOf("cloud verbs guestExec framework remoteText")
)

// execOptions are options whose value is one.
var execOptions = setOf("--command --cmd --exec --exec-command --shell-command --run -c -x")

// followed elsewhere: hooks that know where the command stands, and tools that run scripts of a project by their names.
var execReads = setOf("service systemctl apt npm npmExec dockerRun dockerExec ssh shell interpreter sudo su xargs parallel find cd test which command git")

// execTools run commands elsewhere, though their words are often texts.
var execTools = setOf("docker podman kubectl aws gcloud az")

// weighExec weighs what a program may run though its rows and hook do not say so.
func (c *call) weighExec(hook string) {
	if len(c.runs) > 0 || c.tier == Irreversible || execReads[hook] || len(c.args) < 3 || textTakers[base(c.args[0].s)] && !execTools[base(c.args[0].s)] {
		return
	}
	c.execVerb(remoteHooks[hook])
	c.execOption()
}

// execVerb weighs what stands behind a verb such as exec, in bundle exec, opam exec -- and conda run -n NAME: what of it is the
// command depends on options that differ from tool to tool.
func (c *call) execVerb(remote bool) {
	for i := 1; i < len(c.args) && i <= verbWords; i++ {
		if !execVerbs[c.args[i].s] || remoteVerbs[c.args[i].s] && !remote {
			continue
		}
		for j := i + 1; j < len(c.args) && j < i+8; j++ {
			switch a := c.args[j]; {
			case named(a.s):
				c.guess(c.args[j:])
				if len(c.args) > maxFields {
					return // so many words are read once, not for each place where a command may begin
				}
			case strings.Contains(a.s, " "):
				if tier, why := c.weigh(a); tier == Irreversible {
					c.rate(Irreversible, "exec", "it may run “"+a.show()+"”: "+why)
				}
			}
		}
		return
	}
}

// execOption weighs the values of options that by their names are commands.
func (c *call) execOption() {
	for i, a := range c.args[1:] {
		name, v, attached := strings.Cut(a.s, "=")
		if !execOptions[name] || c.tier < Stateful && !strings.HasPrefix(name, "--") {
			continue
		}
		value := arg{str: str{v, a.t}}
		if !attached && i+2 < len(c.args) {
			value = c.args[i+2]
		}
		if first, _, _ := strings.Cut(value.s, " "); named(first) {
			c.guess(append(words("sh", "-c"), value))
		}
	}
}
