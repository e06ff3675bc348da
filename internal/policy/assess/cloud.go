package assess

import "strings"

// Verbs of command line tools whose subcommands are too many to list: the verb says what is done to the object.
var (
	readVerbs = setOf("describe list get show ls head view status info help version wait test validate check lint diff search inspect logs log tail top history events explain print export-config lookup query scan count read doctor whoami ping tree stat env current-context get-contexts get-clusters config-view api-resources api-versions cluster-info can-i completion decode preview plan graph providers output fmt-check outdated audit-log ps port images volumes networks services nodes describe-all download-logs resolve batch-get filter select estimate simulate detect verify details overview metrics usage limits quota regions zones sizes options man docs list-all ls-remote dry-run summary report cat find dump-config display health members peers dashboard df du")
	lossVerbs = setOf("delete destroy remove rm terminate purge rb drop uninstall deregister disable-all erase wipe nuke reset prune del delete-all flush revoke-all truncate unregister undeploy teardown cleanup format clear unset-all")
)

// changeVerbs end the search: what stands behind them is a name.
var changeVerbs = setOf("create add set update apply start stop restart edit patch run exec install upgrade enable disable sync rollback import restore scale move mv rename attach detach put push deploy up launch clone migrate mount unmount open close assign grant login logout init register join leave promote resize snapshot activate deactivate reload pause unpause resume suspend write append insert modify change replace tag untag copy cp export trigger retry cancel approve reject")

// verbsHook rates a tool by the verb among its first words.
func verbsHook(c *call, u *use) {
	ops := u.operands
	for i, a := range ops {
		if strings.HasPrefix(a.s, "-") {
			ops = ops[:i]
			break
		}
	}
	if len(ops) > 4 {
		ops = ops[:4]
	}
	if u.has("--dry-run", "--dryrun", "--help", "-h", "--what-if") {
		c.tier, c.rule, c.why = Observe, "dry run", "only shows what it would do"
		return
	}
	for _, a := range append(words(u.words...), ops...) {
		w := strings.ToLower(a.s)
		if i := strings.LastIndexAny(w, ".:"); i >= 0 && i+1 < len(w) {
			w = w[i+1:]
		}
		head, _, _ := strings.Cut(w, "-")
		switch {
		case lossVerbs[w] || lossVerbs[head] || strings.HasPrefix(w, "delete") || strings.HasPrefix(w, "destroy") || strings.HasPrefix(w, "unregister"):
			c.rate(Irreversible, "verb", w+" loses what is there")
			return
		case changeVerbs[w] || changeVerbs[head]:
			c.rate(Stateful, "verb", w+" changes something")
			return
		case readVerbs[w] || readVerbs[head]:
			c.rate(Observe, "verb", w+" reads")
			if strings.Contains(join(ops).s, "secret") || strings.Contains(join(ops).s, "token") || strings.Contains(join(ops).s, "credential") {
				c.shows = true
			}
			return
		}
	}
	if len(ops) == 0 && len(u.words) == 0 {
		c.rate(Observe, "verb", "shows help")
		return
	}
	if len(u.words) == 0 {
		c.rate(Stateful, "verb", "may change something")
	}
}

// cloudHook is gcloud, az and their kin: groups, then a verb, then the object's name and options.
func cloudHook(c *call, u *use) {
	var ops []arg
	for _, a := range u.operands {
		if strings.HasPrefix(a.s, "-") {
			break
		}
		ops = append(ops, a)
	}
	text := " " + strings.ToLower(join(ops).s) + " "
	for _, s := range []string{"access-token", "print-", "get-access", "versions access", "secret show", "secret download", "keys list", "get-credentials", "show-connection-string", "keyvault secret", "account keys", "list-keys", "credentials", "credential show", "password"} {
		if strings.Contains(text, s) {
			c.shows = true
		}
	}
	if u.has("--help", "-h", "--version", "-v") || len(ops) == 0 {
		return
	}
	c.storeReads(text)
	switch ops[len(ops)-1].s {
	case "list", "describe", "show", "version", "info", "help", "ls", "list-locations", "read":
		c.rate(Observe, "cloud", "reads")
		return
	}
	for i, a := range ops {
		w := strings.ToLower(a.s)
		head, _, _ := strings.Cut(w, "-")
		switch {
		case i > 0 && (lossVerbs[w] || lossVerbs[head] && head != "reset" && head != "clear" && head != "format"):
			c.rate(Irreversible, "cloud", w+" loses what is there")
			return
		case w == "ssh" || w == "scp":
			c.cloudSSH(u)
			return
		case (i > 0 || len(ops) == 1) && (readVerbs[w] || head == "list" || head == "describe" || head == "get" || head == "show") && w != "get-credentials" && w != "export-config":
			c.rate(Observe, "cloud", "reads")
			return
		case i == 0 && (w == "version" || w == "info" || w == "help" || w == "status" || w == "ps" || w == "logs" || w == "members" || w == "list" || w == "services" || w == "monitor" || w == "feedback" || w == "topic"):
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
	case head == "delete" || head == "terminate" || head == "purge" || head == "deregister" || head == "remove" || head == "destroy" || strings.HasPrefix(op, "batch-delete") || head == "schedule" && strings.Contains(op, "deletion") || head == "forget" || head == "release" || head == "reset" || head == "wipe" || op == "disable-key" || op == "stop-logging":
		c.rate(Irreversible, "aws", op+" loses what is there")
	default:
		c.rate(Stateful, "aws", op+" changes something")
		if op == "send-command" {
			for _, o := range u.options {
				if o.name == "--parameters" && o.has {
					for _, l := range stringLiterals(o.arg.s) {
						c.shellText(lit(l.text))
					}
					if _, text, ok := strings.Cut(o.arg.s, "commands="); ok {
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
