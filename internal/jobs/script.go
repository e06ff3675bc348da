package jobs

import (
	_ "embed"
	"strings"

	"relay-shell/internal/sshbin"
	"relay-shell/internal/target"
)

//go:embed host.sh
var hostSource string

//go:embed run.sh
var runSource string

// script is the shell text of one call on a host. The login shell may be anything, so sh gets it as an argument.
func script(function string, args ...string) string {
	var b strings.Builder
	b.WriteString(uncommented(hostSource))
	switch function {
	case "do_start":
		b.WriteString("RUN=" + target.Quote(uncommented(runSource)) + "\n")
	case "do_kill":
		b.WriteString(sshbin.TreeScript())
	}
	text := strings.ReplaceAll(b.String(), "CALLVAR", sshbin.CallVariable) + `"$@"`
	words := []string{"exec", "sh", "-c", target.Quote(text), "sh", function}
	for _, a := range args {
		words = append(words, target.Quote(a))
	}
	return strings.Join(words, " ")
}

func uncommented(source string) string {
	var script strings.Builder
	for line := range strings.Lines(source) {
		if !strings.HasPrefix(line, "#") {
			script.WriteString(line)
		}
	}
	return script.String()
}
