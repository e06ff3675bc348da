package assess

import (
	"path"
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["curl"] = curlHook
	hooks["httpie"] = httpieHook
}

// request is what a call of curl would send, and where the answer goes.
type request struct {
	method string
	sends  bool
	output bool // the answer goes to a file
}

// curlHook: what is sent, by which method, and where the answer goes.
func curlHook(c *call, u *use) {
	r := &request{}
	for _, o := range u.options {
		c.curlOption(o, u, r)
	}
	c.curlMethod(r, u)
	for _, a := range u.operands {
		if f, ok := strings.CutPrefix(a.s, "file://"); ok {
			c.reads(word(f))
		}
		low := strings.ToLower(a.s)
		if strings.HasPrefix(low, "telnet:") || strings.HasPrefix(low, "gopher:") || strings.HasPrefix(low, "dict:") {
			c.rate(Stateful, "curl", "speaks to another service")
		}
	}
	if r.output {
		c.out = &str{"", 0}
	}
}

// curlOption rates what one option reads, writes or sends.
func (c *call) curlOption(o given, u *use, r *request) {
	switch o.name {
	case "-X", "--request":
		r.method = strings.ToUpper(o.arg.s)
	case "-d", "--data", "--data-ascii", "--data-binary", "--data-urlencode", "--data-raw", "-F", "--form", "--form-string", "--json", "--url-query":
		r.sends = r.sends || o.name != "--url-query"
		c.curlData(o.arg)
		if o.arg.s == "@-" && c.fed {
			c.curlStatement(c.stdin)
		} else {
			c.curlStatement(o.arg.str)
		}
	case "-T", "--upload-file":
		r.sends = true
		c.reads(o.arg)
	case "-o", "--output":
		if r.output = o.arg.s != "-"; r.output {
			c.effect(writes, o.arg, "curl -o")
			c.m.wrote(o.arg, str{unk, fromNet | fromData}, false, c.sc)
		}
	case "-O", "--remote-name", "--remote-name-all", "-J", "--remote-header-name":
		r.output = true
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
	case "-Q", "--quote":
		c.rate(Stateful, "curl -Q", "sends the command "+o.arg.show())
		if text := strings.ToUpper(strings.TrimLeft(o.arg.s, "-+")); strings.HasPrefix(text, "DELE") || strings.HasPrefix(text, "RM") {
			c.rate(Irreversible, "curl -Q", "deletes a file on another machine")
		}
	}
}

// curlMethod rates the request by its method, and by what its address calls.
func (c *call) curlMethod(r *request, u *use) {
	switch {
	case r.method == "DELETE":
		c.rate(Irreversible, "curl", "deletes something on another machine")
	case (r.method == "" || r.method == "POST") && r.sends && asksOnly(u.operands):
		c.rate(Observe, "curl", "asks a search engine")
		return
	case r.method != "" && !readMethods[r.method]:
		c.rate(Stateful, "curl", "changes something on another machine")
	case r.sends && !u.has("-G", "--get") && r.method == "":
		c.rate(Stateful, "curl", "sends data to another machine")
	default:
		return
	}
	c.httpAction(u.operands)
}

// readMethods are those that ask.
var readMethods = setOf("GET HEAD OPTIONS PROPFIND TRACE")

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
	if c.tier == Stateful {
		c.httpAction(u.operands)
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
