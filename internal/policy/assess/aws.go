package assess

import "strings"

func init() {
	hooks["aws"] = awsHook
}

// awsHook: SERVICE OPERATION; s3 and configure have commands of their own.
func awsHook(c *call, u *use) {
	ops := u.operands
	if u.has("--dry-run", "--dryrun", "--generate-cli-skeleton") {
		c.rate(Observe, "aws --dry-run", "only shows what it would do")
		return
	}
	switch {
	case len(ops) == 0, ops[len(ops)-1].s == "help", ops[0].s == "help":
	case ops[0].s == "configure":
		c.awsConfigure(ops[1:])
	case len(ops) < 2:
	case ops[0].s == "s3":
		c.awsS3(ops[1].s, ops[2:], u)
	default:
		c.awsOperation(ops[1].s, ops[2:], u)
	}
}

// awsConfigure changes this machine's settings, or shows them.
func (c *call) awsConfigure(ops []arg) {
	op := ""
	if len(ops) > 0 {
		op = ops[0].s
	}
	switch op {
	case "export-credentials":
		c.shows = true
	case "list", "get", "list-profiles":
		c.shows = c.shows || len(ops) > 1 && secretName(ops[1].s)
	default:
		c.rate(Reversible, "aws configure", "changes this machine's settings")
	}
}

var (
	// awsReveals are operations whose answer is a secret, or settings that usually hold some.
	awsReveals = setOf("get-secret-value get-session-token get-login-password assume-role get-federation-token get-authorization-token get-password-data create-access-key decrypt export-credentials get-token generate-db-auth-token get-cluster-credentials get-credentials get-function get-function-configuration get-credentials-for-identity batch-get-secret-value generate-data-key create-service-specific-credential")
	// awsReads are the verbs that operations begin with.
	awsReads = setOf("describe list get head lookup search filter scan query wait simulate estimate validate detect view select preview check count test verify ls tail batch-get batch-describe batch-check discover")
	awsLoses = setOf("delete terminate purge deregister remove destroy batch-delete forget release reset wipe revoke abort reject")
	// awsCuts are losses by another verb: keys, trails, accounts and what watches them.
	awsCuts = setOf("disable-key stop-logging leave-organization stop-configuration-recorder close-account schedule-key-deletion disable-alarm-actions disable-security-hub disable-macie stop-monitoring-members disable-organization-admin-account disassociate-from-administrator-account")
)

// awsOperation rates an operation by the verb that its name begins with.
func (c *call) awsOperation(op string, rest []arg, u *use) {
	head, tail, _ := strings.Cut(op, "-")
	if head == "batch" {
		second, _, _ := strings.Cut(tail, "-")
		head += "-" + second
	}
	parameters := op == "get-parameter" || op == "get-parameters" || op == "get-parameters-by-path"
	c.shows = c.shows || awsReveals[op] || parameters && u.has("--with-decryption")
	switch {
	case op == "get-object":
		if len(rest) > 0 {
			c.effect(writes, rest[len(rest)-1], "aws get-object")
		}
		c.rate(Reversible, "aws", "copies an object here")
	case op == "update-kubeconfig":
		c.rate(Reversible, "aws", "changes this machine's settings")
	case awsMild(op) && !awsReads[head]:
		c.rate(Stateful, "aws", op+" changes something")
	case awsCuts[op], awsLoses[head], head == "disable" && strings.Contains(op, "alarm"):
		c.rate(Irreversible, "aws", op+" loses what is there")
	case awsReads[head], op == "decrypt", awsReveals[op] && head != "create":
		c.rate(Observe, "aws", op+" reads")
	default:
		c.rate(Stateful, "aws", op+" changes something")
		c.awsCarries(op, u)
	}
}

// awsMild are verbs of loss whose object comes back with one command.
func awsMild(op string) bool {
	return strings.HasSuffix(op, "-tags") || strings.HasPrefix(op, "deregister-targets") || strings.HasPrefix(op, "deregister-instances")
}

// awsCarries follows the commands, statements and changes that an operation takes along.
func (c *call) awsCarries(op string, u *use) {
	for _, o := range u.options {
		switch {
		case !o.has:
		case o.name == "--command" && op == "execute-command":
			c.queue(Reread, func() str { return c.m.shell(o.arg.str, newScope()) })
		case o.name == "--sql", o.name == "--query-string", o.name == "--statement", o.name == "--query-statement":
			c.sql(o.arg.str)
		case o.name == "--parameters" && (op == "send-command" || op == "start-session"):
			for _, l := range stringLiterals(o.arg.s) {
				c.shellText(lit(l.text))
			}
			if _, text, ok := strings.Cut(strings.Replace(o.arg.s, "commands=", "command=", 1), "command="); ok {
				c.shellText(lit(strings.Trim(text, `[]"'`)))
			}
		}
	}
	if op == "change-resource-record-sets" && strings.Contains(join(c.args).s, `"DELETE"`) {
		c.rate(Irreversible, "aws", "deletes names")
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
