package main

import (
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// capture is a command for scripts: capture NAME REGEXP sets NAME to what the expression's first group matches in the output of
// the last exec.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME REGEXP")
	}
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	m := re.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) < 2 {
		ts.Fatalf("no match for %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}
