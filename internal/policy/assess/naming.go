package assess

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	syntaxpattern "mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

// unknownName is a command whose name is not known before it runs: at least stateful, and irreversible if its arguments would
// make rm, a shell or a wrapper so.
func (c *call) unknownName() {
	name := c.args[0]
	if name.tainted(fromNet) {
		c.rate(Irreversible, "remote-code", "runs a command fetched from the network")
		return
	}
	if name.tainted(fromPieces) && strings.Trim(name.s, unk) == "" {
		c.rate(Irreversible, "unknown", "the command's name is put together from pieces so that it cannot be read")
		return
	}
	c.rate(Stateful, "unknown", "the command's name is not known before it runs")
	if dir := path.Dir(absolute(name.s, c.sc)); !strings.Contains(name.s, "/") || strings.Contains(dir, unk) || trustedDir(dir+"/x") {
		c.guessNames(strings.ReplaceAll(globQuote.Replace(base(name.s)), unk, "*"))
	}
	if len(c.args) > 1 {
		c.guess(c.args[1:])
	}
}

// unknownProgram is a program that is not in the tables. It may be a wrapper, or a script.
func (c *call) unknownProgram() {
	name := c.args[0].s
	switch {
	case c.verbNoun(name):
		return
	case c.m.lang == syntax.LangPOSIX && strings.ContainsAny(name, "${") && !strings.Contains(name, "/"), strings.HasPrefix(name, "-") && name != "-", name == "[[", name == "]]", c.m.expressions && !strings.Contains(name, "/"):
		c.rate(Observe, "nothing", "no program has such a name")
	case strings.Contains(name, "/"):
		c.rate(Stateful, "script", "runs a program or script that cannot be seen from here")
		c.unknownVerbs(name)
	default:
		c.rate(Stateful, "unknown", "not a program of the tables")
		c.unknownVerbs(name)
	}
	for i := 1; i < len(c.args) && i < 6; i++ {
		a := c.args[i]
		if strings.HasPrefix(a.s, "-") || !a.known() {
			if a.s == "-c" && i+1 < len(c.args) {
				c.guess(append(words("sh"), c.args[i:]...))
			}
			if codeOption[a.s] && i+1 < len(c.args) {
				c.code(base(name), c.args[i+1].str)
			}
			continue
		}
		if a.s == "eval" && i+1 < len(c.args) {
			c.code(base(name), c.args[i+1].str)
		}
		if named(a.s) && (i+1 < len(c.args) || isASCII(name)) {
			c.guess(c.args[i:])
		} else if first, _, ok := strings.Cut(a.s, " "); ok && named(first) {
			c.guess(append(words("sh", "-c"), a))
		}
	}
}

// codeOption are the options with which interpreters take code.
var codeOption = setOf("-e -c -E --eval --exec --execute --expression -eval --command --code -x")

// guess weighs what the call would be if these were the words of a command.
func (c *call) guess(args []arg) {
	if c.m.steps > maxSteps || c.m.depth > maxDepth/2 {
		return
	}
	c.m.steps++
	sub := c.m.probe(func(p *machine) {
		d := *c
		d.m, d.args, d.text, d.runs, d.out, d.rule, d.tier, d.io = p, args, showAll(args), nil, nil, "", Observe, ioset{}
		d.sc = c.sc.fork()
		d.run()
	})
	if sub.tier == Irreversible {
		c.rate(Irreversible, "unknown", "it may run “"+showAll(args)+"”: "+worstOf(sub))
	}
}

// globName is a command named by a pattern: it is as bad as the worst program that the pattern can mean.
func (c *call) globName() {
	c.rate(Stateful, "glob", "the command is named by a pattern")
	c.guessNames(base(c.args[0].s))
}

var globQuote = strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`, `\`, `\\`)

// maxGuesses bounds the programs that a pattern is tried as.
const maxGuesses = 80

// guessNames weighs what the call would be as each of the programs that a pattern matches: those first whose harm is known
// without their arguments, then by name.
func (c *call) guessNames(pattern string) {
	matches := nameMatcher(pattern)
	var names []string
	if strings.Trim(pattern, "*?") == "" {
		names = []string{"dd", "mkfs", "rm", "sh"}
		matches = func(string) bool { return false }
	}
	for name, g := range programs() {
		if !g.is("windows") && matches(name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), cmp.Compare(a, b))
	})
	for _, name := range names[:min(len(names), maxGuesses)] {
		if c.tier == Irreversible {
			return
		}
		c.guess(append(words(name), c.args[1:]...))
	}
}

// rank orders programs by what a pattern in the place of a name most likely hides.
func rank(name string) int {
	switch name {
	case "rm", "dd", "sh", "mkfs":
		return 10
	}
	g := lookup(name)
	if g.wraps() || g.is("code") {
		return 5
	}
	return int(g.tier)
}

// nameMatcher matches names with a pattern of the shell, with the extended ones such as @(rm|mv).
func nameMatcher(pattern string) func(name string) bool {
	re, err := syntaxpattern.Regexp(pattern, syntaxpattern.ExtendedOperators|syntaxpattern.EntireString)
	if err == nil {
		if compiled, err := regexp.Compile(re); err == nil {
			return compiled.MatchString
		}
	}
	return func(name string) bool {
		ok, _ := path.Match(pattern, name)
		return ok || err != nil && strings.Contains(pattern, "!(")
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > '~' }) < 0
}
