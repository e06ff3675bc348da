package assess

import (
	"slices"
	"strings"
)

func init() {
	hooks["cloud"] = cloudHook
	hooks["ghapi"] = ghAPIHook
}

// cloudHook is gcloud, az and their kin: groups, then a verb, then the object's name and options.
func cloudHook(c *call, u *use) {
	var ops []arg
	for _, a := range u.operands {
		if strings.HasPrefix(a.s, "-") {
			break
		}
		ops = append(ops, a)
		c.reads(a)
	}
	if c.cloudRuns(u, ops) {
		return
	}
	text := " " + strings.ToLower(join(ops).s) + " "
	c.shows = c.shows || hasAny(text, cloudSecrets...)
	if u.has("--help", "-h", "--version", "-v") || len(ops) == 0 || ops[0].s == "help" {
		return
	}
	c.storeReads(text)
	for _, phrase := range cloudLosses {
		if strings.Contains(text, phrase) {
			c.rate(Irreversible, "cloud", "loses what is there:"+phrase)
			return
		}
	}
	c.lossOptions(u)
	c.repairOptions()
	c.outputs()
	if last := len(ops) - 1; cloudReads[ops[last].s] && !slices.ContainsFunc(ops[:last], func(a arg) bool { return strong(a.s) }) {
		c.rate(Observe, "cloud", "reads")
		return
	}
	for i := range ops {
		if nouns[strings.ToLower(ops[i].s)] && changes(ops[i+1:]) {
			continue
		}
		if c.cloudVerb(u, ops, i) {
			return
		}
	}
	c.rate(Stateful, "cloud", "changes something in the cloud")
}

var (
	// cloudSecrets are phrases of what shows a token, key or password.
	cloudSecrets = []string{"access-token", "print-", "get-access", "versions access", "secret show", "secret download", "keys list", "get-credentials", "show-connection-string", "keyvault secret", "account keys", "list-keys", "credentials", "credential show", "password"}
	// cloudReads end a command that reads.
	cloudReads = setOf("list describe show version info help ls list-locations read")
	// cloudLooks are read by themselves, as the first word.
	cloudLooks = setOf("version info help status ps logs members list services monitor feedback topic")
	// cloudHeads begin a verb that reads.
	cloudHeads = setOf("list describe get show")
	// cloudWords are losses by their own word only: reset-something is a name too often.
	cloudWords = setOf("reset clear format tag")
)

// cloudVerb rates the call if its ith word is the verb.
func (c *call) cloudVerb(u *use, ops []arg, i int) bool {
	w := strings.ToLower(ops[i].s)
	head, _, _ := strings.Cut(w, "-")
	kind := verbOf(ops[i].s)
	switch {
	case lossVerbs[w] && len(ops) > 1, i > 0 && lossVerbs[head] && !cloudWords[head], kind == losing && (strong(ops[i].s) || strings.Contains(w, ":")):
		c.rate(Irreversible, "cloud", w+" loses what is there")
	case w == "ssh" || w == "scp":
		c.cloudSSH(u)
	case head == "download" && i > 0:
		c.rate(Reversible, "cloud", "copies something here")
	case w == "get-credentials", w == "set" && i == 1, w == "login", w == "activate":
		c.rate(Reversible, "cloud", "changes this machine's settings")
	case (i > 0 || len(ops) == 1) && w != "export-config" && (readVerbs[w] || kind == reading && w != ops[i].s || cloudHeads[head]):
		c.rate(Observe, "cloud", "reads")
	case i == 0 && w == "down" && len(ops) < 3:
		c.rate(Irreversible, "cloud", "takes what runs there away")
	case i == len(ops)-1 && i < 3 && pluralLists[base(c.args[0].s)] && strings.HasSuffix(w, "s"):
		c.rate(Observe, "cloud", "lists "+w)
	case i == 0 && cloudLooks[w] && !changes(ops[1:]):
		c.rate(Observe, "cloud", "reads")
	default:
		return false
	}
	return true
}

// changes reports whether one of the words is a verb that changes or loses something.
func changes(ops []arg) bool {
	for _, a := range ops[:min(len(ops), 3)] {
		if v := verbOf(a.s); v == losing || v == changing {
			return true
		}
	}
	return false
}

// pluralLists are tools that list things when they are given no more than their plural.
var pluralLists = setOf("ibmcloud cf heroku bosh dokku civo cloudfoundry")

// cloudLosses are losses that are said with a verb that is harmless elsewhere.
var cloudLosses = []string{" snapshot restore ", " snapshots restore ", " droplet-action rebuild ", " droplet-action restore ", " server rebuild ", " server reinstall ", " backups restore ", " pg:reset ", " pg:copy ", " pg:backups:restore ", " db reset ", " db push --force ", " operator seal ", " services disable "}

// cloudRuns follows the commands and statements that some of these tools take along.
func (c *call) cloudRuns(u *use, ops []arg) bool {
	text := " " + strings.ToLower(join(ops).s) + " "
	for _, o := range u.options {
		if !o.has {
			continue
		}
		switch o.name {
		case "--command", "--ssh-command", "--scripts", "-C":
			if hasAny(text, " d1 ", " execute-sql ", " sql ") {
				c.rate(Observe, "cloud", "runs statements")
				c.sql(o.arg.str)
				return true
			}
			if !strings.HasPrefix(o.arg.s, "@") {
				c.queue(Reread, func() str { return c.m.shell(o.arg.str, newScope()) })
				if !hasAny(text, " ssh ", " scp ") {
					c.rate(Stateful, "cloud", "runs a command on another machine")
				}
			}
		}
	}
	if u.has("--sql") && hasAny(text, " execute-sql ") {
		return true
	}
	if hasAny(text, " db shell ", " sql ") && len(ops) > 2 && strings.Contains(ops[len(ops)-1].s, " ") {
		c.rate(Observe, "cloud", "runs statements")
		c.sql(ops[len(ops)-1].str)
		return true
	}
	if len(ops) > 1 && (ops[0].s == "run" || ops[0].s == "run:detached" || ops[0].s == "exec" || len(ops) > 2 && hasAny(text, " machine exec ", " run:inside ")) {
		switch base(c.args[0].s) {
		case "heroku", "railway", "fly", "flyctl", "dokku", "cf", "eb", "koyeb":
			sub := c.m.probe(func(p *machine) {
				p.shell(join(ops[1:]), newScope())
				p.shell(join(ops[min(3, len(ops)-1):]), newScope())
			})
			c.rate(max(sub.tier, Stateful), "cloud", "runs a command on another machine: "+worstOf(sub))
			return true
		}
	}
	return false
}

// storeReads notes what shows the content of a secret store, or settings that usually hold some.
func (c *call) storeReads(text string) {
	var shows []string
	switch base(c.args[0].s) {
	case "vault", "bao":
		shows = []string{" read ", " kv get ", " kv export ", " token ", " unwrap ", " print ", " write "}
	case "consul":
		shows = []string{" kv export ", " kv get ", " acl token "}
	case "nomad":
		shows = []string{" var get ", " var read ", " acl token "}
	case "heroku", "cf", "eb", "railway", "dokku":
		shows = []string{" config ", " config:get ", " env ", " printenv ", " variables "}
	}
	c.shows = c.shows || hasAny(text, shows...)
}

func (c *call) cloudSSH(u *use) {
	if o, ok := u.option("--command"); ok && o.has {
		c.queue(Reread, func() str { return c.m.shell(o.arg.str, newScope()) })
		return
	}
	c.rate(Stateful, "cloud", "a shell or copy on another machine")
}

// ghAPIHook: gh api with fields or another method changes something.
func ghAPIHook(c *call, u *use) {
	method := ""
	if o, ok := u.option("-X", "--method"); ok {
		method = strings.ToUpper(o.arg.s)
	}
	switch {
	case method == "DELETE":
		c.rate(Irreversible, "gh api", "deletes something")
	case method != "" && method != "GET", method == "" && u.has("-f", "-F", "--field", "--raw-field", "--input"):
		if u.operand(0).s == "graphql" && !strings.Contains(join(c.args).s, "mutation") {
			return
		}
		c.rate(Stateful, "gh api", "changes something")
	}
}
