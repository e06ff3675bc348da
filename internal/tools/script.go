package tools

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"relay-shell/internal/params"
	"relay-shell/internal/target"
)

// scriptTimeout is what a script may take when the call says nothing.
const scriptTimeout = 120 * time.Second

// interpreters are the names a script tool takes beside absolute paths.
var interpreters = []string{"bash", "sh", "python", "python3"}

func scriptOf(body, interpreter string, strict bool) (*target.Script, error) {
	if err := checkText("script", body); err != nil {
		return nil, err
	}
	if interpreter == "py" { // relay-shell 0.3 took it
		interpreter = "python3"
	}
	if !slices.Contains(interpreters, interpreter) && (!filepath.IsAbs(interpreter) || filepath.Clean(interpreter) != interpreter) {
		return nil, params.Errorf("interpreter", "bash, sh, python, python3 or an absolute path", "%q is not an interpreter", interpreter)
	}
	if words := strings.Fields(interpreter); len(words) > 1 && strings.HasPrefix(words[1], "-") {
		return nil, params.Errorf("interpreter", "name the program alone; what its options do, the script can say itself (set -x)", "%q has options", interpreter)
	}
	return &target.Script{Interpreter: interpreter, Body: body, Strict: strict}, nil
}
