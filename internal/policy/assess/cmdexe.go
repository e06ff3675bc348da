package assess

import "strings"

func init() {
	hooks["cmd"] = cmdHook
}

// cmdHook reads what cmd /c runs.
func cmdHook(c *call, u *use) {
	for i, a := range c.args[1:] {
		if f := strings.ToLower(a.s); strings.HasPrefix(f, "/c") || strings.HasPrefix(f, "/k") || strings.HasPrefix(f, "/r") {
			c.cmdText(strings.TrimSpace(a.s[2:] + " " + join(c.args[2+i:]).s))
			return
		}
	}
	if c.fed {
		c.cmdText(c.stdin.s)
		return
	}
	c.rate(Stateful, "cmd", "an interactive shell")
}

// cmdText follows a text as cmd.exe runs it: & and | separate, parentheses group, ^ escapes, %NAME% is what set NAME=… said.
func (c *call) cmdText(text string) {
	if strings.Contains(text, unk) {
		c.rate(Stateful, "cmd", "part of the code is not known")
	}
	vars := map[string]string{}
	separators := func(r rune) bool { return strings.ContainsRune("&|\n()", r) }
	for _, stmt := range strings.FieldsFunc(strings.ReplaceAll(text, "^", ""), separators) {
		low := strings.ToLower(strings.TrimSpace(stmt))
		if name, v, ok := strings.Cut(strings.TrimPrefix(low, "set "), "="); ok && strings.HasPrefix(low, "set ") {
			vars[strings.Trim(name, ` "`)] = strings.Trim(v, ` "`)
			continue
		}
		if strings.ContainsAny(stmt, "%!") {
			for name, v := range vars {
				for _, mark := range []string{"%" + name + "%", "!" + name + "!"} {
					if at := strings.Index(strings.ToLower(stmt), mark); at >= 0 {
						stmt = stmt[:at] + v + stmt[at+len(mark):]
					}
				}
			}
		}
		if args := cmdCommand(cmdWords(stmt)); len(args) > 0 {
			c.cmdRun(args)
		}
	}
}

// cmdRun rates one command of cmd.exe.
func (c *call) cmdRun(args []arg) {
	name := strings.ToLower(args[0].s)
	if name == "set" || name == "title" || name == "color" || name == "chcp" || name == "prompt" || name == "mode" || name == "in" || strings.HasPrefix(name, "*.") || strings.HasPrefix(name, "%") {
		return
	}
	if strings.HasPrefix(name, ">") {
		return
	}
	if full, ok := cmdNames[name]; ok {
		args = append(words(full), args[1:]...)
	}
	for i, a := range args {
		if target, ok := strings.CutPrefix(strings.TrimLeft(a.s, ">"), ""); ok && strings.HasPrefix(a.s, ">") {
			if target == "" && i+1 < len(args) {
				target = args[i+1].s
			}
			if !strings.EqualFold(target, "nul") && target != "" {
				c.rate(Reversible, "cmd", "writes "+target)
			}
		}
	}
	c.command(args)
}

// cmdNames are commands whose names mean other programs elsewhere.
var cmdNames = map[string]string{
	"rmdir": "rd", "del": "del", "erase": "del", "type": "type.exe", "find": "findstr", "more": "more.com", "sort": "findstr", "mkdir": "md", "dir": "get-childitem", "where": "where.exe", "tree": "tree.com", "fc": "fc.exe", "ipconfig": "ipconfig",
	"shutdown": "shutdown.exe", "whoami": "whoami.exe", "ver": "ver", "date": "ver", "time": "ver", "path": "ver", "hostname": "hostname", "cd": "set-location", "chdir": "set-location", "cls": "ver", "pushd": "set-location", "popd": "set-location", "expand": "expand-archive", "timeout": "start-sleep", "pause": "ver", "assoc": "assoc", "klist": "klist.exe",
}

// cmdCommand takes off what stands before a command: @, call, start, if, for … do.
func cmdCommand(args []arg) []arg {
	for len(args) > 0 {
		args[0].s = strings.TrimPrefix(args[0].s, "@")
		switch strings.ToLower(args[0].s) {
		case "", "call", "do", "else", "cmd-title":
			args = args[1:]
		case "start":
			args = args[1:]
			for len(args) > 0 && (args[0].s == "" || strings.HasPrefix(args[0].s, "/")) {
				args = args[1:]
			}
		case "for":
			for i, a := range args {
				if strings.EqualFold(a.s, "do") {
					return cmdCommand(args[i+1:])
				}
			}
			return nil
		case "if":
			for i := range args[1:] {
				if name := strings.ToLower(args[1+i].s); cmdNames[name] != "" || i > 0 && lookup(name) != nil {
					return args[1+i:]
				}
			}
			return nil
		default:
			return args
		}
	}
	return nil
}

// cmdWords splits at blanks outside of double quotes.
func cmdWords(s string) []arg {
	var w splitWords
	quoted := false
	for _, r := range s {
		switch {
		case r == '"':
			quoted, w.open = !quoted, true
		case !quoted && strings.ContainsRune(" \t\r,;", r):
			w.end()
		default:
			w.word.WriteRune(r)
		}
	}
	return w.all()
}
