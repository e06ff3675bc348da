package assess

import (
	"regexp"
	"strings"
)

func init() {
	hooks["psql"] = psqlHook
	hooks["mysql"] = mysqlHook
	hooks["sqlite"] = sqliteHook
	hooks["sqlFlags"] = sqlFlagsHook
	hooks["redis"] = redisHook
	hooks["mongo"] = mongoHook
}

// sql rates each statement of a text by what it does to data, not by the words in its strings.
func (c *call) sql(s str) {
	if s.tainted(fromNet) {
		c.rate(Irreversible, "remote-code", "runs statements fetched from the network")
	}
	if !s.known() {
		c.rate(Stateful, "sql", "part of the statement is not known")
	}
	for _, st := range statements(s.s) {
		tier, why := statement(st)
		c.rate(tier, "sql", why)
		if sqlReads.MatchString(st) {
			c.secret = true
		}
		if m := sqlProgram.FindStringSubmatch(st); m != nil {
			c.rate(Stateful, "sql", "runs a program on the server")
			c.rate(Irreversible, "sql", "gives data to a program on the server")
		}
	}
}

// statements splits SQL at semicolons outside of strings, without comments and with every string emptied.
func statements(s string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if t := strings.TrimSpace(b.String()); t != "" {
			out = append(out, t)
		}
		b.Reset()
	}
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		switch ch := s[i]; {
		case strings.HasPrefix(rest, "--") || ch == '#' && (i == 0 || s[i-1] == ' ' || s[i-1] == '\n'):
			i += len(rest) - 1
			if j := strings.IndexByte(rest, '\n'); j >= 0 {
				i += j - len(rest) + 1
			}
			b.WriteByte(' ')
		case strings.HasPrefix(rest, "/*!"): // MySQL runs what such a comment holds
			i += 2
			for i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
				i++
			}
			b.WriteByte(' ')
		case strings.HasPrefix(rest, "/*"):
			j := strings.Index(rest[2:], "*/")
			if j < 0 {
				j = len(rest) - 4
			}
			i += max(j, 0) + 3
			b.WriteByte(' ')
		case strings.HasPrefix(rest, "*/"):
			i++
		case ch == '\'' || ch == '"' || ch == '`':
			j := i + 1
			for j < len(s) && s[j] != ch {
				if s[j] == '\\' && ch == '\'' {
					j++
				}
				j++
			}
			if ch == '\'' {
				b.WriteString("''")
			} else {
				b.WriteString(s[i:min(j+1, len(s))])
			}
			i = j
		case ch == '$' && dollarTag.MatchString(rest):
			tag := dollarTag.FindString(rest)
			j := strings.Index(rest[len(tag):], tag)
			if j < 0 {
				j = len(rest) - 2*len(tag)
			}
			b.WriteString(" " + strings.ReplaceAll(rest[len(tag):len(tag)+max(j, 0)], ";", " ") + " ")
			i += max(j, 0) + 2*len(tag) - 1
		case ch == ';':
			flush()
		case ch == '\\' && i+1 < len(s) && (s[i+1] == 'G' || s[i+1] == 'g'):
			flush()
			i++
		default:
			b.WriteByte(ch)
		}
	}
	flush()
	return out
}

var (
	dollarTag  = regexp.MustCompile(`^\$[A-Za-z_]*\$`)
	sqlSpace   = regexp.MustCompile(`\s+`)
	sqlProgram = regexp.MustCompile(`(?is)^copy\b.*\b(to|from)\s+program\b`)
	sqlReads   = regexp.MustCompile(`(?i)\b(pg_shadow|pg_authid|mysql\.user|pg_read_file|load_file|pg_read_binary_file|sys\.sql_logins|dba_users|rolpassword|authentication_string)\b`)
	sqlWrites  = regexp.MustCompile(`(?i)\b(insert|update|delete|merge|drop|truncate|alter|create|grant|revoke|copy)\b`)
	sqlActs    = regexp.MustCompile(`(?i)\b(pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_switch_wal|pg_switch_xlog|pg_promote|pg_drop_\w+|pg_create_\w+|pg_file_\w+|pg_start_backup|pg_stop_backup|pg_backup_\w+|pg_wal_replay_\w+|pg_logical_\w+|pg_replication_\w+|pg_advisory_lock\w*|pg_notify|pg_import\w*|pg_stat_reset\w*|pg_stat_statements_reset|lo_\w+|dblink\w*|set_config|setval|nextval|txid_current|query_to_xml\w*|cron\.\w+|add_\w+_policy|drop_chunks|compress_chunk|create_hypertable|get_lock|release_lock|benchmark|sleep)\s*\(`)
	sqlRuns    = regexp.MustCompile(`(?i)\b(sys_exec|sys_eval|load_extension|writefile|xp_cmdshell|sp_oacreate|sp_configure|edit|fts3_tokenizer|lo_export|lo_import|pg_execute_server_program|dbms_scheduler|dbms_java|utl_file|plpython\w*|plperlu?|pg_drop_replication_slot|pg_read_server_files)\b`)
	sqlInto    = regexp.MustCompile(`(?is)^(select|with)\b.*\binto\b`)
	sqlFile    = regexp.MustCompile(`(?is)\binto\s+(out|dump)file\b`)
	sqlAlways  = regexp.MustCompile(`(?is)\bwhere\s+(1\s*=\s*1|true|1|not\s+false|''\s*=\s*''|id\s*(>|>=)\s*-?[01]|id\s+is\s+not\s+null|0\s*=\s*0)\s*(;|$|returning\b)`)
)

// statement rates one SQL statement.
func statement(st string) (Tier, string) {
	flat := strings.TrimLeft(sqlSpace.ReplaceAllString(st, " "), "( ")
	low := strings.ToLower(flat)
	words := strings.FieldsFunc(low, func(r rune) bool { return r == ' ' || r == '(' || r == ')' || r == ',' })
	if len(words) == 0 {
		return Observe, "nothing"
	}
	first, second := words[0], ""
	if len(words) > 1 {
		second = words[1]
	}
	if sqlRuns.MatchString(low) {
		return Irreversible, "runs programs or touches files on the server"
	}
	switch first {
	case "select", "show", "describe", "desc", "values", "table", "help", "use", "list", "status", "begin", "start", "commit", "rollback", "end", "savepoint", "release", "fetch", "declare", "close", "print", "go", "pager", "exit", "quit", "summarize", "from":
		return readStatement(low, first)
	case "with":
		return withStatement(low)
	case "explain":
		return explainStatement(low)
	case "pragma":
		return pragma(low)
	case "set", "reset", "discard":
		if first == "reset" && (second == "master" || second == "slave" || second == "replica" || second == "binary") {
			return Irreversible, "drops the server's replication logs"
		}
		if second == "global" || second == "persist" || second == "password" || strings.HasPrefix(second, "@@global") || second == "persist_only" {
			return Stateful, "changes the server's settings"
		}
		return Observe, "settings of this session"
	case "delete", "update":
		return changeStatement(low, first)
	case "drop":
		return dropStatement(words)
	case "truncate":
		return Irreversible, "empties a table"
	case "alter":
		return alterStatement(low, second)
	case "copy":
		if strings.Contains(low, " to stdout") {
			return Observe, "reads a table"
		}
		return Stateful, "copies between a table and a file of the server"
	case "purge", "shutdown", "wipe", "erase", "undrop":
		return Irreversible, "drops logs or stops the server"
	case "xp_cmdshell":
		return Irreversible, "runs a program on the server"
	case "flashback":
		return Irreversible, "puts old data back"
	}
	if strings.Contains(low, "drop table") || strings.Contains(low, "truncate ") || strings.Contains(low, "drop database") || strings.Contains(low, "drop schema") {
		return Irreversible, "code with statements that drop data"
	}
	if known := map[string]bool{"insert": true, "replace": true, "merge": true, "upsert": true, "create": true, "grant": true, "revoke": true, "vacuum": true, "analyze": true, "reindex": true, "cluster": true, "checkpoint": true, "lock": true, "unlock": true, "kill": true, "flush": true, "optimize": true, "repair": true, "comment": true, "refresh": true, "notify": true, "listen": true, "call": true, "do": true, "exec": true, "execute": true, "load": true, "rename": true, "attach": true, "detach": true, "prepare": true}; known[first] {
		return Stateful, "the statement " + first + " changes the database"
	}
	return Stateful, "not a statement that is known to read only"
}

func readStatement(low, first string) (Tier, string) {
	switch {
	case sqlFile.MatchString(low):
		return Stateful, "writes a file on the server"
	case sqlInto.MatchString(low):
		return Stateful, "makes a table"
	case sqlActs.MatchString(low):
		return Stateful, "calls a function that changes the server"
	case first == "begin" && sqlWrites.MatchString(low):
		return Irreversible, "a block of code with statements that change data"
	}
	return Observe, "reads"
}

func withStatement(low string) (Tier, string) {
	if i := sqlWrites.FindStringIndex(low); i != nil {
		tier, why := Stateful, "changes data"
		for _, loc := range sqlWrites.FindAllStringIndex(low, -1) {
			if t, w := statement(low[loc[0]:]); t > tier && !strings.HasPrefix(low[loc[0]:], "create") {
				tier, why = t, w
			}
		}
		return tier, why
	}
	return readStatement(low, "with")
}

// explainStatement: EXPLAIN ANALYZE runs the statement.
func explainStatement(low string) (Tier, string) {
	if !strings.Contains(low, "analyze") && !strings.Contains(low, "analyse") {
		return Observe, "shows a plan"
	}
	if i := sqlWrites.FindStringIndex(low); i != nil {
		return statement(low[i[0]:])
	}
	return Observe, "shows a plan"
}

func pragma(low string) (Tier, string) {
	if strings.ContainsAny(low, "=") {
		return Stateful, "changes the database's settings"
	}
	for _, w := range []string{"optimize", "incremental_vacuum", "wal_checkpoint", "shrink_memory"} {
		if strings.Contains(low, w) {
			return Stateful, "changes the database"
		}
	}
	return Observe, "reads"
}

// changeStatement rates DELETE and UPDATE: without a condition, or with one that is always true, every row goes.
func changeStatement(low, first string) (Tier, string) {
	if !strings.Contains(low, " where ") && !strings.Contains(low, " limit ") {
		return Irreversible, first + " without a condition: every row"
	}
	if sqlAlways.MatchString(low) {
		return Irreversible, first + " with a condition that is always true"
	}
	for _, table := range []string{"pg_", "mysql.", "sys.", "information_schema", "sqlite_"} {
		if strings.Contains(low, "from "+table) || strings.Contains(low, "update "+table) {
			return Irreversible, first + " in the server's own tables"
		}
	}
	return Stateful, first + " with a condition"
}

func dropStatement(words []string) (Tier, string) {
	for _, w := range words[1:] {
		switch w {
		case "index", "view", "trigger", "function", "procedure", "statistics", "rule", "policy", "cast", "operator", "synonym", "event", "prepare", "temporary", "aggregate", "collation", "domain", "conversion", "subscription":
			return Stateful, "drops a " + w
		case "table", "database", "schema", "user", "role", "tablespace", "column", "keyspace", "collection", "owned", "login", "server", "extension", "sequence", "type", "materialized", "publication", "partition", "stream", "measurement", "series", "bucket", "dictionary", "foreign", "measurements", "shard", "retention":
			return Irreversible, "drops a " + w
		}
	}
	return Irreversible, "drops something"
}

func alterStatement(low, second string) (Tier, string) {
	for _, w := range []string{" drop column", " drop partition", " truncate partition", " drop primary", " drop constraint", "discard tablespace", " drop "} {
		if strings.Contains(low, w) && !strings.Contains(low, " drop default") && !strings.Contains(low, " drop not null") && !strings.Contains(low, "drop index") && !strings.Contains(low, "drop constraint") && !strings.Contains(low, "drop key") {
			return Irreversible, "drops data of a table"
		}
	}
	_ = second
	return Stateful, "changes the structure or the server"
}

// psqlHook reads psql's -c and input: SQL, and backslash commands.
func psqlHook(c *call, u *use) {
	texts := false
	for _, o := range u.options {
		switch o.name {
		case "-c", "--command":
			texts = true
			c.psqlText(o.arg.str)
		case "-f", "--file":
			texts = true
			if content := c.m.content(o.arg, c.sc); content.known() {
				c.psqlText(content)
			} else if o.arg.s == "-" && c.fed {
				c.psqlText(c.stdin)
			} else {
				c.rate(Stateful, "psql -f", "statements that cannot be seen from here")
			}
		}
	}
	if texts || u.has("-l", "--list", "-V", "-?") {
		return
	}
	c.statementsFromInput(func(s str) { c.psqlText(s) })
}

// statementsFromInput is for clients that read statements from their input.
func (c *call) statementsFromInput(read func(str)) {
	switch {
	case c.fed && c.stdin.s == unk:
		c.rate(Irreversible, "piped-code", "runs statements that are not known")
		if c.stdin.tainted(fromData) && !c.stdin.tainted(fromNet) {
			c.rate(Stateful, "sql", "statements that cannot be seen from here")
		}
	case c.fed:
		read(c.stdin)
	default:
		c.rate(Stateful, "sql", "an interactive client")
	}
}

func (c *call) psqlText(s str) {
	var rest strings.Builder
	for _, line := range strings.Split(s.s, "\n") {
		before, meta, ok := strings.Cut(line, `\`)
		if !ok || strings.Count(before, "'")%2 == 1 {
			rest.WriteString(line + "\n")
			continue
		}
		rest.WriteString(before + "\n")
		c.psqlMeta(meta, s.t)
	}
	c.sql(str{rest.String(), s.t})
}

// psqlMeta rates a backslash command, as psql(1) lists them.
func (c *call) psqlMeta(meta string, t taint) {
	name, arg, _ := strings.Cut(strings.TrimSpace(meta), " ")
	arg = strings.TrimSpace(arg)
	switch {
	case strings.HasPrefix(meta, "!"):
		c.rate(Stateful, `psql \!`, "runs a command")
		c.shellText(str{strings.TrimSpace(meta[1:]), t})
	case strings.HasPrefix(name, "d") || strings.HasPrefix(name, "l") && !strings.HasPrefix(name, "lo_") || name == "x" || name == "timing" || name == "conninfo" || name == "q" || name == "pset" || name == "a" || name == "t" || name == "H" || name == "echo" || name == "encoding" || name == "c" || name == "connect" || name == "z" || name == "sf" || name == "sv" || name == "h" || name == "?" || name == "p" || name == "r" || name == "f" || name == "set" || name == "C" || name == "errverbose" || name == "watch" || name == "if" || name == "endif" || name == "else" || name == "gset" || name == "gx":
		c.rate(Observe, "psql", "shows what the database holds")
	case name == "g" || name == "o" || name == "w":
		if cmd, ok := strings.CutPrefix(arg, "|"); ok {
			c.rate(Stateful, `psql \`+name, "gives its output to a command")
			c.shellText(str{cmd, t})
		} else if arg != "" {
			c.effect(writes, word(strings.Trim(arg, "'")), `psql \`+name)
		}
	case name == "copy":
		low := strings.ToLower(arg)
		if i := strings.Index(low, " program "); i >= 0 {
			c.rate(Stateful, `psql \copy`, "runs a command")
			c.shellText(str{strings.Trim(strings.TrimSpace(arg[i+9:]), "'"), t})
			return
		}
		if i := strings.Index(low, " to "); i >= 0 {
			target := strings.Trim(strings.Fields(arg[i+4:] + " x")[0], "'")
			if !strings.EqualFold(target, "stdout") {
				c.effect(writes, word(target), `psql \copy`)
			}
			return
		}
		c.rate(Stateful, `psql \copy`, "loads data into a table")
	case name == "gexec":
		c.rate(Irreversible, `psql \gexec`, "runs the result of a query")
	default:
		c.rate(Stateful, `psql \`+name, "runs statements or changes settings")
	}
}

// mysqlHook reads -e and the input of mysql and mariadb.
func mysqlHook(c *call, u *use) {
	if o, ok := u.option("-e", "--execute"); ok && o.has {
		c.mysqlText(o.arg.str)
		return
	}
	if u.has("-V", "--version", "-?") {
		return
	}
	c.statementsFromInput(c.mysqlText)
}

func (c *call) mysqlText(s str) {
	var rest strings.Builder
	for _, line := range strings.Split(s.s, "\n") {
		trimmed := strings.TrimSpace(line)
		low := strings.ToLower(trimmed)
		switch {
		case strings.HasPrefix(trimmed, `\!`):
			c.rate(Stateful, `mysql \!`, "runs a command")
			c.shellText(str{trimmed[2:], s.t})
		case strings.HasPrefix(low, "system "):
			c.rate(Stateful, "mysql system", "runs a command")
			c.shellText(str{trimmed[7:], s.t})
		case strings.HasPrefix(low, "source ") || strings.HasPrefix(trimmed, `\.`):
			c.rate(Stateful, "mysql source", "statements that cannot be seen from here")
		case strings.HasPrefix(low, "pager ") || strings.HasPrefix(low, "tee ") || strings.HasPrefix(trimmed, `\T`) || strings.HasPrefix(trimmed, `\P`):
			c.rate(Stateful, "mysql pager", "gives its output to a command or file")
			_, text, _ := strings.Cut(trimmed, " ")
			c.shellText(str{text, s.t})
		default:
			if i := strings.Index(line, `\!`); i >= 0 && strings.Count(line[:i], "'")%2 == 0 && strings.Count(line[:i], `"`)%2 == 0 {
				c.rate(Stateful, `mysql \!`, "runs a command")
				c.shellText(str{line[i+2:], s.t})
				line = line[:i]
			}
			rest.WriteString(line + "\n")
		}
	}
	c.sql(str{rest.String(), s.t})
}

// sqliteHook: a database, then SQL and dot commands.
func sqliteHook(c *call, u *use) {
	var texts []str
	for _, o := range u.options {
		if (o.name == "-cmd" || o.name == "-c" || o.name == "-s") && o.has {
			texts = append(texts, o.arg.str)
		}
	}
	if len(u.operands) > 0 {
		c.reads(u.operands[0])
		for _, a := range u.operands[1:] {
			texts = append(texts, a.str)
		}
	}
	if len(texts) == 0 {
		if c.fed && c.stdin.known() {
			texts = append(texts, c.stdin)
		} else {
			c.statementsFromInput(func(s str) { c.sql(s) })
			return
		}
	}
	for _, t := range texts {
		var rest strings.Builder
		for _, line := range strings.Split(t.s, "\n") {
			if dot, ok := strings.CutPrefix(strings.TrimSpace(line), "."); ok {
				c.sqliteDot(dot, t.t)
				continue
			}
			rest.WriteString(line + "\n")
		}
		c.sql(str{rest.String(), t.t})
	}
	if u.has("-readonly") && c.tier == Stateful && c.rule == "sql" {
		c.tier = Observe
	}
}

func (c *call) sqliteDot(dot string, t taint) {
	name, arg, _ := strings.Cut(dot, " ")
	arg = strings.Trim(strings.TrimSpace(arg), `'"`)
	switch name {
	case "tables", "schema", "databases", "indexes", "indices", "dump", "mode", "headers", "header", "width", "show", "help", "version", "stats", "timer", "quit", "exit", "explain", "echo", "nullvalue", "separator", "print", "dbinfo", "fullschema", "eqp", "lint", "bail", "changes", "vfslist", "sha3sum", "selftest", "limit", "cd", "timeout":
		c.rate(Observe, "sqlite", "shows what the database holds")
	case "shell", "system":
		c.rate(Stateful, "sqlite ."+name, "runs a command")
		c.shellText(str{arg, t})
	case "output", "once", "excel", "log", "trace":
		if cmd, ok := strings.CutPrefix(arg, "|"); ok {
			c.rate(Stateful, "sqlite ."+name, "gives its output to a command")
			c.shellText(str{cmd, t})
		} else if arg != "" && arg != "stdout" && arg != "off" {
			c.effect(writes, word(arg), "sqlite ."+name)
		}
	case "backup", "save", "clone":
		c.effect(writes, word(arg), "sqlite ."+name)
	case "load":
		c.rate(Irreversible, "sqlite .load", "loads code")
	case "import":
		c.rate(Stateful, "sqlite .import", "loads data into a table")
		if i := strings.Index(dot, "|"); i >= 0 {
			c.shellText(str{dot[i+1:], t})
		}
	default:
		c.rate(Stateful, "sqlite ."+name, "runs statements or changes the database")
	}
}

// sqlFlagsHook is for other clients: the tables say which options hold SQL; without one they read their input.
func sqlFlagsHook(c *call, u *use) {
	if len(u.words) > 0 {
		return
	}
	for _, o := range u.options {
		if o.kind == sql {
			return
		}
	}
	if len(u.operands) > 0 && len(u.g.roles) > 0 && u.g.roles[len(u.g.roles)-1].kind == sql {
		return
	}
	c.statementsFromInput(func(s str) { c.sql(s) })
}

// redisReads are commands without effect, from the command reference.
var redisReads = words2("get mget strlen exists type ttl pttl keys scan hget hgetall hmget hkeys hvals hlen hexists hscan lrange llen lindex lpos smembers scard sismember smismember srandmember sscan sinter sunion sdiff zrange zrevrange zrangebyscore zcard zscore zmscore zrank zrevrank zcount zscan zrangebylex ping echo info time dbsize lastsave role command memory object randomkey getrange bitcount getbit bitpos pfcount xrange xrevrange xlen xinfo xread xpending geopos geodist georadius_ro geosearch dump touch_ro slowlog latency client config acl cluster pubsub monitor hello lolwut module sentinel expiretime pexpiretime object json.get ft.search ft.info ts.range ts.get substr select auth quit wait psubscribe subscribe")

var redisLosses = words2("flushall flushdb shutdown debug swapdb migrate failover replicaof slaveof reset script.flush function.flush")

func words2(s string) map[string]bool {
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

func (c *call) redisContainer(name, second string) {
	switch second {
	case "get", "list", "info", "usage", "stats", "doctor", "len", "nodes", "slots", "shards", "help", "whoami", "cat", "users", "getuser", "id", "getname", "latest", "history", "histogram", "exists", "encoding", "refcount", "idletime", "freq", "myid", "links", "keyslot", "countkeysinslot", "dump", "masters", "master", "replicas", "":
		c.rate(Observe, "redis", "reads")
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
	mongoLosses = regexp.MustCompile(`(?i)(dropDatabase|\.drop(Index(es)?|User|Role|AllUsers\w*)?\s*\(|deleteMany\s*\(\s*(\{\s*\}|\))|remove\s*\(\s*(\{\s*\}|\))|shutdownServer|fsync\w*|dropAll\w*|renameCollection|replSet(Reconfig|StepDown)|rs\.(reconfig|remove|stepDown)|sh\.remove|runCommand\s*\(\s*\{\s*['"]?(drop\w*|shutdown)|adminCommand\s*\(\s*\{\s*['"]?(shutdown|drop\w*)|\$out|\$merge|updateMany\s*\(\s*\{\s*\}|eval\()`)
	mongoBound  = regexp.MustCompile(`(?i)\.dropIndex(es)?\s*\(`)
	mongoReads  = regexp.MustCompile(`(?i)^[\s(]*(show\s+\w+|use\s+\w+|help|version\(\)|it|exit|quit(\(\))?|print(json)?\(.*\)|rs\.(status|conf|config|printReplicationInfo|printSecondaryReplicationInfo|hello)\(\)|sh\.status\(\)|db(\.\w+|\.getSiblingDB\([^)]*\)|\.getCollection\([^)]*\)|\[[^\]]*\])*\.?(find|findOne|count|countDocuments|estimatedDocumentCount|distinct|stats|serverStatus|hello|isMaster|version|getCollectionNames|getCollectionInfos|getIndexes|currentOp|hostInfo|getUsers|getName|adminCommand\(\s*\{\s*['"]?(listDatabases|ping|serverStatus|replSetGetStatus|getParameter|getLog|connectionStatus|top|buildInfo|hostInfo)|runCommand\(\s*\{\s*['"]?(ping|dbStats|collStats|connectionStatus|buildInfo|serverStatus|hello)|aggregate|explain|getMongo|getProfilingStatus|getReplicationInfo|printReplicationInfo|dataSize|storageSize|totalSize|getLogComponents)\b)`)
)

// mongoHook reads the expressions of --eval.
func mongoHook(c *call, u *use) {
	o, ok := u.option("--eval")
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

var mongoWrites = regexp.MustCompile(`(?i)(insert|update|delete|remove|replace|create|rename|drop|set\w*Level|set\w*\(|findAndModify|findOneAnd|forEach|bulkWrite|\$where|\$function|=>|function\s*\(|load\(|runProgram|run\()`)
