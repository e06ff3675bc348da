package assess

import "strings"

func init() {
	hooks["aws"] = awsHook
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
