package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

var (
	dollarTag  = lazyregexp.New(`^\$[A-Za-z_]*\$`)
	sqlSpace   = lazyregexp.New(`\s+`)
	sqlProgram = lazyregexp.New(`(?is)^copy\b.*\b(to|from)\s+program\b`)
	sqlReads   = lazyregexp.New(`(?i)\b(pg_shadow|pg_authid|\*[^;]* from mysql\.user|pg_read_file|load_file|pg_read_binary_file|sys\.sql_logins|dba_users|rolpassword|authentication_string)\b`)
	sqlWrites  = lazyregexp.New(`(?i)\b(insert|update|delete|merge|drop|truncate|alter|create|grant|revoke|copy)\b`)
	sqlActs    = lazyregexp.New(`(?i)\b(pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_switch_wal|pg_switch_xlog|pg_promote|pg_drop_\w+|pg_create_\w+|pg_file_\w+|pg_start_backup|pg_stop_backup|pg_backup_\w+|pg_wal_replay_\w+|pg_logical_\w+|pg_replication_\w+|pg_advisory_lock\w*|pg_notify|pg_import\w*|pg_stat_reset\w*|pg_stat_statements_reset|lo_\w+|dblink\w*|set_config|setval|nextval|txid_current|query_to_xml\w*|cron\.\w+|add_\w+_policy|drop_chunks|compress_chunk|create_hypertable|get_lock|release_lock|benchmark|sleep)\s*\(`)
	sqlRuns    = lazyregexp.New(`(?i)\b(sys_exec|sys_eval|load_extension|writefile|xp_cmdshell|sp_oacreate|sp_configure|edit|fts3_tokenizer|lo_export|lo_import|pg_execute_server_program|dbms_scheduler|dbms_java|utl_file|plpython\w*|plperlu?|pg_drop_replication_slot|pg_read_server_files)\b`)
	sqlInto    = lazyregexp.New(`(?is)^(select|with)\b.*\binto\b`)
	sqlFile    = lazyregexp.New(`(?is)\binto\s+(out|dump)file\b`)
	sqlAlways  = lazyregexp.New(`(?is)\bwhere\s+(1\s*=\s*1|true|1|not\s+false|''\s*=\s*''|id\s*(>|>=)\s*-?[01]|id\s+is\s+not\s+null|0\s*=\s*0)\s*(;|$|returning\b|or\b)|\bor\s+(1\s*=\s*1|true)\b`)
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
	case "select", "show", "describe", "desc", "values", "table", "help", "use", "list", "status", "begin", "start", "commit", "rollback", "end", "savepoint", "release", "fetch", "declare", "close", "print", "go", "pager", "exit", "quit", "summarize", "from", "get", "connect", "terminate", "ping":
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
	case "remove": // SurrealQL
		return Irreversible, "removes a " + second
	case "match", "optional", "unwind", "merge", "foreach":
		if tier, why, ok := cypher(low, first); ok {
			return tier, why
		}
	case "restore", "recover", "force":
		return Irreversible, "puts old data in the place of the present, or ends what runs"
	case "truncate":
		return Irreversible, "empties a table"
	case "alter":
		return alterStatement(low)
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

// cypher rates a statement of Neo4j's language. MERGE is SQL's too, where it is followed by INTO.
func cypher(low, first string) (Tier, string, bool) {
	switch {
	case first == "merge" && !strings.HasPrefix(low, "merge ("):
		return 0, "", false
	case cypherLoss.MatchString(low):
		return Irreversible, "deletes nodes or relations", true
	case cypherWrite.MatchString(low) || first == "merge" || first == "foreach":
		return Stateful, "changes the graph", true
	}
	return Observe, "reads the graph", true
}

var (
	cypherLoss  = lazyregexp.New(`\b(delete|remove|drop)\b`)
	cypherWrite = lazyregexp.New(`\b(set|create|merge|load)\b|\bcall\s*\{`)
)

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

func alterStatement(low string) (Tier, string) {
	if actions := strings.Split(low, ","); len(actions) > 1 && strings.HasPrefix(low, "alter table") {
		for _, one := range actions[1:] { // each may be of another kind
			if t, why := alterStatement("alter table t " + strings.TrimSpace(one)); t == Irreversible && strings.HasPrefix(strings.TrimSpace(one), "drop ") {
				return t, why
			}
		}
		low = actions[0]
	}
	for _, w := range []string{" drop column", " drop partition", " truncate partition", " drop primary", " drop constraint", "discard tablespace", " drop "} {
		if strings.Contains(low, w) && !strings.Contains(low, " drop default") && !strings.Contains(low, " drop not null") && !strings.Contains(low, "drop index") && !strings.Contains(low, "drop constraint") && !strings.Contains(low, "drop key") {
			return Irreversible, "drops data of a table"
		}
	}
	if m := alterRows.FindStringSubmatch(low); m != nil { // ClickHouse changes rows so
		return changeStatement(m[1], strings.Fields(m[1])[0])
	}
	return Stateful, "changes the structure or the server"
}

var alterRows = lazyregexp.New(`^alter table \S+(?: on cluster \S+)? ((?:delete|update)\b.*)`)
