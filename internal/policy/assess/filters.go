package assess

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

func init() {
	hooks["base64"] = base64Hook
	hooks["head"] = headHook
	hooks["ls"] = lsHook
	hooks["pass"] = passHook
	hooks["rev"] = revHook
	hooks["tr"] = trHook
	hooks["xxd"] = xxdHook
}

func lsHook(c *call, u *use) {
	for _, a := range u.operands {
		c.secret = c.secret || a.tainted(anySecret)
	}
	if len(u.operands) == 0 {
		c.out = &str{unk, fromFiles | fromData}
		return
	}
}

// Filters: what they make of known text, so that code hidden in it is seen.

func passHook(c *call, u *use) { c.filter(func(s string) (string, bool) { return s, true }) }

func (c *call) filter(f func(string) (string, bool)) {
	in := c.stdin
	if !c.fed {
		in = str{unk, fromData}
	}
	for _, a := range c.args[1:] {
		if content, ok := c.m.files[absolute(a.s, c.sc)]; ok && a.known() {
			in = content
		}
	}
	out := str{unk, in.t}
	if in.known() {
		if in.s != "" {
			out.t |= fromPieces // unless f says what becomes of it
		}
		if s, ok := f(in.s); ok {
			out.t &^= fromPieces
			out.s = limit(strings.ReplaceAll(s, "\x00", ""))
			if !utf8.ValidString(out.s) { // not text after all: nobody knows what a shell makes of it
				out = str{unk, in.t | fromData}
			}
		}
	} else if in.s != unk {
		out = in
	}
	c.out = &out
}

func headHook(c *call, u *use) {
	for _, a := range u.operands {
		c.reads(a)
	}
	c.filter(func(s string) (string, bool) {
		switch name := strings.TrimPrefix(base(c.args[0].s), "g"); name {
		case "head", "tail":
			return ends(u, s, name == "tail")
		}
		return "", false // words become other words
	})
	c.out.t |= fromData
}

// ends is what head and tail leave of a text.
func ends(u *use, s string, last bool) (string, bool) {
	n, sep := 10, "\n"
	for _, o := range u.options {
		switch o.name {
		case "-n", "--lines", "-c", "--bytes":
			v, err := strconv.Atoi(o.arg.s)
			if err != nil || v < 0 || strings.HasPrefix(o.arg.s, "+") {
				return "", false
			}
			if n = v; strings.Contains(o.name, "c") || o.name == "--bytes" {
				sep = ""
			}
		}
	}
	for _, o := range u.unlisted { // head -5
		v, err := strconv.Atoi(strings.TrimPrefix(o, "-"))
		if err != nil || len(u.unlisted) > 1 {
			return "", false
		}
		n = v
	}
	parts := strings.SplitAfter(s, sep)
	if k := len(parts); sep != "" && parts[k-1] == "" {
		parts = parts[:k-1]
	}
	n = min(n, len(parts))
	if last {
		return strings.Join(parts[len(parts)-n:], ""), true
	}
	return strings.Join(parts[:n], ""), true
}

func revHook(c *call, u *use) {
	for _, a := range u.operands {
		c.reads(a)
	}
	c.filter(func(s string) (string, bool) {
		lines := strings.Split(s, "\n")
		if base(c.args[0].s) == "tac" {
			for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
				lines[i], lines[j] = lines[j], lines[i]
			}
			return strings.Join(lines, "\n"), true
		}
		for i, l := range lines {
			r := []rune(l)
			for a, b := 0, len(r)-1; a < b; a, b = a+1, b-1 {
				r[a], r[b] = r[b], r[a]
			}
			lines[i] = string(r)
		}
		return strings.Join(lines, "\n"), true
	})
}

func base64Hook(c *call, u *use) {
	for _, a := range u.operands {
		c.reads(a)
	}
	decode := u.has("-d", "-D", "--decode", "-di")
	c.filter(func(s string) (string, bool) {
		if !decode {
			return base64.StdEncoding.EncodeToString([]byte(s)) + "\n", true
		}
		return decode64(s)
	})
}

func decode64(s string) (string, bool) {
	clean := strings.Join(strings.Fields(s), "")
	clean = strings.TrimRight(clean, "=")
	b, err := base64.RawStdEncoding.DecodeString(clean)
	if err != nil {
		if b, err = base64.RawURLEncoding.DecodeString(clean); err != nil {
			return "", false
		}
	}
	return string(b), true
}

func xxdHook(c *call, u *use) {
	ops := u.operands
	if len(ops) > 1 && base(c.args[0].s) == "xxd" {
		c.effect(writes, ops[1], "xxd")
	}
	for _, a := range ops[:min(1, len(ops))] {
		c.reads(a)
	}
	c.filter(func(s string) (string, bool) {
		if u.has("-r") {
			b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
			return string(b), err == nil
		}
		if u.has("-p") {
			return hex.EncodeToString([]byte(s)), true
		}
		return "", false
	})
}

func trHook(c *call, u *use) {
	c.filter(func(s string) (string, bool) {
		if len(u.operands) == 0 || !u.operands[0].known() {
			return "", false
		}
		from := trSet(u.operands[0].s)
		if u.has("-d") {
			return strings.Map(func(r rune) rune {
				if strings.ContainsRune(from, r) {
					return -1
				}
				return r
			}, s), true
		}
		if len(u.operands) < 2 || u.has("-c", "-C", "-s") || from == "" {
			return "", false
		}
		to := []rune(trSet(u.operands[1].s))
		if len(to) == 0 {
			return "", false
		}
		table := map[rune]rune{}
		for i, r := range []rune(from) {
			if _, ok := table[r]; !ok {
				table[r] = to[min(i, len(to)-1)]
			}
		}
		return strings.Map(func(r rune) rune {
			if t, ok := table[r]; ok {
				return t
			}
			return r
		}, s), true
	})
}

// trSet expands a-z and [:upper:] in a set of tr(1).
func trSet(s string) string {
	for class, set := range map[string]string{"[:upper:]": "A-Z", "[:lower:]": "a-z", "[:digit:]": "0-9", "[:alpha:]": "A-Za-z", "[:space:]": ` \t\n\r`, "[:alnum:]": "A-Za-z0-9"} {
		s = strings.ReplaceAll(s, class, set)
	}
	r := []rune(unescapeNul(s))
	var b strings.Builder
	for i := 0; i < len(r); i++ {
		if i+2 < len(r) && r[i+1] == '-' && r[i] <= r[i+2] && r[i+2]-r[i] < 256 {
			for x := r[i]; x <= r[i+2]; x++ {
				b.WriteRune(x)
			}
			i += 2
			continue
		}
		b.WriteRune(r[i])
	}
	return b.String()
}
