package assess_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/policy/assess"
)

// big is 300 kB of anything: each has to be read, or refused, within a second.
var big = map[string]string{
	"words": "a ", "newlines": "\n", "commands": "ls;", "pipes": "ls|", "ands": "ls&&", "opens": "(", "braces": "{ ", "substitutions": "$(", "backquotes": "`", "double quotes": `"`, "single quotes": "'",
	"quoted substitutions": `"$(`, "expansions": "${a:-", "arithmetic": "$((", "arithmetic parens": "((", "brackets": "[", "tests": "[[ ! ", "nots": "! ", "ifs": "if ", "whiles": "while ", "fors": "for i in a; do ", "cases": "case x in a) ",
	"functions": "f() ", "here-docs": "<<A ", "redirects": ">a ", "backslashes": `\`, "dollars": "$", "globs": "*", "brace lists": "{a,b}", "brace nests": "{a,", "brace ranges": "{1..99999}", "assignments": "a=$a$a ", "subscripts": "a[a[", "process": "<(", "procs": "cat <(ls) ",
	"evals": "eval ", "sudos": "sudo ", "shells": "sh -c '", "finds": "find . -exec ", "awk": "awk '{print | ", "seds": "sed -e s/a/b/ ", "long path": "/a", "dots": "../", "tildes": "~", "hashes": "#", "times": "time ", "ternaries": "$((a?b:", "unknown": "foo -c ", "xargs": "xargs ", "exec verbs": "bundle exec ", "descriptors": "3<<< a ", "references": "declare -n r=c;", "env": "env a=b ", "commas": ",", "carriage returns": "\r", "coprocs": "coproc ",
	"elifs": "elif x; then ", "select": "select i in a; do ", "sql": "psql -c 'drop ", "semis": ";", "heredoc strings": "<<< a ", "doubling": "a=$a$a;", "echo subst": "echo $(echo ", "negated ext": "!(", "timeout": "timeout 1 ", "vars": "$a", "strings": `echo "a" 'b' `, "rm": "rm -rf /a ", "python": "python3 -c 'os.system(\"ls\")' ", "zero width": "\u200b", "array hashes": "a=(x)#;", "word hashes": "'a'#b ", "cut operators": "$\\\n", "here-doc hashes": "<<E#\n",
}

func TestLargeInputs(t *testing.T) {
	for name, unit := range big {
		text := strings.Repeat(unit, bigSize/len(unit))
		for _, in := range []assess.Input{{Text: text}, {Text: "echo '" + text + "'"}, {Text: "echo " + text}, {Text: "cat", Stdin: text}, {Text: "sh", Stdin: text}, {Argv: []string{"sh", "-c", text}}, {Script: text, Interpreter: "python3"}} {
			r, d := timed(in)
			if d > 300*time.Millisecond {
				t.Logf("%s in %.8s%v: %v", name, in.Text, in.Argv != nil, d)
			}
			if d > 2*time.Second { // a second, with slack for a processor that others share: what is not linear takes minutes
				t.Errorf("%s in %q took %v (tier %d)", name, in.Text[:min(6, len(in.Text))]+strings.Join(in.Argv, "")[:min(2, len(in.Argv))]+in.Interpreter, d, r.Tier)
			}
		}
	}
}

// timed assesses an input and returns the processor time it took, or the time on the wall where that is not told.
func timed(in assess.Input) (assess.Result, time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	wall := time.Now()
	cost, ok := assess.ThreadTime()
	r := assess.Assess(in)
	if now, _ := assess.ThreadTime(); ok {
		return r, now - cost
	}
	return r, time.Since(wall)
}

func TestLatency(t *testing.T) {
	var all []time.Duration
	lines := labelled(t, corpora...)
	for _, l := range lines {
		_, d := timed(assess.Input{Text: l.Command})
		all = append(all, d)
	}
	slices.Sort(all)
	t.Logf("p50 %v, p99 %v, worst %v", all[len(all)/2], all[len(all)*99/100], all[len(all)-1])
}

func BenchmarkAssess(b *testing.B) {
	lines := labelled(b, "commands.tsv")
	for i := 0; b.Loop(); i++ {
		assess.Assess(assess.Input{Text: lines[i%len(lines)].Command})
	}
}

func FuzzAssess(f *testing.F) {
	for _, l := range labelled(f, corpora...) {
		f.Add(l.Command)
	}
	f.Fuzz(func(t *testing.T, text string) {
		began := time.Now()
		assess.Assess(assess.Input{Text: text})
		if d := time.Since(began); d > 5*time.Second {
			t.Fatalf("took %v", d)
		}
	})
}
