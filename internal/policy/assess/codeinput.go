package assess

import (
	"maps"
	"slices"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// What code in other languages gets beside its own text, and what it hands on.

var (
	codeArguments   = lazyregexp.New(`\b(argv|ARGV|args|@_|arg|commandArgs|Args|\$[1-9@*])\b|\bshift\b|\$ARGV|process\.argv`)
	codeEnvironment = lazyregexp.New(`\b(environ|getenv|ENV|process\.env|_ENV|Getenv|getEnv)\b`)
	codeInput       = lazyregexp.New(`(?i)\b(stdin|STDIN|readline\w*|raw_input|input|gets|readlines|getline|io\.read|/dev/stdin|fileinput|readFileSync\(0|ARGF|sys\.stdin)\b|<>|<STDIN>|\b-[a-z]*[np][a-z]*e?\b`)
	codePrints      = lazyregexp.New(`(?i)\b(print\w*|say|puts|echo|console\.log|write\w*|putStr\w*|display|format)\b`)
)

// codeGiven are the texts that code may take from its arguments, the variables set for it and its input.
func (c *call) codeGiven(code string, text str) []literal {
	var out []literal
	if codeArguments.MatchString(code) {
		behind := false
		for _, a := range c.args {
			if behind && a.known() && a.s != "--" {
				out = append(out, literal{text: a.s, listed: len(out) > 0})
			}
			behind = behind || a.s == text.s
		}
	}
	if codeEnvironment.MatchString(code) {
		for _, name := range slices.Sorted(maps.Keys(c.sc.vars)) {
			for _, v := range c.sc.vars[name] {
				if strings.Contains(code, name) && v.first().known() {
					out = append(out, literal{text: v.first().s})
				}
			}
		}
	}
	if c.fed && c.stdin.known() && c.stdin.s != text.s && codeInput.MatchString(code) {
		for _, line := range strings.SplitN(c.stdin.s, "\n", 10) {
			out = append(out, literal{text: line})
		}
	}
	return out
}

// codePrinted is what code that prints strings of its own prints, among other things: enough to see what is made of it.
func codePrinted(code string, strs []literal) (str, bool) {
	if len(strs) == 0 || !codePrints.MatchString(code) {
		return str{}, false
	}
	out := unk
	for _, s := range strs {
		out += "\n" + s.text
	}
	return str{limit(out), fromData}, true
}
