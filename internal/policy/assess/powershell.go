package assess

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"

	"mvdan.cc/sh/v3/syntax"
	"relay-shell/internal/lazyregexp"
)

func init() {
	hooks["powershell"] = powershellHook
}

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
			c.powershell(c.psText(1 + i))
			return
		case len(flag) > 2 && strings.HasPrefix("-encodedcommand", flag) || flag == "-e" || flag == "-ec" || flag == "-enc":
			if len(rest) > 0 {
				c.rate(Stateful, "powershell", "runs an encoded command")
				c.powershell(decodeUTF16(rest[0].s))
			}
			return
		case strings.HasPrefix("-command", flag) || flag == "/c":
			c.powershell(c.psText(2 + i))
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

// psText is the code that the arguments from i on make. A POSIX shell replaces $_ and other variables of PowerShell by nothing
// where they stand in double quotes; what is meant, and what a shell of Windows passes on, is the text as written.
func (c *call) psText(i int) string {
	text := join(c.args[i:]).s
	if !strings.Contains(text, unk) {
		return text
	}
	file, err := parse(c.m.lang, c.text)
	if err != nil || len(file.Stmts) != 1 {
		return text
	}
	written, ok := file.Stmts[0].Cmd.(*syntax.CallExpr)
	if !ok || len(written.Args) != len(c.args) {
		return text
	}
	var raw []string
	for j, w := range written.Args[i:] {
		if !strings.Contains(c.args[i+j].s, unk) {
			raw = append(raw, c.args[i+j].s)
			continue
		}
		own := true
		syntax.Walk(w, func(n syntax.Node) bool {
			switch x := n.(type) {
			case *syntax.CmdSubst, *syntax.ProcSubst, *syntax.ArithmExp:
				own = false
			case *syntax.ParamExp:
				if x.Param != nil {
					_, set := c.sc.vars[x.Param.Value]
					own = own && x.Short && !set
				}
			}
			return own
		})
		q, quoted := strings.CutPrefix(c.text[w.Pos().Offset():w.End().Offset()], `"`)
		if !own || !quoted {
			return text
		}
		raw = append(raw, unescapeDouble(strings.TrimSuffix(q, `"`)))
	}
	return strings.Join(raw, " ")
}

var (
	psFetches = lazyregexp.New(`(?i)download|\biwr\b|\birm\b|\bcurl\b|\bwget\b|invoke-webrequest|invoke-restmethod|frombase64|net\.webclient|bitstransfer`)
	psInvokes = lazyregexp.New(`(?i)\biex\b|invoke-expression|downloadstring|\[scriptblock\]|\.invoke\(|\.invokescript\(`)
	psDeletes = lazyregexp.New(`(?i)\[(system\.)?io\.(file|directory)\]::(delete|writeall\w+)|\.(delete|deletetree|shutdown|win32shutdown|reboot|removeall|format|deleteallsubkeys|deletesubkeytree)\(|win32_\w+.*\.delete\(`)
	psEnds    = lazyregexp.New(`(?i)\.(kill|terminate|stop|set\w+|add|create\w*|remove\w*|write\w*|save|put|commitchanges|change\w*|moveto|copyto|rename\w*|invokemethod)\(`)
	// psSums are texts put together of literals.
	psSums   = lazyregexp.New(`(['"])\s*\+\s*['"]`)
	psFormat = lazyregexp.New(`(?i)\(?\s*(["'])((?:\{\d+\})+)["']\s*-f\s*((?:['"][^'"]*['"]\s*,?\s*)+)\)?`)
	psJoin   = lazyregexp.New(`(?i)\(?\s*((?:['"][^'"]*['"]\s*,?\s*)+)\)?\s*-join\s*(''|"")`)
	psHides  = lazyregexp.New(`(?i)(&|\.|\biex\b|invoke-expression)\s*\(?[^;|]*(-join|-replace|-split|\[char\]|\[convert\]|\[text\.encoding\]|-bxor|\.substring\(|\[\d+\]|::getstring|\.tochararray)`)
)

// powershell rates each command of a text by its verb; strings are data unless something invokes them.
func (c *call) powershell(text string) {
	if c.m.depth > maxDepth/2 {
		c.rate(Irreversible, "powershell", "code within code too deep to be read")
		return
	}
	if strings.Contains(text, unk) {
		c.rate(Stateful, "powershell", "part of the code is not known")
	}
	text = psLiteral(text)
	if psInvokes.MatchString(text) && psFetches.MatchString(text) {
		c.rate(Irreversible, "remote-code", "runs code fetched from the network or decoded")
	}
	if psHides.MatchString(text) {
		c.rate(Irreversible, "hidden-code", "runs a command whose name or code is put together so that it cannot be read")
	}
	bare := psUnquoted(text)
	switch {
	case psDeletes.MatchString(bare):
		c.rate(Irreversible, "powershell", "calls a method that deletes or ends something")
	case psEnds.MatchString(bare):
		c.rate(Stateful, "powershell", "calls a method that may change something")
	}
	vars := map[string]arg{}
	var before []arg
	for _, stmt := range psStatements(text) {
		args := psWords(stmt)
		c.psStatement(stmt, args, before, vars)
		before = args
	}
}

// psStatement rates one command. before is the one that feeds it, vars what variables hold as far as that is plain text.
func (c *call) psStatement(stmt string, args, before []arg, vars map[string]arg) {
	if len(args) == 1 && strings.HasPrefix(args[0].s, "$") { // without blanks
		if name, v, ok := strings.Cut(args[0].s, "="); ok {
			vars[strings.ToLower(strings.TrimSpace(name))] = word(strings.TrimSpace(v))
			return
		}
	}
	if len(args) > 2 && strings.HasPrefix(args[0].s, "$") && args[1].s == "=" {
		vars[strings.ToLower(args[0].s)] = args[2]
		args = args[2:]
		if trimmed := strings.TrimSpace(stmt[strings.IndexByte(stmt, '=')+1:]); strings.IndexByte(`'"@[$`, trimmed[0]) >= 0 {
			return
		}
	}
	invoked := false
	for len(args) > 0 && (args[0].s == "&" || args[0].s == ".") {
		args, invoked = args[1:], true
	}
	if len(args) == 0 {
		return
	}
	if v, ok := vars[strings.ToLower(args[0].s)]; ok && invoked {
		args = append(psWords(v.s), args[1:]...)
	}
	for i, a := range args[1:] {
		if v, ok := vars[strings.ToLower(a.s)]; ok {
			args[1+i] = v
		}
	}
	first := args[0].s
	if !invoked && psExpression(strings.TrimSpace(stmt), first) {
		return
	}
	name := strings.ToLower(first)
	if full, ok := psAliases[name]; ok {
		name = strings.ToLower(full)
		args = append(words(full), args[1:]...)
	}
	switch name {
	case "invoke-expression":
		for _, a := range append(args[1:len(args):len(args)], before...) {
			if strings.Contains(a.s, " ") {
				c.queue(Reread, func() str { c.nestedPowershell(a.s); return lit("") })
			}
		}
	case "start-process":
		if started := psStarted(args[1:]); len(started) > 0 {
			c.queue(Peeled, func() str { c.nestedPowershell(joinWith(started, " ").s); return lit("") })
		}
	}
	c.command(args)
}

// nestedPowershell follows a text as a command of its own.
func (c *call) nestedPowershell(text string) {
	d := c.child(words("powershell", "-command", text))
	d.run()
}

// psStarted are the words that Start-Process runs.
func psStarted(args []arg) []arg {
	var out []arg
	for i := 0; i < len(args); i++ {
		switch f := strings.ToLower(args[i].s); {
		case f == "-filepath" || f == "-argumentlist" || f == "-args":
		case f == "-wait" || f == "-nonewwindow" || f == "-passthru":
		case strings.HasPrefix(f, "-") && len(out) == 0 || f == "-verb" || f == "-windowstyle" || f == "-workingdirectory" || f == "-credential":
			i++
		default:
			out = append(out, word(strings.TrimSuffix(args[i].s, ",")))
		}
	}
	return out
}

// psExpression tells statements that are values or keywords rather than commands.
func psExpression(stmt, first string) bool {
	if strings.IndexByte(`'"$[@-+*/%,=!.0123456789`, stmt[0]) >= 0 && first != "%" {
		return true
	}
	if name, _, ok := strings.Cut(first, "="); ok && syntax.ValidName(name) { // of a hash table
		return true
	}
	switch strings.ToLower(first) {
	case "if", "else", "elseif", "foreach", "for", "while", "do", "switch", "try", "catch", "finally", "return", "param", "function", "begin", "process", "end", "in", "exit", "break", "continue", "throw", "using":
		return true
	}
	return false
}
