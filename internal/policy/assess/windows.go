package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

// psHarmless are commands whose verb says that they change something, but which change nothing that lasts.
var psHarmless = setOf("push-location pop-location set-location clear-host set-variable new-variable clear-variable remove-variable set-alias new-alias new-object new-timespan new-guid set-strictmode set-psreadlineoption import-csv import-clixml import-localizeddata out-string out-null out-host out-default out-gridview start-sleep update-formatdata use-culture new-psobject limit-object foreach-object remove-module remove-job remove-pssession exit-pssession import-powershelldatafile out-printer-preview add-member")

// verbNoun rates a PowerShell command by its approved verb.
func (c *call) verbNoun(name string) bool {
	if !cmdlet(name) {
		return false
	}
	verb, noun, _ := strings.Cut(strings.ToLower(name), "-")
	if psHarmless[strings.ToLower(name)] {
		c.rate(Observe, "powershell", "changes nothing beyond its own session")
		return true
	}
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
	case name == "net" && sambaNet[u.operand(0).s]:
		c.samba(u.operands)
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
	case name == "netsh" && (strings.Contains(text, "allprofiles state off") || strings.Contains(text, "firewall reset") || strings.Contains(text, "admin=disable") || strings.Contains(text, "int ip reset") || has("disabled") && has("set")):
		c.rate(Irreversible, name, "drops protection or the network")
	case name == "set-netfirewallprofile" && strings.Contains(text, "-enabled false"), name == "set-mppreference" && strings.Contains(text, "-disable"):
		c.rate(Irreversible, name, "drops protection")
	case (name == "icacls" || name == "takeown" || name == "cacls") && strings.Contains(text, " /t ") && driveRoot.MatchString(text), name == "takeown" && strings.Contains(text, " /r ") && driveRoot.MatchString(text), name == "icacls" && strings.Contains(text, "/reset") && driveRoot.MatchString(text):
		c.rate(Irreversible, name, "changes who may do what on a whole drive or the system")
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

// driveRoot is a whole drive, or what Windows lives in.
var driveRoot = lazyregexp.New(`(?i) "?[a-z]:\\?(windows|users|program files)?\\?\*?"? `)
