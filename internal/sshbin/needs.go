package sshbin

import "strings"

// What a command needs and the host has not: its directory, its program, room for its text; as the host's shell found it.
const (
	dirMissing = 1
	dirIsFile  = 2
	dirClosed  = 3
	noProgram  = 4
	noRoom     = 5
)

// enter is the shell text that enters a directory, or ends the shell. With a token it says why in a marker instead of the shell's own words.
func enter(dir, token string) string {
	path := quoteDir(dir)
	cd := "CDPATH= cd -- " + path
	if token == "" {
		return cd + " || exit 1"
	}
	return cd + " 2>/dev/null || { _s=3; [ -d " + path + " ] || _s=2; [ -e " + path + " ] || _s=1; " + printMarker(token) + "; exit 1; }"
}

// have is the shell text that ends the shell where there is no such program.
func have(program, token string) string {
	test := "command -v " + quote(program) + " >/dev/null 2>&1"
	if strings.Contains(program, "/") { // dash's command -v names files that are no programs
		test = "[ -f " + quote(program) + " ] && [ -x " + quote(program) + " ]"
	}
	return test + " || { _s=4; " + printMarker(token) + "; exit 127; }"
}

// unmet is the error of a command that never started for want of what it needs, in the words of a local one.
func (c *Command) unmet(host string, what int) error {
	e := &Error{Op: "running", Host: host}
	switch what {
	case noProgram:
		e.Code, e.Message, e.Hint = "not_found", c.Program+" is not on the host, or not executable", "name another interpreter (sh is on every host), or install it there"
	case noRoom:
		e.Code, e.Message = "too_large", "a command of "+itoa(len(c.Text))+" bytes needs room in the host's temporary directory, and there is none"
		e.Hint = "make room there; the command has not run"
	case dirMissing:
		e.Code, e.Message, e.Hint = "not_found", "cwd "+c.Dir+" does not exist", "pass a directory that exists on the host, or none"
	case dirIsFile:
		e.Code, e.Message, e.Hint = "invalid_argument", "cwd "+c.Dir+" is not a directory", "cwd is the directory to run in"
	default:
		e.Code, e.Message, e.Hint = "permission_denied", "cwd "+c.Dir+" is not accessible", "the account on the host may not enter it"
	}
	return e
}
