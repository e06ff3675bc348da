package assess

import "strings"

// maxWeighed bounds the words of a call that are weighed as commands.
const maxWeighed = 12

// weighWords raises a call that changes something, or may be anything, to what its words would do as commands. The tables
// cannot know every program and option that runs one; that a text which destroys things stands there as data of such a call is
// rarer than that it is run.
func (c *call) weighWords() {
	if c.tier < Stateful && len(c.args) > 2 && !c.weighed {
		c.weighTail()
	}
	if c.tier != Stateful || len(c.args) < 2 || c.weighed || c.rule == "script" && c.fed {
		return
	}
	c.weighed = true
	name := base(c.args[0].s)
	for i, a := range c.args[1:min(len(c.args), maxWeighed+1)] {
		if c.tier == Irreversible {
			return
		}
		text := a
		if option, _, _ := strings.Cut(a.s, "="); messageOption[option] || messageOption[c.args[i].s] || textTakers[name] && len(c.args[i].s) == 2 && strings.Contains("-b-t-m-n-d", c.args[i].s) {
			continue
		}
		if strings.HasPrefix(a.s, "-") {
			_, v, ok := strings.Cut(a.s, "=")
			if !ok {
				continue
			}
			text.s = v
		}
		if tier, why := c.weigh(text); tier == Irreversible {
			c.rate(Irreversible, "unknown", "it may run “"+text.show()+"”: "+why)
		} else if rest := c.args[1+i:]; len(rest) > 1 && strings.HasPrefix(rest[1].s, "-") && base(a.s) != name && named(a.s) && !strings.HasPrefix(a.s, "-") {
			c.guess(rest)
		}
	}
}

// messageOption are options whose value is a text for people.
var messageOption = setOf("--body --title --message --msg --notes --note --description --desc --comment --reason --subject --summary --text --annotation --label --commit-message")

// weigh says how bad a word is if it is run as shell text. Words without a blank are names of things.
func (c *call) weigh(a arg) (Tier, string) {
	if !strings.ContainsAny(a.s, " \t\n;&|`") || len(a.s) > 4096 || c.m.depth > maxDepth/2 || c.m.steps > maxSteps/2 {
		return Observe, ""
	}
	first, _, _ := strings.Cut(strings.TrimLeft(a.s, "!:;&| \t\n"), " ")
	if !named(first) {
		return Observe, ""
	}
	sub := c.m.probe(func(p *machine) { p.shell(a.str, c.sc.fork()) })
	return sub.tier, worstOf(sub)
}

// textTakers are programs that read or print, whose words are often texts about commands.
var textTakers = setOf("echo printf test [ [[ true false : man info help type which whereis whatis apropos tldr command history compgen grep egrep fgrep zgrep rg ack ag ugrep git gh glab hub hg svn jj awk gawk mawk nawk sed gsed jq yq logger notify-send wall write mail mailx sendmail curl wget http https xh psql mysql mariadb sqlite3 redis-cli mongosh duckdb touch mkdir basename dirname expr find fd locate plocate journalctl ausearch ls cat head tail less more wc sort uniq cut tr rev base64 xxd shasum md5sum sha1sum sha256sum diff comm column fold fmt paste seq yes date cal printenv export declare local readonly typeset alias trap read set shift strings figlet cowsay banner lolcat tee xargs echo_supervisord_conf kubectl docker podman aws gcloud az tmux screen exec")

// weighTail looks at a program that is said to read for a command that it runs all the same: behind "--", or as the value of an
// option. The tables cannot know every such option.
func (c *call) weighTail() {
	if g := lookup(base(c.args[0].s)); textTakers[base(c.args[0].s)] || c.rule == "function" || g != nil && g.attrs["hook"] == "shell" {
		return
	}
	for i, a := range c.args[1:min(len(c.args)-1, maxWeighed)] {
		next := c.args[2+i]
		switch {
		case a.s == "--" && len(c.args) > 3+i && named(next.s):
			c.guess(c.args[2+i:])
		case strings.HasPrefix(a.s, "-") && len(a.s) > 1:
			if _, v, ok := strings.Cut(a.s, "="); ok {
				next = arg{str: str{v, a.t}}
			}
			if tier, why := c.weigh(next); tier == Irreversible {
				c.rate(Irreversible, "option", "the option "+a.s+" may run “"+next.show()+"”: "+why)
			}
		case c.tier == Reversible:
			if tier, why := c.weigh(next); tier == Irreversible {
				c.rate(Irreversible, "unknown", "it may run “"+next.show()+"”: "+why)
			}
		}
	}
}

// named reports whether a word is the name of a program, rather than one that a device's console takes for a command.
func named(word string) bool {
	g := lookup(base(word))
	return g != nil && !g.is("gear")
}
