package assess

import "strings"

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
	for _, s := range []string{"access-token", "print-", "get-access", "versions access", "secret show", "secret download", "keys list", "get-credentials", "show-connection-string", "keyvault secret", "account keys", "list-keys", "credentials", "credential show", "password"} {
		if strings.Contains(text, s) {
			c.shows = true
		}
	}
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
	switch ops[len(ops)-1].s {
	case "list", "describe", "show", "version", "info", "help", "ls", "list-locations", "read":
		c.rate(Observe, "cloud", "reads")
		return
	}
	for i, a := range ops {
		w := strings.ToLower(a.s)
		head, _, _ := strings.Cut(w, "-")
		if nouns[w] && changes(ops[i+1:]) {
			continue
		}
		switch {
		case lossVerbs[w] && (i > 0 || len(ops) > 1) || i > 0 && lossVerbs[head] && head != "reset" && head != "clear" && head != "format" && head != "tag",
			verbOf(a.s) == losing && (strong(a.s) || strings.ContainsAny(a.s, ":")):
			c.rate(Irreversible, "cloud", w+" loses what is there")
			return
		case w == "ssh" || w == "scp":
			c.cloudSSH(u)
			return
		case (i > 0 || len(ops) == 1) && (readVerbs[w] || verbOf(a.s) == reading && w != a.s || head == "list" || head == "describe" || head == "get" || head == "show") && w != "get-credentials" && w != "export-config":
			c.rate(Observe, "cloud", "reads")
			return
		case i == 0 && !changes(ops[1:]) && (w == "version" || w == "info" || w == "help" || w == "status" || w == "ps" || w == "logs" || w == "members" || w == "list" || w == "services" || w == "monitor" || w == "feedback" || w == "topic"):
			c.rate(Observe, "cloud", "reads")
			return
		case w == "get-credentials" || w == "set" && i == 1 || w == "login" || w == "activate" || w == "cp" && strings.HasPrefix(ops[0].s, "storage"):
			if w == "cp" {
				break
			}
			c.rate(Reversible, "cloud", "changes this machine's settings")
			return
		}
	}
	c.rate(Stateful, "cloud", "changes something in the cloud")
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

// cloudLosses are losses that are said with a verb that is harmless elsewhere.
var cloudLosses = []string{" snapshot restore ", " snapshots restore ", " droplet-action rebuild ", " droplet-action restore ", " server rebuild ", " server reinstall ", " backups restore ", " pg:reset ", " pg:copy ", " pg:backups:restore ", " db reset ", " db push --force "}

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

// awsHook: SERVICE OPERATION; s3 has commands of its own.
func awsHook(c *call, u *use) {
	ops := u.operands
	if u.has("--dry-run", "--dryrun", "--generate-cli-skeleton") {
		c.rate(Observe, "aws --dry-run", "only shows what it would do")
		return
	}
	if len(ops) < 2 {
		if len(ops) == 1 && ops[0].s == "configure" {
			c.rate(Reversible, "aws configure", "changes this machine's settings")
		}
		return
	}
	if ops[len(ops)-1].s == "help" {
		return
	}
	service, op := ops[0].s, ops[1].s
	switch service {
	case "s3":
		c.awsS3(op, ops[2:], u)
		return
	case "configure":
		if op == "export-credentials" {
			c.shows = true
			return
		}
		if op == "list" || op == "get" || op == "list-profiles" {
			if len(ops) > 2 && secretName(ops[2].s) {
				c.shows = true
			}
			return
		}
		c.rate(Reversible, "aws configure", "changes this machine's settings")
		return
	case "help":
		return
	}
	head, _, _ := strings.Cut(op, "-")
	switch {
	case op == "get-secret-value" || op == "get-session-token" || op == "get-login-password" || op == "assume-role" || op == "get-federation-token" || op == "get-authorization-token" || op == "get-password-data" || op == "create-access-key" || op == "get-parameter" && u.has("--with-decryption") || op == "decrypt" || op == "export-credentials" || op == "get-parameters" && u.has("--with-decryption") || op == "get-parameters-by-path" && u.has("--with-decryption") || op == "get-token" || op == "generate-db-auth-token" || op == "get-cluster-credentials" || op == "get-credentials" || op == "get-function" || op == "get-function-configuration" || op == "get-credentials-for-identity":
		c.shows = true
		if head == "create" {
			c.rate(Stateful, "aws", op)
		}
	case op == "get-object":
		if len(ops) > 2 {
			c.effect(writes, ops[len(ops)-1], "aws get-object")
		}
		c.rate(Reversible, "aws", "copies an object here")
	case head == "describe" || head == "list" || head == "get" || head == "head" || head == "lookup" || head == "batch-get" || head == "search" || head == "filter" || head == "scan" || head == "query" || head == "wait" || op == "help" || head == "simulate" || head == "estimate" || head == "validate" || head == "detect" || head == "view" || op == "ls" || op == "tail" || head == "select" || head == "preview" || head == "check" || head == "count" || head == "test" || head == "verify":
		c.rate(Observe, "aws", op+" reads")
	case strings.HasPrefix(op, "batch-get") || strings.HasPrefix(op, "batch-describe") || strings.HasPrefix(op, "batch-check"):
		c.rate(Observe, "aws", op+" reads")
	case head == "delete" || head == "terminate" || head == "purge" || head == "deregister" || head == "remove" || head == "destroy" || strings.HasPrefix(op, "batch-delete") || head == "schedule" && strings.Contains(op, "deletion") || head == "forget" || head == "release" || head == "reset" || head == "wipe" || op == "disable-key" || op == "stop-logging" || op == "leave-organization" || op == "stop-configuration-recorder" || head == "disable" && (strings.Contains(op, "security-hub") || strings.Contains(op, "macie") || strings.Contains(op, "alarm") || strings.Contains(op, "organization-admin")) || op == "close-account":
		c.rate(Irreversible, "aws", op+" loses what is there")
	default:
		c.rate(Stateful, "aws", op+" changes something")
		if op == "execute-command" {
			if o, ok := u.option("--command"); ok && o.has {
				c.queue(Reread, func() str { return c.m.shell(o.arg.str, newScope()) })
			}
		}
		if o, ok := u.option("--sql"); ok && o.has {
			c.sql(o.arg.str)
		}
		if op == "send-command" || op == "start-session" {
			for _, o := range u.options {
				if o.name == "--parameters" && o.has {
					for _, l := range stringLiterals(o.arg.s) {
						c.shellText(lit(l.text))
					}
					if _, text, ok := strings.Cut(strings.Replace(o.arg.s, "commands=", "command=", 1), "command="); ok {
						c.shellText(lit(strings.Trim(text, `[]"'`)))
					}
				}
			}
		}
	}
}

func (c *call) awsS3(op string, paths []arg, u *use) {
	switch op {
	case "ls", "presign", "help":
		return
	case "rm", "rb":
		c.rate(Irreversible, "aws s3 "+op, "deletes objects")
	case "mb", "website":
		c.rate(Stateful, "aws s3 "+op, "changes a bucket")
	case "cp", "mv", "sync":
		if len(paths) < 2 {
			c.rate(Stateful, "aws s3 "+op, "copies objects")
			return
		}
		from, to := paths[0], paths[1]
		for _, f := range paths[:1] {
			if !strings.HasPrefix(f.s, "s3://") && f.s != "-" {
				c.reads(f)
			}
			if f.s == "-" && c.fed {
				c.secret = c.secret || c.stdin.tainted(anySecret)
			}
		}
		if strings.HasPrefix(to.s, "s3://") {
			c.rate(Stateful, "aws s3 "+op, "writes objects")
		} else {
			c.sends = false
			if to.s == "-" {
				c.out = &str{unk, fromNet | fromData}
			} else {
				c.copyInto(to, paths[:1], "aws s3 "+op)
				c.rate(Reversible, "aws s3 "+op, "copies objects here")
			}
		}
		if op == "mv" && strings.HasPrefix(from.s, "s3://") {
			c.rate(Stateful, "aws s3 mv", "moves objects")
			if u.has("--recursive") {
				c.rate(Irreversible, "aws s3 mv", "moves many objects")
			}
		}
		if u.has("--delete") {
			at, exact := locate(to, c.sc)
			if strings.HasPrefix(to.s, "s3://") || at != work && at != temp || !exact {
				c.rate(Irreversible, "aws s3 sync --delete", "deletes what the source does not have")
			} else {
				c.rate(Stateful, "aws s3 sync --delete", "deletes what the source does not have")
			}
		}
	default:
		c.rate(Stateful, "aws s3 "+op, "changes objects")
	}
}
