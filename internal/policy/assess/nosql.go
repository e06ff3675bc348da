package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["mongo"] = mongoHook
	hooks["redis"] = redisHook
}

// redisReads are commands without effect, from the command reference.
var redisReads = setOf("get mget strlen exists type ttl pttl keys scan hget hgetall hmget hkeys hvals hlen hexists hscan lrange llen lindex lpos smembers scard sismember smismember srandmember sscan sinter sunion sdiff zrange zrevrange zrangebyscore zcard zscore zmscore zrank zrevrank zcount zscan zrangebylex ping echo info time dbsize lastsave role command memory object randomkey getrange bitcount getbit bitpos pfcount xrange xrevrange xlen xinfo xread xpending geopos geodist georadius_ro geosearch dump touch_ro slowlog latency client config acl cluster pubsub monitor hello lolwut module sentinel expiretime pexpiretime object json.get ft.search ft.info ts.range ts.get substr select auth help quit wait psubscribe subscribe")

var redisLosses = setOf("flushall flushdb shutdown debug swapdb migrate failover replicaof slaveof reset script.flush function.flush")

func setOf(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

func redisHook(c *call, u *use) {
	if o, ok := u.option("--eval"); ok && o.has {
		c.script(o.arg)
		return
	}
	if o, ok := u.option("--cluster"); ok && o.has {
		c.redisCluster(o.arg.s, u.operands)
		return
	}
	if len(u.operands) == 0 {
		if u.has("--scan", "--bigkeys", "--memkeys", "--hotkeys", "--stat", "--latency", "--latency-history", "--rdb") {
			if o, ok := u.option("--rdb"); ok {
				c.effect(writes, o.arg, "redis-cli --rdb")
			}
			return
		}
		if c.fed {
			for _, line := range strings.Split(c.stdin.s, "\n") {
				if f := strings.Fields(line); len(f) > 0 {
					c.redisCommand(words(f...))
				}
			}
			if !c.stdin.known() {
				c.rate(Irreversible, "piped-code", "commands that are not known")
			}
			return
		}
		c.rate(Stateful, "redis", "an interactive client")
		return
	}
	c.redisCommand(u.operands)
}

func (c *call) redisCommand(args []arg) {
	name := strings.ToLower(args[0].s)
	second := ""
	if len(args) > 1 {
		second = strings.ToLower(args[1].s)
	}
	switch {
	case redisLosses[name], redisLosses[name+"."+second], name == "config" && second == "rewrite":
		c.rate(Irreversible, "redis", name+" destroys data or stops the server")
	case (name == "config" || name == "acl" || name == "client" || name == "slowlog" || name == "latency" || name == "memory" || name == "module" || name == "cluster" || name == "script" || name == "function" || name == "sentinel" || name == "object"):
		c.redisContainer(name, second)
		if name == "config" && second == "get" && len(args) > 2 {
			for _, setting := range []string{"requirepass", "masterauth", "masteruser", "tls-key-file-pass"} {
				if ok, _ := shellMatch(strings.ToLower(args[2].s), setting); ok {
					c.shows = true
				}
			}
		}
	case redisReads[name]:
		c.rate(Observe, "redis", "reads")
	case (name == "del" || name == "unlink") && len(args) > 1 && (!args[1].known() || args[1].multi):
		c.rate(Irreversible, "redis", "removes keys that are not known")
	case name == "eval" || name == "evalsha" || name == "fcall":
		c.rate(Stateful, "redis", "runs a script on the server")
		if strings.Contains(strings.ToLower(join(args).s), "flush") {
			c.rate(Irreversible, "redis", "a script that destroys data")
		}
	default:
		c.rate(Stateful, "redis", name+" changes data")
	}
}

// redisCluster rates redis-cli --cluster COMMAND HOST…
func (c *call) redisCluster(command string, ops []arg) {
	switch command {
	case "check", "info", "help":
		c.tier, c.rule, c.why = Observe, "redis", "shows the cluster"
	case "call":
		c.tier = Observe
		if len(ops) > 1 {
			c.redisCommand(ops[1:])
		}
	case "del-node", "import":
		c.rate(Irreversible, "redis", "--cluster "+command)
	default:
		c.rate(Stateful, "redis", "--cluster "+command)
	}
}

// redisContainer rates the commands that have subcommands.
func (c *call) redisContainer(name, second string) {
	switch second {
	case "get", "list", "info", "usage", "stats", "doctor", "len", "nodes", "slots", "shards", "help", "whoami", "cat", "users", "getuser", "id", "getname", "latest", "history", "histogram", "exists", "encoding", "refcount", "idletime", "freq", "myid", "links", "keyslot", "countkeysinslot", "dump", "masters", "master", "replicas", "":
		c.rate(Observe, "redis", "reads")
		c.shows = c.shows || name == "acl" && second != "whoami" && second != "cat"
	case "flush", "reset", "forget", "failover", "flushslots", "delslots":
		c.rate(Irreversible, "redis", name+" "+second)
	case "resetstat":
		c.rate(Stateful, "redis", name+" "+second)
	case "set":
		c.rate(Stateful, "redis", "changes the server's settings")
	default:
		c.rate(Stateful, "redis", name+" "+second)
	}
}

var (
	mongoLosses = lazyregexp.New(`(?i)(_?dropDatabase|\._drop\s*\(|\.truncate\s*\(|\.drop(Index(es)?|User|Role|AllUsers\w*)?\s*\(|deleteMany\s*\(\s*(\{\s*\}|\))|remove\s*\(\s*(\{\s*\}|\))|shutdownServer|fsync\w*|dropAll\w*|renameCollection|replSet(Reconfig|StepDown)|rs\.(reconfig|remove|stepDown)|sh\.remove|runCommand\s*\(\s*\{\s*['"]?(drop\w*|shutdown)|adminCommand\s*\(\s*\{\s*['"]?(shutdown|drop\w*)|\$out|\$merge|updateMany\s*\(\s*\{\s*\}|eval\()`)
	mongoBound  = lazyregexp.New(`(?i)\.dropIndex(es)?\s*\(`)
	mongoReads  = lazyregexp.New(`(?i)^[\s(]*(show\s+\w+|use\s+\w+|help|version\(\)|it|exit|quit(\(\))?|print(json)?\(.*\)|rs\.(status|conf|config|printReplicationInfo|printSecondaryReplicationInfo|hello)\(\)|sh\.status\(\)|db(\.\w+|\.getSiblingDB\([^)]*\)|\.getCollection\([^)]*\)|\[[^\]]*\])*\.?(find|findOne|count|countDocuments|estimatedDocumentCount|distinct|stats|serverStatus|hello|isMaster|version|getCollectionNames|getCollectionInfos|getIndexes|currentOp|hostInfo|getUsers|getName|adminCommand\(\s*\{\s*['"]?(listDatabases|ping|serverStatus|replSetGetStatus|getParameter|getLog|connectionStatus|top|buildInfo|hostInfo)|runCommand\(\s*\{\s*['"]?(ping|dbStats|collStats|connectionStatus|buildInfo|serverStatus|hello)|aggregate|explain|getMongo|getProfilingStatus|getReplicationInfo|printReplicationInfo|dataSize|storageSize|totalSize|getLogComponents)\b)`)
)

// mongoHook reads the expressions of --eval.
func mongoHook(c *call, u *use) {
	o, ok := u.option("--eval", "--javascript.execute-string")
	text := o.arg.str
	if !ok {
		if len(u.operands) > 1 || len(u.operands) == 1 && strings.HasSuffix(u.operands[0].s, ".js") || u.has("-f", "--file") {
			c.rate(Stateful, "mongo", "a script that cannot be seen from here")
			return
		}
		if !c.fed {
			c.rate(Stateful, "mongo", "an interactive client")
			return
		}
		text = c.stdin
		if !text.known() {
			c.rate(Irreversible, "piped-code", "statements that are not known")
		}
	}
	if hasAny(text.s, "require", "process.", "child_process", "runProgram", "exec") {
		c.code("node", text)
	}
	for _, st := range strings.FieldsFunc(text.s, func(r rune) bool { return r == ';' || r == '\n' }) {
		switch st = strings.TrimSpace(st); {
		case st == "":
		case mongoLosses.MatchString(st) && !(mongoBound.MatchString(st) && !strings.Contains(st, "dropDatabase")):
			c.rate(Irreversible, "mongo", "drops data")
		case mongoReads.MatchString(st) && !mongoWrites.MatchString(st):
			c.rate(Observe, "mongo", "reads")
		default:
			c.rate(Stateful, "mongo", "changes data or runs code")
		}
	}
}

var mongoWrites = lazyregexp.New(`(?i)([.\[]\s*["'\s]*(insert|update|delete|remove|replace|create|rename|drop)\w*["'\s\]]*\(|set\w*Level|set\w*\(|findAndModify|findOneAnd|forEach|bulkWrite|\$where|\$function|\$out|\$merge|=>|function\s*\(|load\(|runProgram|run\()`)
