package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["interpreter"] = interpreterHook
	hooks["inplace"] = inplaceHook
}

// interpreterHook is python, perl, ruby, node and the like: code as an option, a script, or code on the input. What the code
// does cannot be read like shell text, so it is at least stateful.
func interpreterHook(c *call, u *use) {
	lang := c.args[0].s
	if c.io.net {
		c.rate(Irreversible, "reverse-shell", "an interpreter on a network connection")
	}
	if name := base(lang); name == "php" && u.has("-l", "-m", "-i") || name == "ruby" && u.has("-c") && !u.has("-e", "-r") {
		c.tier, c.rule, c.why = Observe, name, "checks or lists, and runs nothing"
		return
	}
	coded := false
	for _, o := range u.options {
		switch o.name {
		case "-c", "-e", "-E", "-r", "-p", "-g", "--goal", "--eval", "-eval", "--exec", "--print", "-B", "-R":
			if o.has && o.kind == plain {
				coded = true
				c.code(base(lang), o.arg.str)
			}
		}
	}
	if coded && c.fed && codeReadsShell.MatchString(c.args[len(c.args)-1].s) {
		c.feed(c.stdin) // the shell that the code opens reads what it is fed
	}
	if !coded && len(u.operands) > 0 && base(lang) == "deno" {
		c.deno(u.operands)
		return
	}
	if o, ok := u.option("-m"); ok && o.has {
		c.module(o.arg, u.operands)
		return
	}
	if coded || u.has("-V", "-v", "--version", "-version", "-h", "--help") && len(u.operands) == 0 && !c.fed {
		if u.has("-i") && coded {
			c.inPlace(u.operands)
		}
		if base(lang) == "perl" && u.has("-i") {
			c.inPlace(u.operands)
		}
		return
	}
	switch name := strings.TrimRight(base(lang), "0123456789.-"); {
	case u.has("-c") && name == "perl":
		c.rate(Stateful, "script", "compiles a script, which can run parts of it")
		return
	case name == "ruby" && u.has("-c"), (name == "node" || name == "nodejs") && u.has("-c", "--check"), name == "php" && u.has("-l", "--syntax-check"):
		c.rate(Observe, "syntax", "checks syntax only")
		return
	}
	switch {
	case len(u.operands) > 0 && u.operands[0].s != "-" && u.operands[0].s != "/dev/stdin":
		a := u.operands[0]
		if content, ok := c.m.files[absolute(a.s, c.sc)]; ok {
			c.fedCode(base(lang), content)
			return
		}
		c.rate(Stateful, "script", "runs the script "+a.show()+", which cannot be seen from here")
		if g := lookup(base(a.s)); g != nil && (g.attrs["hook"] == "framework" || g.is("windows") && base(lang) == "wine") { // python3 manage.py flush
			c.command(append([]arg{word(base(a.s))}, u.operands[1:]...))
		} else {
			c.unknownVerbs("/" + a.s)
		}
	case c.fed:
		c.fedCode(base(lang), c.stdin)
	default:
		c.rate(Stateful, "interpreter", "an interactive interpreter")
	}
}

func (c *call) fedCode(lang string, text str) {
	switch {
	case text.tainted(fromNet):
		c.rate(Irreversible, "remote-code", "runs code fetched from the network")
	case text.s == unk && text.tainted(ofFile):
		c.rate(Stateful, "script", "runs a file, which cannot be seen from here")
	case text.s == unk:
		c.rate(Irreversible, "piped-code", "runs data as code")
	default:
		c.code(lang, text)
	}
}

func inplaceHook(c *call, u *use) { c.inPlace(u.operands) }

func (c *call) inPlace(files []arg) {
	for _, f := range files {
		c.effect(modifies, f, "-i")
	}
}

// Code in other languages is searched for what runs commands, deletes, opens shells and hides code. Strings are data until
// something in the code could run them.
var (
	codeRuns = lazyregexp.New(`(?i)\b(os\.system|os\.popen|os\.exec\w*|os\.spawn\w*|posix_spawn|subprocess|popen[234]?|check_output|check_call|getoutput|getstatusoutput|pty\.spawn|commands\.get|system|exec\w*|shell_exec|passthru|proc_open|spawn\w*|execSync|execFile\w*|child_process|open3|backtick|os\.execute|io\.popen|Process\.|ProcessBuilder|Runtime|startfile|sh\.\w+|invoke|fork|kernel|os:cmd|cmd|run|run-program|shell-command\w*|call-process\w*|start-process|callCommand|callProcess|readProcess|rawSystem|Deno\.Command|Bun\.spawn\w*|Shellwords|e?syscmd|execute|Sys\.command|Unix\.\w+|shell|do-shell-script|os\.startProcess|std\.process|Command::new|Command\.new|osascript)\b|\.!|\bqx\b|%x|` + "`")

	codeDeletes = lazyregexp.New(`(?i)\b(rmtree|remove_tree|rm_rf|rm_r|rimraf|remove_dir_all|deltree|removeSync|emptyDirSync|rmdirSync|rmSync|rmdir_r|delete_tree|RemoveAll|removedirs|remove_entry\w*|secure_rm|nuke|rimrafSync)\b|recursive['"]?\s*[:=]\s*true|recurse['"]?\s*=>?\s*true`)

	// codeWalks lists trees or directories; together with codeUnlinks it removes what is in them.
	codeWalks = lazyregexp.New(`(?i)\b(os\.walk|rglob|iglob|glob|scandir|listdir|readdir\w*|Dir\[|Dir\.\w+|File::Find|find\s*\(|finddepth|walk\w*|iterdir|opendir|list_dir|fs\.dir|lfs\.dir|filepath\.Walk\w*|RecursiveDirectoryIterator)\b|<[^<>\s]*\*[^<>]*>`)

	codeRemoves = lazyregexp.New(`(?i)\b(unlink\w*|os\.remove|remove|delete|rmdir\w*|File\.delete|rm)\b\s*[\s(,;})]`)

	codeUnlinks = lazyregexp.New(`(?i)\b(unlink\w*|os\.remove|remove|delete\w*|truncate\w*|rename\w*|rm|writeFile\w*|write_text|write_bytes|copyfile|copy2?|move|symlink|chmod|chown|replace|file_put_contents|File\.write|IO\.write|touch|appendFile\w*|mkfs|rmdir\w*|fopen|open|O_TRUNC|O_WRONLY)\b`)

	codeWrites = lazyregexp.New(`(?i)['"](w|w\+|wb|a|ab|a\+|r\+|r\+b|rb\+|wb\+|>|>>|\+<|\+>|\+>>)['"]|write_text|write_bytes|writeFile|file_put_contents|File\.write|IO\.write|truncate|unlink|os\.remove|\.remove\(|rename|copyfile|shutil\.|O_WRONLY|O_TRUNC|['"]\s*(>|>>)\s*/|chmod|chown|symlink|delete|\brm\b|unlinkSync`)

	codeHides = lazyregexp.New(`(?i)\b(exec|eval|compile|Function|instance_eval|class_eval|loadstring|load|__import__|getattr|globals|marshal\.loads|pickle\.loads|vm\.run\w*|assert|create_function|preg_replace|Function\()\s*[\s(].*(b64decode|base64|decode|fromhex|unhexlify|rot13|chr\(|pack|unpack|zlib|urlopen|requests|http|socket|recv|join|reverse|fromCharCode|atob|Buffer|gzinflate|str_rot13|\[::-1\]|stdin|argv|environ|getenv)|(b64decode|fromhex|unhexlify|fromCharCode|atob|gzinflate|base64_decode|unpack)\b.*\b(exec|eval|system|popen|spawn)|\beval\s+(pack|unpack|decode|reverse|join)|getattr\(.*(os|__import__|subprocess)|__import__\(['"][^'"]*['"]\s*\+`)

	codeFetches = lazyregexp.New(`(?i)(urlopen|urlretrieve|\.get\(\s*['"]https?:|requests\.(get|post)|http\.get|https\.get|fetch\(|LWP::Simple|open-uri|Net::HTTP|file_get_contents\(['"]https?:|socket\.http|axios|httpx|curl|\b(source|include|include_once|require|require_once|import|load|dofile|file)\s*\(?\s*(url\s*\(\s*)?['"]https?:)`)

	codeEvaluates = lazyregexp.New(`(?i)\b(source|include|include_once|require|require_once|import|load|dofile)\s*\(?\s*(url\s*\(\s*)?['"]https?:|\b(exec|eval|system|compile|instance_eval|Function)\b`)

	codeShell = lazyregexp.New(`(?i)((socket|TCPSocket|fsockopen|net\.connect|net\.Socket|create_connection|asyncio\.open_connection|IO::Socket|LWP|UDPSocket)[\s\S]*(popen|pty\.spawn|system|\bexec|spawn|subprocess|/bin/sh|/bin/bash|cmd\.exe)|socket.*(dup2|/bin/(ba)?sh|pty\.spawn|subprocess|exec|spawn)|TCPSocket.*(exec|spawn|sh)|fsockopen.*(exec|sh|proc_open)|net\.(connect|Socket).*(spawn|/bin/sh)|IO::Socket.*(exec|/bin/sh)|dup2\(.*(/bin/|exec|spawn|sh))`)

	codeKills = lazyregexp.New(`(?i)(os\.kill(pg)?\(\s*-1|kill\s*\(?\s*['"]?\w*['"]?\s*,\s*-1|kill\s+9\s*=>\s*-1|Process\.kill\([^)]*-1|posix_kill\(\s*-1|reboot\(|libc\.reboot|RB_AUTOBOOT|RB_POWER_OFF|os\.fork\(\)\s*while|while\s*(\(?1\)?|true|True)\s*[:{]?\s*(os\.)?fork|fork\s+while)`)

	codeSecrets = lazyregexp.New(`(?i)((dict|str|repr|dumps|stringify|urlencode|inspect|encode)\(\s*(os\.environ|process\.env|ENV|\$_ENV)\s*[,)]|ENV\.to_|map\s*\{[^}]*\}\s*%ENV|/etc/shadow|\.ssh/id_|\.aws/credentials|\.netrc|\.pgpass|\.kube/config|\.docker/config|\.env\b|/environ\b|getpass)`)
	codeSends   = lazyregexp.New(`(?i)(requests\.(post|put)|urlopen\(|http\.(request|client)|socket|fetch\(|axios|Net::HTTP|LWP|smtplib|ftplib|sendto|send\(|curl)`)
)

// phpIndirect is a call of the function that a variable names.
var phpIndirect = lazyregexp.New(`\$\w+\s*\(|call_user_func`)

// appleShell is how AppleScript runs shell text.
var appleShell = lazyregexp.New(`do shell script "((?:[^"\\]|\\.)*)"`)

// maxCode bounds, in bytes, the code of other languages that is searched.
const maxCode = 64 << 10

func (c *call) code(lang string, text str) {
	c.rate(Stateful, "code", "code of "+lang+": floor of 2")
	if text.tainted(fromNet) {
		c.rate(Irreversible, "remote-code", "runs code fetched from the network")
		return
	}
	if text.tainted(anySecret) {
		c.secret = true
	}
	code := text.s
	if len(code) > maxCode {
		c.rate(Irreversible, "code", "longer than what is searched")
		code = code[:maxCode]
	}
	switch {
	case codeHides.MatchString(code):
		c.rate(Irreversible, "hidden-code", "runs code that it decodes or fetches first")
	case codeFetches.MatchString(code) && codeEvaluates.MatchString(code):
		c.rate(Irreversible, "remote-code", "runs code fetched from the network")
	case codeShell.MatchString(code):
		c.rate(Irreversible, "reverse-shell", "connects a shell to the network")
	case codeKills.MatchString(code):
		c.rate(Irreversible, "code", "kills everything or stops the machine")
	}
	if codeSecrets.MatchString(code) {
		c.m.sensitive = true
		if codeSends.MatchString(code) {
			c.rate(Irreversible, "exfiltration", "sends secrets over the network")
		}
	}
	strs := stringLiterals(code)
	if out, ok := codePrinted(code, strs); ok && c.out == nil {
		c.out = &out
	}
	strs = append(c.codeGiven(code, text), strs...)
	c.codePaths(code, strs)
	c.codeOpens(code, strs)
	if codeRuns.MatchString(code) || strings.HasPrefix(lang, "php") && phpIndirect.MatchString(code) {
		c.codeCommands(code, strs)
	}
	for _, m := range appleShell.FindAllStringSubmatch(code, -1) {
		c.shellText(str{m[1], text.t})
	}
	switch {
	case lang == "m4", lang == "gnuplot", strings.HasPrefix(lang, "ipython"):
		c.escapes(lang, code)
	}
	if strings.HasPrefix(lang, "lua") || strings.HasPrefix(lang, "tcl") || lang == "expect" {
		c.lines(code)
	}
}

// codePaths rates what code that deletes or writes says of paths.
func (c *call) codePaths(code string, strs []literal) {
	tree := codeDeletes.MatchString(code) || codeWalks.MatchString(code) && codeRemoves.MatchString(code)
	touches := tree || codeWrites.MatchString(code) && codeUnlinks.MatchString(code)
	if !touches {
		return
	}
	found := false
	for _, s := range strs {
		if !strings.ContainsAny(s.text, "/.~*") || strings.ContainsAny(s.text, "\n") {
			continue
		}
		found = true
		p := word(strings.Replace(s.text, "~", home, 1))
		p.glob = strings.ContainsAny(s.text, "*?")
		kind := writes
		switch {
		case tree:
			kind = removesAll
		case strings.Contains(code, "unlink") || strings.Contains(code, "remove") || strings.Contains(code, "delete") || strings.Contains(code, "rm"):
			kind = removes
		}
		if tier, why := pathEffect(kind, p, c.sc); tier == Irreversible {
			c.rate(tier, "code", why)
		}
	}
	if tree && !found {
		c.rate(Irreversible, "code", "removes trees that are not known")
	}
}

// codeCommands rates the strings of code that runs commands: each alone, those of one list together, those of one expression
// joined.
func (c *call) codeCommands(code string, strs []literal) {
	try := func(text string) {
		if strings.TrimSpace(text) == "" || len(text) > 4096 {
			return
		}
		sub := c.m.probe(func(p *machine) { p.shell(lit(text), c.sc.fork()) })
		if sub.tier == Irreversible {
			c.rate(Irreversible, "code", "it may run “"+text+"”: "+worstOf(sub))
		}
		c.m.sensitive = c.m.sensitive || sub.sensitive
	}
	var list, sum string
	for i, s := range strs {
		if i > 50 {
			break
		}
		try(s.text)
		if strings.Contains(s.text, "%s") || strings.Contains(s.text, "{}") { // filled with another string
			for _, o := range strs[:min(len(strs), 8)] {
				try(strings.NewReplacer("%s", o.text, "{}", o.text).Replace(s.text))
			}
		}
		if s.joined {
			sum += s.text
		} else {
			sum = s.text
		}
		if s.listed {
			list += " " + s.text
		} else {
			list = s.text
		}
		if sum != s.text {
			try(sum)
		}
		if list != s.text {
			try(list)
		}
	}
}

// lines rates code line by line as commands, for languages whose statements look like them.
func (c *call) lines(code string) {
	for _, l := range strings.FieldsFunc(code, func(r rune) bool { return r == '\n' || r == ';' }) {
		f := strings.Fields(l)
		if len(f) > 1 && (f[0] == "exec" || f[0] == "spawn" || f[0] == "send") {
			text := strings.Trim(strings.Join(f[1:], " "), `"{}`)
			text = strings.TrimPrefix(text, "-- ")
			sub := c.m.probe(func(p *machine) { p.shell(lit(strings.ReplaceAll(text, `\r`, "")), c.sc.fork()) })
			if sub.tier == Irreversible {
				c.rate(Irreversible, "code", worstOf(sub))
			}
		}
		if len(f) > 2 && f[0] == "file" && f[1] == "delete" {
			for _, p := range f[2:] {
				if tier, why := pathEffect(removesAll, word(p), c.sc); !strings.HasPrefix(p, "-") {
					c.rate(tier, "code", why)
				}
			}
		}
	}
}
