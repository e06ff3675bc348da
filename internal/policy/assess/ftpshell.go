package assess

import "strings"

func init() { hooks["ftpShell"] = ftpShellHook }

// ftpShellHook reads the commands that a file-transfer client is given: ! runs one here, the others change files over there.
func ftpShellHook(c *call, u *use) {
	var lines []string
	for _, name := range []string{"-e", "-c"} {
		if o, ok := u.option(name); ok && o.has {
			lines = append(lines, strings.Split(o.arg.s, ";")...)
		}
	}
	if c.fed {
		lines = append(lines, strings.Split(c.stdin.s, "\n")...)
	}
	for _, l := range lines {
		l = strings.TrimSpace(l)
		if text, ok := strings.CutPrefix(l, "!"); ok {
			c.rate(Stateful, "shell", "runs a command")
			c.shellText(lit(text))
			continue
		}
		verb, rest, _ := strings.Cut(l, " ")
		switch verb {
		case "rm", "mrm", "mdelete", "rmdir":
			c.rate(Stateful, "ftp", "removes files on another machine")
			if strings.Contains(rest, "-r") || strings.ContainsAny(rest, "*?") {
				c.rate(Irreversible, "ftp", "removes trees on another machine")
			}
		case "mirror":
			if strings.Contains(rest, "-R") || strings.Contains(rest, "--reverse") {
				c.rate(Stateful, "ftp", "writes files on another machine")
			}
			if strings.Contains(rest, "--delete") || strings.Contains(rest, "-e") {
				c.rate(Irreversible, "ftp", "removes what the other side has not")
			}
		case "delete", "put", "mput", "rename", "mv", "chmod", "mkdir", "append", "reput", "local":
			c.rate(Stateful, "ftp", "changes files on another machine")
		}
	}
}
