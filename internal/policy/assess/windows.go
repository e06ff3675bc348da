package assess

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// powershellHook reads the commands of powershell -Command and -EncodedCommand.
func powershellHook(c *call, u *use) {
	for i, a := range c.args[1:] {
		flag := strings.ToLower(a.s)
		rest := c.args[2+i:]
		switch {
		case !strings.HasPrefix(flag, "-") && !strings.HasPrefix(flag, "/"):
			if i > 0 && strings.HasPrefix(c.args[i].s, "-") && !strings.EqualFold(c.args[i].s, "-noprofile") && !strings.EqualFold(c.args[i].s, "-noninteractive") && !strings.EqualFold(c.args[i].s, "-nop") && !strings.EqualFold(c.args[i].s, "-noni") && !strings.EqualFold(c.args[i].s, "-nologo") {
				continue // the value of an option
			}
			if strings.HasSuffix(flag, ".ps1") {
				c.rate(Stateful, "powershell", "runs a script")
				return
			}
			c.powershell(join(c.args[1+i:]).s)
			return
		case len(flag) > 2 && strings.HasPrefix("-encodedcommand", flag) || flag == "-e" || flag == "-ec" || flag == "-enc":
			if len(rest) > 0 {
				c.rate(Stateful, "powershell", "runs an encoded command")
				c.powershell(decodeUTF16(rest[0].s))
			}
			return
		case strings.HasPrefix("-command", flag) || flag == "/c":
			c.powershell(join(rest).s)
			return
		case len(flag) > 1 && strings.HasPrefix("-file", flag):
			c.rate(Stateful, "powershell", "runs a script")
			return
		}
	}
	if c.fed {
		c.powershell(c.stdin.s)
		return
	}
	if len(c.args) == 1 {
		c.rate(Stateful, "powershell", "an interactive shell")
	}
}

func decodeUTF16(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return unk
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return string(utf16.Decode(u))
}

// powershell rates each command of a text by its verb; strings are data unless something invokes them.
func (c *call) powershell(text string) {
	if strings.Contains(text, unk) {
		c.rate(Stateful, "powershell", "part of the code is not known")
	}
	low := strings.ToLower(text)
	invokes := strings.Contains(low, "iex") || strings.Contains(low, "invoke-expression") || strings.Contains(low, "downloadstring") || strings.Contains(low, "[scriptblock]")
	if invokes && (strings.Contains(low, "download") || strings.Contains(low, "iwr") || strings.Contains(low, "irm") || strings.Contains(low, "invoke-webrequest") || strings.Contains(low, "invoke-restmethod") || strings.Contains(low, "frombase64")) {
		c.rate(Irreversible, "remote-code", "runs code fetched from the network or decoded")
	}
	if strings.Contains(low, "[system.io.file]::delete") || strings.Contains(low, "[io.file]::delete") || strings.Contains(low, "[system.io.directory]::delete") || strings.Contains(low, "[io.directory]::delete") {
		c.rate(Irreversible, "powershell", "deletes files")
	}
	for _, stmt := range psStatements(text) {
		args := psWords(stmt)
		for len(args) > 0 && (args[0].s == "&" || args[0].s == "." || strings.HasPrefix(args[0].s, "$") && len(args) > 1 && args[1].s == "=") {
			if args[0].s == "&" || args[0].s == "." {
				args = args[1:]
			} else {
				args = args[2:]
			}
		}
		if len(args) == 0 || strings.HasPrefix(args[0].s, "$") || strings.HasPrefix(args[0].s, "[") || strings.HasPrefix(args[0].s, "@") {
			if len(args) > 0 && strings.Contains(stmt, ".") && strings.Contains(stmt, "(") {
				c.rate(Stateful, "powershell", "calls a method")
				if strings.Contains(strings.ToLower(stmt), ".delete(") || strings.Contains(strings.ToLower(stmt), "terminate(") || strings.Contains(strings.ToLower(stmt), ".shutdown") {
					c.rate(Irreversible, "powershell", "calls a method that deletes or ends something")
				}
			}
			continue
		}
		switch strings.ToLower(args[0].s) {
		case "if", "else", "elseif", "foreach", "for", "while", "do", "switch", "try", "catch", "finally", "return", "param", "function", "begin", "process", "end", "in", "exit", "break", "continue", "throw":
			continue
		}
		c.command(args)
	}
}

// psStatements splits PowerShell at separators outside of strings.
func psStatements(text string) []string {
	var out []string
	var b strings.Builder
	quote := rune(0)
	for _, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
			b.WriteRune(r)
		case r == '\'' || r == '"':
			quote = r
			b.WriteRune(r)
		case strings.ContainsRune(";|\n{}()", r) || r == '&' && strings.HasSuffix(b.String(), "&"):
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteRune(r)
		}
	}
	return append(out, b.String())
}

// psWords splits a statement into words; a backquote escapes, and is often there only to hide a word.
func psWords(s string) []arg {
	var out []arg
	var b strings.Builder
	quote, open := rune(0), false
	for _, r := range s {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
				continue
			}
			b.WriteRune(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == '`' || r == '^':
		case r == ' ' || r == '\t' || r == '\r':
			if b.Len() > 0 || open {
				out = append(out, word(b.String()))
			}
			b.Reset()
			open = false
		default:
			b.WriteRune(r)
		}
	}
	if b.Len() > 0 || open {
		out = append(out, word(b.String()))
	}
	return out
}

// cmdHook reads what cmd /c runs: & and && separate, ^ escapes.
func cmdHook(c *call, u *use) {
	for i, a := range c.args[1:] {
		if f := strings.ToLower(a.s); strings.HasPrefix(f, "/c") || strings.HasPrefix(f, "/k") {
			text := strings.TrimSpace(a.s[2:] + " " + join(c.args[2+i:]).s)
			for _, stmt := range strings.FieldsFunc(text, func(r rune) bool { return r == '&' || r == '|' || r == '\n' }) {
				if args := psWords(stmt); len(args) > 0 {
					c.command(args)
				}
			}
			return
		}
	}
	if c.fed {
		for _, stmt := range strings.FieldsFunc(c.stdin.s, func(r rune) bool { return r == '&' || r == '|' || r == '\n' }) {
			if args := psWords(stmt); len(args) > 0 {
				c.command(args)
			}
		}
		return
	}
	c.rate(Stateful, "cmd", "an interactive shell")
}

// verbNoun rates a PowerShell command by its approved verb.
func (c *call) verbNoun(name string) bool {
	if !cmdlet(name) {
		return false
	}
	verb, noun, _ := strings.Cut(strings.ToLower(name), "-")
	switch verb {
	case "get", "test", "find", "search", "measure", "select", "where", "sort", "group", "compare", "format", "convertto", "convertfrom", "show", "resolve", "trace", "read", "tee", "wait", "write", "join", "split":
		c.rate(Observe, "powershell", "the verb "+verb+" reads")
		if noun == "object" && verb == "tee" {
			c.rate(Reversible, "powershell", "writes a file")
		}
		if verb == "get" && (noun == "credential" || noun == "content") {
			for _, a := range c.args[1:] {
				c.reads(a)
			}
		}
	case "remove", "clear", "uninstall", "reset", "format-volume", "initialize", "dismount", "erase", "revoke", "unregister", "disable", "stop", "restart", "suspend":
		c.rate(Stateful, "powershell", "the verb "+verb)
		c.powershellLoss(verb, noun)
	default:
		c.rate(Stateful, "powershell", "the verb "+verb+" may change something")
	}
	if noun == "volume" && verb == "format" {
		c.rate(Irreversible, "powershell", "formats a volume")
	}
	return true
}

func (c *call) powershellLoss(verb, noun string) {
	switch {
	case verb == "initialize" && (noun == "disk" || noun == "tpm"), verb == "clear" && (noun == "disk" || noun == "eventlog" || noun == "tpm" || noun == "recyclebin"),
		(verb == "stop" || verb == "restart") && noun == "computer", verb == "disable" && (noun == "netadapter" || noun == "computerrestore" || noun == "bitlocker" || noun == "localuser"), verb == "stop" && noun == "vm", verb == "reset" && noun == "computermachinepassword":
		c.rate(Irreversible, "powershell", verb+"-"+noun)
	case verb == "stop" && noun == "service" && len(c.args) > 1 && keepsAlive(strings.ToLower(c.args[len(c.args)-1].s)):
		c.rate(Irreversible, "powershell", "stops what access depends on")
	case verb == "remove" && noun == "item":
		c.removeItem()
	case verb == "remove" && (noun == "itemproperty" || noun == "variable" || noun == "module" || noun == "psdrive" || noun == "job" || noun == "event" || noun == "alias" || noun == "pssession" || noun == "netfirewallrule"):
	case verb == "remove" || verb == "uninstall" && noun != "package" && noun != "module":
		c.rate(Irreversible, "powershell", verb+"-"+noun)
	}
}

func (c *call) removeItem() {
	recurse := false
	for _, a := range c.args[1:] {
		f := strings.ToLower(a.s)
		if strings.HasPrefix(f, "-r") || strings.HasPrefix(f, "-fo") {
			recurse = true
		}
		if strings.HasPrefix(f, "-whatif") {
			c.tier, c.rule, c.why = Observe, "powershell -WhatIf", "only shows what it would do"
			return
		}
	}
	if recurse {
		c.rate(Irreversible, "powershell", "removes trees")
	}
}

func init() { hooks["windowsVerbs"] = windowsVerbsHook }

// windowsVerbsHook reads the verb of Windows' own tools.
func windowsVerbsHook(c *call, u *use) {
	name := strings.TrimSuffix(strings.ToLower(base(c.args[0].s)), ".exe")
	text := " " + strings.ToLower(join(c.args[1:]).s) + " "
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, " "+w+" ") || strings.HasPrefix(strings.TrimSpace(text), w+" ") {
				return true
			}
		}
		return false
	}
	reads := func() { c.tier, c.rule, c.why = Observe, name, "shows settings" }
	switch {
	case name == "iex" || name == "invoke-expression":
		if strings.Contains(text, "http") || strings.Contains(text, "iwr") || strings.Contains(text, "irm") || strings.Contains(text, "download") {
			c.rate(Irreversible, "remote-code", "runs code fetched from the network")
		}
	case name == "invoke-webrequest" || name == "iwr" || name == "invoke-restmethod" || name == "irm":
		if !strings.Contains(text, "-method") && !strings.Contains(text, "-outfile") && !strings.Contains(text, "-infile") && !strings.Contains(text, "-body") {
			reads()
		} else if strings.Contains(text, "delete") {
			c.rate(Irreversible, name, "deletes something on another machine")
		}
	case has("delete", "del", "cl", "clear-log", "remove", "/delete", "deletejournal", "-delete", "drop") && (name == "vssadmin" || name == "wmic" || name == "reg" || name == "sc" || name == "wevtutil" || name == "schtasks" || name == "net" || name == "net1" || name == "wbadmin" || name == "fsutil" || name == "mountvol" || name == "appcmd" || name == "pnputil") || has("/delete") || name == "dsrm":
		c.rate(Irreversible, name, "deletes something")
	case name == "wmic" && (has("terminate", "shutdown", "reboot") || strings.Contains(text, "shadowcopy delete") || strings.Contains(text, "win32shutdown")):
		c.rate(Irreversible, name, "ends or stops something")
	case name == "netsh" && (strings.Contains(text, "allprofiles state off") || strings.Contains(text, "firewall reset") || strings.Contains(text, "admin=disable") || strings.Contains(text, "int ip reset")):
		c.rate(Irreversible, name, "drops protection or the network")
	case name == "set-netfirewallprofile" && strings.Contains(text, "-enabled false"), name == "set-mppreference" && strings.Contains(text, "-disable"):
		c.rate(Irreversible, name, "drops protection")
	case (name == "stop-service" || name == "sc" && has("stop") || name == "net" && has("stop")) && (has("sshd", "winrm", "termservice", "mpssvc", "eventlog", "windefend")):
		c.rate(Irreversible, name, "stops what access or the audit depends on")
	case name == "netsh" && has("show"), has("query", "queryex", "qc", "show", "list", "/query", "view", "el", "gl", "qe", "gli", "enum", "get", "-status", "/status", "/get", "/l", "/list", "dump", "/q", "help", "/?", "enum-logs", "-v") && name != "psexec" && !has("set", "add", "create", "config", "/create", "call"):
		reads()
	case (name == "net" || name == "net1") && !has("/add", "stop", "start", "use", "/active:no", "/active:yes", "pause", "continue") && len(strings.Fields(text)) <= 2, name == "auditpol" && has("/get"), name == "chkdsk" && !strings.Contains(text, "/f") && !strings.Contains(text, "/r"), name == "sfc" && has("/verifyonly"), name == "icacls" && len(strings.Fields(text)) == 1, name == "attrib" && !strings.ContainsAny(text, "+-"), name == "wmic" && has("get", "list"), name == "certutil" && (has("-hashfile", "-dump", "-store")), name == "w32tm" && strings.Contains(text, "/query"), name == "powercfg" && has("/l", "/a", "-l"):
		reads()
	case name == "certutil" && strings.Contains(text, "-urlcache"), name == "bitsadmin" && strings.Contains(text, "/transfer"):
		c.rate(Stateful, name, "fetches a file")
	case name == "mshta" || name == "regsvr32" && strings.Contains(text, "http") || name == "rundll32" && strings.Contains(text, "javascript"):
		c.rate(Irreversible, name, "runs code")
	case name == "invoke-command" || name == "icm":
		c.powershell(join(c.args[1:]).s)
	}
}

// cmdlet tells names of the form Verb-Noun.
func cmdlet(name string) bool {
	verb, noun, ok := strings.Cut(name, "-")
	return ok && verb != "" && noun != "" && !strings.ContainsAny(name, "/.=") && verb[0] >= 'A' && verb[0] <= 'Z' && noun[0] >= 'A' && noun[0] <= 'Z'
}
