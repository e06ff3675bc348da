package assess

import "slices"

// asksForHelp tells calls that print a manual: --help or --version as the only argument, or behind nothing but subcommands.
func (u *use) asksForHelp(args []arg) bool {
	if len(args) == 0 || u.g.has("nohelp") {
		return false
	}
	if args[0].s == "-h" && len(args) == 1 && u.g.attr("hook") == "sudo" {
		return true
	}
	if only := args[0].s; len(args) == 1 && (only == "-V" || only == "-v" || only == "-version" || only == "version") && asksVersion[u.g.attr("hook")] {
		return true
	}
	last := args[len(args)-1].s
	if last == "-help" && u.g.has("single") {
		last = "--help"
	}
	if (last == "--help" || last == "-h" && len(u.words) > 0 && !u.other) && u.g.has("helps") && !u.stops() && !slices.ContainsFunc(args, func(a arg) bool { return a.s == "--" }) {
		return true
	}
	if last == "-help" && u.g.has("single") || last == "-h" && u.g.attr("hook") == "git" && len(u.words) > 0 {
		last = "--help"
	}
	if last != "--help" && last != "--version" && !(last == "help" && len(u.words) == 1 && len(args) == 1) {
		return false
	}
	return len(args)-1 == len(u.words) && !slices.Contains(u.words, "") || len(args) == 1 || len(u.words) > 0 && len(args) == len(u.words)
}

// asksVersion are the hooks of tools for which -v or -V alone asks for the version.
var asksVersion = map[string]bool{"build": true, "npm": true, "make": true, "pip": true, "pkgVerbs": true, "sudo": true, "apt": true, "interpreter": true}
