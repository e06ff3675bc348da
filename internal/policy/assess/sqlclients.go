package assess

import "strings"

func init() {
	hooks["db2"] = db2Hook
	hooks["mysql"] = mysqlHook
	hooks["pgRestore"] = pgRestoreHook
	hooks["psql"] = psqlHook
	hooks["sqlFlags"] = sqlFlagsHook
	hooks["sqlLines"] = sqlLinesHook
	hooks["sqlite"] = sqliteHook
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
	if texts || u.has("-l", "--list", "-V", "-?", "--help") {
		return
	}
	c.statementsFromInput(func(s str) { c.psqlText(s) })
}

// statementsFromInput is for clients that read statements from their input.
func (c *call) statementsFromInput(read func(str)) {
	switch {
	case c.fed && c.stdin.s == unk && c.stdin.tainted(fromFiles|ofFile) && !c.stdin.tainted(fromNet):
		c.rate(Stateful, "sql", "statements that cannot be seen from here")
	case c.fed && c.stdin.s == unk:
		c.rate(Irreversible, "piped-code", "runs statements that are not known")
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
		if i := strings.Index(low, " from "); i >= 0 {
			c.reads(word(strings.Trim(strings.Fields(arg[i+6:] + " x")[0], "'")))
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
			if _, behind, ok := strings.Cut(line, ";"); ok {
				rest.WriteString(behind + "\n")
			}
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

// sqlFlagsHook is for other clients: the tables say which options hold SQL; without one they read their operands or input.
func sqlFlagsHook(c *call, u *use) {
	switch name := base(c.args[0].s); {
	case len(u.words) > 0 && name != "surreal":
		return
	case name == "cypher-shell" && len(u.operands) > 0:
		c.sql(join(u.operands))
		return
	}
	for _, o := range u.options {
		if o.kind == sql || o.name == "--help" {
			return
		}
	}
	if len(u.operands) > 0 && len(u.g.roles) > 0 && u.g.roles[len(u.g.roles)-1].kind == sql {
		return
	}
	c.statementsFromInput(c.sqlLines)
}

// sqlLines is a client's script: SQL, and lines that give a command to the shell.
func (c *call) sqlLines(s str) {
	var rest strings.Builder
	for _, line := range strings.Split(s.s, "\n") {
		if !c.escape(str{strings.TrimSpace(line), s.t}) {
			rest.WriteString(line + "\n")
		}
	}
	c.sql(str{rest.String(), s.t})
}

// sqlLinesHook is for clients whose operands are names, not statements.
func sqlLinesHook(c *call, u *use) {
	if c.tier = Observe; c.fed {
		c.statementsFromInput(c.sqlLines)
		return
	}
	c.rate(Stateful, "sql", "an interactive client, or a script that cannot be seen from here")
}

// db2Hook: the words are the statement.
func db2Hook(c *call, u *use) {
	if len(u.operands) == 0 || u.has("-f") {
		c.statementsFromInput(c.sqlLines)
		return
	}
	c.tier, c.rule = Observe, ""
	c.sqlLines(join(u.operands))
}

// pgRestoreHook: without a database it writes a script.
func pgRestoreHook(c *call, u *use) {
	if u.has("-d", "--dbname") && !u.has("-l", "--list") {
		c.rate(Stateful, "pg_restore", "loads data into a database")
		if u.has("-c", "--clean") {
			c.rate(Irreversible, "pg_restore --clean", "drops what it loads again")
		}
	}
}
