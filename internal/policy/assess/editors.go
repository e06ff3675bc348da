package assess

import (
	"slices"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// edHook reads the commands that ed and ex get on their input: w writes, !cmd runs, e and r read.
func edHook(c *call, u *use) {
	if !c.fed {
		c.rate(Reversible, "ed", "edits files")
		for _, f := range u.operands {
			c.effect(modifies, f, "ed")
		}
		return
	}
	c.rate(Reversible, "ed", "edits files by commands on its input")
	if !c.stdin.known() {
		c.rate(Stateful, "ed", "commands that are not known")
	}
	c.editorCommands(strings.Split(c.stdin.s, "\n"), u.operands)
}

// editorCommands rates commands of ed, ex and vim over files.
func (c *call) editorCommands(lines []string, files []arg) {
	deletesAll := false
	for _, l := range lines {
		l = strings.TrimLeft(strings.TrimSpace(l), ": ")
		bare := strings.TrimLeft(l, "0123456789,.$%'<>+-;")
		if strings.HasPrefix(l, "%d") || strings.HasPrefix(l, "1,$d") || strings.HasPrefix(l, ",d") || strings.HasPrefix(l, "g/") && strings.HasSuffix(l, "/d") || strings.HasPrefix(l, "%delete") {
			deletesAll = true
		}
		switch {
		case strings.HasPrefix(bare, "!"):
			c.rate(Stateful, "editor", "runs a command")
			c.shellText(lit(strings.TrimPrefix(bare, "!")))
		case strings.HasPrefix(bare, "r !") || strings.HasPrefix(bare, "r!") || strings.HasPrefix(bare, "w !") || strings.HasPrefix(bare, "e !") || strings.HasPrefix(bare, "read !") || strings.HasPrefix(bare, "write !"):
			_, text, _ := strings.Cut(bare, "!")
			c.rate(Stateful, "editor", "runs a command")
			c.shellText(lit(text))
		case editorCode.MatchString(bare):
			c.rate(Stateful, "editor", "runs code")
			if i := strings.Index(bare, "!"); i >= 0 && strings.HasPrefix(bare, "silent") {
				c.shellText(lit(bare[strings.LastIndex(bare, "!")+1:]))
			}
			if editorLosses.MatchString(bare) {
				c.code("vim", lit(editorLosses.ReplaceAllStringFunc(bare, func(string) string { return "rmtree(" })))
				continue
			}
			for _, s := range stringLiterals(bare) {
				c.shellText(lit(s.text))
			}
			c.code("vim", lit(bare))
		case isWrite(bare):
			target := strings.TrimSpace(strings.TrimLeft(bare, "writexqau!"))
			if target != "" && strings.HasPrefix(bare, "w") {
				c.effect(writes, word(strings.TrimPrefix(target, ">>")), "editor w")
				continue
			}
			for _, f := range files {
				kind := modifies
				if deletesAll {
					kind = empties
				}
				c.effect(kind, f, "editor w")
			}
		}
	}
}

// editorCode are commands of vim and ex that run code, or functions that reach beyond the editor.
var editorCode = lazyregexp.New(`^(silent!? *!|sil!? *!|term|py|lua|perl|ruby|tcl|so\b|source|runtime|exe|exec|normal|call|let|echo|eval|if|for|while)|\b(system|systemlist|delete|rename|writefile|mkdir|job_start|jobstart|termopen|term_start|libcall\w*|libcallnr|setfperm)\(`)

// editorLosses is vim's delete() with its flag for trees.
var editorLosses = lazyregexp.New(`\bdelete\(`)

func isWrite(cmd string) bool {
	for _, w := range []string{"w", "wq", "x", "xa", "wa", "wqa", "write", "wq!", "x!", "w!", "wqall", "update", "up", "exit"} {
		if cmd == w || strings.HasPrefix(cmd, w+" ") {
			return true
		}
	}
	return false
}

// vimHook reads the commands given with -c and +; without them it is an editor on a terminal.
func vimHook(c *call, u *use) {
	var commands []string
	for _, o := range u.options {
		switch {
		case (o.name == "-c" || o.name == "--cmd") && o.has:
			commands = append(commands, strings.Split(o.arg.s, "|")...)
			commands = append(commands, o.arg.s)
		case o.name == "-u" && o.has && o.arg.s != "NONE" && o.arg.s != "DEFAULTS" && o.arg.s != "NORC":
			c.rate(Stateful, "vim", "runs a script")
		case o.name == "-S" || o.name == "-s" && base(c.args[0].s) != "ex" && !u.has("-e"):
			c.rate(Stateful, "vim", "runs a script")
		}
	}
	for i, a := range c.args { // in ex mode -s takes no value, so that -sc COMMAND is -s -c COMMAND
		if len(a.s) > 1 && a.s[0] == '-' && a.s[1] != '-' && strings.HasSuffix(a.s, "c") && i+1 < len(c.args) {
			commands = append(commands, c.args[i+1].s)
			commands = append(commands, strings.Split(c.args[i+1].s, "|")...)
		}
	}
	var files []arg
	operands := u.operands
	if o, ok := u.option("-s"); ok && o.has && (base(c.args[0].s) == "ex" || u.has("-e", "-E", "-es")) {
		operands = append([]arg{o.arg}, operands...) // in ex mode -s takes no value
	}
	for _, a := range operands {
		if text, ok := strings.CutPrefix(a.s, "+"); ok {
			commands = append(append(commands, strings.Split(text, "|")...), text)
			continue
		}
		files = append(files, a)
	}
	if c.fed && (u.has("-e", "-s", "-es", "-E") || base(c.args[0].s) == "ex") {
		commands = append(commands, strings.Split(c.stdin.s, "\n")...)
	}
	for _, f := range files {
		c.reads(f)
	}
	if i := slices.IndexFunc(c.args, func(a arg) bool { return a.s == "-l" }); i > 0 && i+1 < len(c.args) && base(c.args[0].s) == "nvim" {
		if content := c.scriptContent(c.args[i+1]); content.known() {
			c.code("lua", content)
		} else {
			c.rate(Stateful, "vim", "runs a script")
		}
		return
	}
	if len(commands) == 0 {
		if u.has("-R") || base(c.args[0].s) == "view" {
			c.rate(Reversible, "vim", "shows files in an editor, which can do more")
			return
		}
		c.rate(Reversible, "vim", "opens an editor")
		for _, f := range files {
			c.effect(modifies, f, "vim")
		}
		return
	}
	c.editorCommands(commands, files)
}
