package assess

import (
	"path"
	"strings"
)

func init() {
	hooks["fetched"] = fetchedHook
	hooks["wget"] = wgetHook
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
