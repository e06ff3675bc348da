package assess

import (
	"path"
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() { hooks["httpie"] = httpieHook }

// curlHook: what is sent, by which method, and where the answer goes.
func curlHook(c *call, u *use) {
	method, sends, get := "", false, u.has("-G", "--get")
	output := false
	for _, o := range u.options {
		switch o.name {
		case "-X", "--request":
			method = strings.ToUpper(o.arg.s)
		case "-d", "--data", "--data-ascii", "--data-binary", "--data-urlencode", "--data-raw", "-F", "--form", "--form-string", "--json", "--url-query":
			sends = sends || o.name != "--url-query"
			c.curlData(o.arg)
			if o.arg.s == "@-" && c.fed {
				c.curlStatement(c.stdin)
			} else {
				c.curlStatement(o.arg.str)
			}
		case "-T", "--upload-file":
			sends = true
			c.reads(o.arg)
		case "-o", "--output":
			output = true
			if o.arg.s == "-" {
				output = false
				continue
			}
			c.effect(writes, o.arg, "curl -o")
			c.m.wrote(o.arg, str{unk, fromNet | fromData}, false, c.sc)
		case "-O", "--remote-name", "--remote-name-all", "-J", "--remote-header-name":
			output = true
			c.rate(Reversible, "curl -O", "writes a file here")
			for _, a := range u.operands {
				c.m.wrote(word(base(a.s)), str{unk, fromNet | fromData}, false, c.sc)
			}
			c.intoDirectory(word("."), u.operands)
		case "-K", "--config":
			c.curlConfig(o.arg)
		case "-H", "--header", "-u", "--user", "-b", "--cookie":
			if f, ok := strings.CutPrefix(o.arg.s, "@"); ok {
				c.reads(word(f))
			}
		}
	}
	switch {
	case method == "DELETE":
		c.rate(Irreversible, "curl", "deletes something on another machine")
	case (method == "" || method == "POST") && sends && asksOnly(u.operands):
		c.rate(Observe, "curl", "asks a search engine")
	case method != "" && method != "GET" && method != "HEAD" && method != "OPTIONS" && method != "PROPFIND" && method != "TRACE":
		c.rate(Stateful, "curl", "changes something on another machine")
	case sends && !get && method == "":
		c.rate(Stateful, "curl", "sends data to another machine")
	}
	if (sends || method == "POST") && strings.Contains(strings.ToUpper(join(u.operands).s), "_DELETE_BY_QUERY") {
		c.rate(Irreversible, "curl", "deletes documents")
	}
	for _, a := range u.operands {
		if f, ok := strings.CutPrefix(a.s, "file://"); ok {
			c.reads(word(f))
		}
		low := strings.ToLower(a.s)
		if strings.HasPrefix(low, "telnet:") || strings.HasPrefix(low, "gopher:") || strings.HasPrefix(low, "dict:") {
			c.rate(Stateful, "curl", "speaks to another service")
		}
	}
	if o, ok := u.option("-Q", "--quote"); ok {
		c.rate(Stateful, "curl -Q", "sends the command "+o.arg.show())
		if strings.HasPrefix(strings.ToUpper(strings.TrimLeft(o.arg.s, "-+")), "DELE") || strings.HasPrefix(strings.ToUpper(strings.TrimLeft(o.arg.s, "-+")), "RM") {
			c.rate(Irreversible, "curl -Q", "deletes a file on another machine")
		}
	}
	if output {
		c.out = &str{"", 0}
	}
}

// asksOnly reports whether an address takes questions in the body of a POST, as Elasticsearch's do.
func asksOnly(urls []arg) bool {
	for _, a := range urls {
		p, _, _ := strings.Cut(a.s, "?")
		switch path.Base(p) {
		case "_search", "_count", "_msearch", "_mget", "_field_caps", "_analyze", "_explain", "_validate", "query_range", "_termvectors", "_rank_eval":
		default:
			return false
		}
	}
	return len(urls) > 0
}

// httpieHook: names@file and @file are what a request sends.
func httpieHook(c *call, u *use) {
	for _, a := range u.operands {
		if _, f, ok := strings.Cut(a.s, "@"); ok && !strings.Contains(a.s, "://") {
			c.reads(word(tildePath(f)))
		}
	}
}

// curlStatement rates a statement that is sent to a database with an HTTP interface.
func (c *call) curlStatement(text str) {
	s := strings.TrimSpace(text.s)
	for _, p := range []string{"q=", "query=", "sql=", "stmt="} {
		s = strings.TrimPrefix(s, p)
	}
	if sqlOverHTTP.MatchString(s) {
		c.sql(str{s, text.t})
	} else if strings.HasPrefix(s, "<delete") || strings.Contains(s, `"remove_index"`) {
		c.rate(Irreversible, "curl", "deletes documents")
	}
}

var sqlOverHTTP = lazyregexp.New(`(?i)^(drop|truncate|delete\s+from|alter\s+table)\s`)

// curlConfig reads the options of a file that the text wrote; any other cannot be seen.
func (c *call) curlConfig(a arg) {
	content := c.m.content(a, c.sc)
	if a.s == "-" && c.fed {
		content = c.stdin
	}
	if !content.known() {
		return
	}
	args := words("curl")
	for _, line := range strings.Split(content.s, "\n") {
		name, v, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			name, v, ok = strings.Cut(strings.TrimSpace(line), " ")
		}
		if name = strings.TrimSpace(name); name == "" || name[0] == '#' || name == "config" || name == "K" {
			continue
		}
		args = append(args, word("--"+strings.TrimLeft(name, "-")))
		if v = strings.Trim(strings.TrimSpace(v), `"`); ok && v != "" {
			args = append(args, word(v))
		}
	}
	c.command(args)
}

// curlData reads the files that data names with @.
func (c *call) curlData(a arg) {
	s := a.s
	for _, mark := range []string{"=@", "=<"} {
		if i := strings.Index(s, mark); i >= 0 {
			f, _, _ := strings.Cut(s[i+2:], ";")
			c.reads(word(tildePath(f)))
			return
		}
	}
	if f, ok := strings.CutPrefix(s, "@"); ok {
		if f == "-" && c.fed {
			c.secret = c.secret || c.stdin.tainted(anySecret)
			return
		}
		c.reads(arg{str: str{tildePath(f), a.t}})
	}
}

func tildePath(p string) string {
	if strings.HasPrefix(p, "~/") {
		return home + p[1:]
	}
	return p
}

// intoDirectory rates a download into a directory.
func (c *call) intoDirectory(dir arg, urls []arg) {
	for _, a := range urls {
		p := arg{str: str{strings.TrimSuffix(dir.s, "/") + "/" + path.Base(strings.TrimRight(a.s, "/")), a.t}}
		tier, why := pathEffect(writes, p, c.sc)
		c.rate(min(tier, Stateful), "download", why)
	}
}

// fetchedHook is for programs that save what they fetch under its own name, or that of -o below that of -d.
func fetchedHook(c *call, u *use) {
	dir := "."
	if o, ok := u.option("-d", "--dir"); ok && o.has {
		dir = o.arg.s
	}
	for _, a := range u.operands {
		name, _, _ := strings.Cut(path.Base(a.s), "?")
		if o, ok := u.option("-o", "--out", "--output"); ok && o.has {
			name = o.arg.s
		}
		p := word(name)
		if !strings.HasPrefix(name, "/") && dir != "." {
			p = word(dir + "/" + name)
		}
		c.effect(writes, p, base(c.args[0].s))
		c.m.wrote(p, str{unk, fromNet | fromData}, false, c.sc)
	}
}

func wgetHook(c *call, u *use) {
	if u.has("--spider", "-V") {
		return
	}
	stdout, output := false, ""
	for _, o := range u.options {
		switch o.name {
		case "-O", "--output-document":
			output = o.arg.s
			if o.arg.s == "-" {
				stdout = true
				continue
			}
			c.effect(writes, o.arg, "wget -O")
			c.m.wrote(o.arg, str{unk, fromNet | fromData}, false, c.sc)
		case "-P", "--directory-prefix":
			c.intoDirectory(o.arg, u.operands)
			tier, why := pathEffect(creates, arg{str: str{o.arg.s + "/x", o.arg.t}}, c.sc)
			c.rate(tier, "wget -P", why)
			output = "-P"
		case "--post-data", "--post-file", "--body-data", "--body-file":
			c.rate(Stateful, "wget "+o.name, "sends data to another machine")
			if strings.HasSuffix(o.name, "file") {
				c.reads(o.arg)
			}
		case "--method":
			if m := strings.ToUpper(o.arg.s); m == "DELETE" {
				c.rate(Irreversible, "wget --method", "deletes something on another machine")
			} else if m != "GET" && m != "HEAD" {
				c.rate(Stateful, "wget --method", "changes something on another machine")
			}
		case "-i", "--input-file":
			c.reads(o.arg)
		}
	}
	if stdout {
		return
	}
	c.out = &str{"", 0}
	if output == "" {
		c.rate(Reversible, "wget", "writes a file here")
		c.intoDirectory(word("."), u.operands)
		for _, a := range u.operands {
			name, _, _ := strings.Cut(path.Base(a.s), "?")
			c.m.wrote(word(name), str{unk, fromNet | fromData}, false, c.sc)
		}
	}
}

var remotePath = lazyregexp.New(`^(\[[^\]/]+\]|[^/:@ ]+@[^/: ]+|[^/:@ ]+)::?|^(rsync|sftp|scp)://`)

func isRemote(a arg) bool {
	return remotePath.MatchString(a.s) && !strings.HasPrefix(a.s, home) && !(len(a.s) > 1 && a.s[1] == ':' && strings.Contains(a.s, `\`))
}

// scpHook: what goes to another machine, or comes from it.
func scpHook(c *call, u *use) {
	for _, o := range u.options {
		if o.name == "-o" && o.has {
			c.sshOption(o.arg)
		}
	}
	if u.has("-t", "-f") {
		c.serves(u.has("-t"), u.operands)
		return
	}
	if len(u.operands) < 2 {
		return
	}
	from, to := u.operands[:len(u.operands)-1], u.operands[len(u.operands)-1]
	fetched := false
	for _, f := range from {
		if isRemote(f) {
			fetched = true
			continue
		}
		c.reads(f)
	}
	if isRemote(to) {
		c.rate(Stateful, "scp", "writes files on another machine")
		return
	}
	c.sends = false
	c.copyInto(to, from, "scp")
	c.rate(Reversible, "scp", "copies files here")
	if fetched && to.known() {
		for _, f := range from {
			c.m.files[absolute(strings.TrimSuffix(to.s, "/")+"/"+base(f.s), c.sc)] = str{unk, fromNet}
		}
	}
}

// serves is the far end of scp and rsync: it takes files of any name, or gives them.
func (c *call) serves(takes bool, paths []arg) {
	c.sends = false // to the one who asked
	for _, p := range paths {
		if !takes {
			c.reads(p)
			continue
		}
		c.effect(writes, p, base(c.args[0].s))
		tier, why := pathEffect(writes, arg{str: str{strings.TrimSuffix(p.s, "/") + "/" + unk, p.t}}, c.sc)
		c.rate(max(tier, Reversible), base(c.args[0].s), why)
	}
}

// rsyncHook: as scp, and --delete removes what the source does not have.
func rsyncHook(c *call, u *use) {
	if u.has("--server") {
		paths := u.operands
		if len(paths) > 0 && paths[0].s == "." {
			paths = paths[1:]
		}
		c.serves(!u.has("--sender"), paths)
		for _, o := range u.options {
			if strings.HasPrefix(o.name, "--del") || o.name == "--remove-source-files" {
				c.rate(Irreversible, "rsync "+o.name, "removes files")
			}
		}
		return
	}
	if u.has("-n", "--dry-run", "--list-only") || len(u.operands) == 1 {
		c.rsyncPrograms(u)
		return
	}
	c.rsyncPrograms(u)
	if len(u.operands) < 2 {
		return
	}
	from, to := u.operands[:len(u.operands)-1], u.operands[len(u.operands)-1]
	for _, f := range from {
		if !isRemote(f) {
			c.reads(f)
		}
	}
	remote := isRemote(to)
	if remote {
		c.rate(Stateful, "rsync", "writes files on another machine")
	} else {
		c.sends = false
		c.copyInto(to, from, "rsync")
		c.rate(Reversible, "rsync", "copies files here")
	}
	deletes := false
	for _, o := range u.options {
		if strings.HasPrefix(o.name, "--del") {
			deletes = true
		}
		if o.name == "--remove-source-files" {
			c.rate(Stateful, "rsync --remove-source-files", "removes the files it has copied")
			for _, f := range from {
				if at, _ := locate(f, c.sc); at != work && at != temp && at != personal && !isRemote(f) {
					c.rate(Irreversible, "rsync --remove-source-files", "removes "+f.show())
				}
			}
		}
	}
	if !deletes {
		return
	}
	at, exact := locate(to, c.sc)
	if remote || at != work && at != temp || !exact {
		c.rate(Irreversible, "rsync --delete", "removes what the source does not have from "+to.show())
	} else {
		c.rate(Stateful, "rsync --delete", "removes what the source does not have from "+to.show())
	}
}

// rsyncPrograms: -e names what connects, --rsync-path what runs there.
func (c *call) rsyncPrograms(u *use) {
	for _, o := range u.options {
		switch o.name {
		case "-e", "--rsh":
			c.program(o.arg, "rsync -e")
		case "--rsync-path":
			if o.arg.s != "rsync" && o.arg.s != "/usr/bin/rsync" {
				c.rate(Stateful, "rsync --rsync-path", "runs another program there")
				if o.arg.s == "sudo rsync" {
					continue
				}
				c.shellText(o.arg.str)
			}
		}
	}
}

// ncHook: connections, and -e or -c that put a program on them.
func ncHook(c *call, u *use) {
	if u.has("-z") && !c.fed {
		c.rate(Observe, "nc -z", "asks whether a port is open")
		return
	}
	for _, o := range u.options {
		switch o.name {
		case "-e", "--exec", "-c", "--sh-exec", "--lua-exec":
			c.rate(Irreversible, "nc "+o.name, "puts a program on a network connection")
		}
	}
	c.rate(Stateful, "nc", "speaks to another machine")
	if c.fed && c.stdin.known() && u.operand(1).s == "6379" { // redis reads such lines
		c.command(words("redis-cli"))
	}
	if c.fed && lineProtocols.MatchString(c.stdin.s) {
		c.rate(Irreversible, "nc", "sends a command that loses what is there")
	}
	c.out = &str{unk, fromNet | fromData}
}

// lineProtocols are commands of servers that anything can be typed to: memcached, Redis, HTTP.
var lineProtocols = lazyregexp.New(`(?im)^\s*(flush_all|flushall|flushdb|shutdown\b|delete\s+/\S*\s+http/)`)

// socatHook: EXEC and SYSTEM addresses run programs.
func socatHook(c *call, u *use) {
	net, runs := false, false
	for _, a := range u.operands {
		kind, rest, _ := strings.Cut(a.s, ":")
		switch k := strings.ToUpper(kind); {
		case k == "EXEC" || k == "SYSTEM" || k == "SHELL":
			runs = true
			text, _, _ := strings.Cut(rest, ",")
			c.shellText(str{strings.Trim(text, `"'`), a.t})
		case strings.HasPrefix(k, "TCP") || strings.HasPrefix(k, "UDP") || strings.HasPrefix(k, "OPENSSL") || strings.HasPrefix(k, "SSL") || strings.HasPrefix(k, "SCTP") || strings.HasPrefix(k, "SOCKS") || strings.HasPrefix(k, "PROXY") || strings.HasPrefix(k, "VSOCK"):
			net = true
		case k == "OPEN" || k == "CREATE" || k == "CREAT" || k == "GOPEN" || k == "FILE":
			f, _, _ := strings.Cut(rest, ",")
			c.reads(word(f))
			c.effect(writes, word(f), "socat")
		}
	}
	c.rate(Stateful, "socat", "joins two channels")
	if net && runs {
		c.rate(Irreversible, "socat", "puts a program on a network connection")
	}
}
