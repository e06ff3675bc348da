package target

import (
	"crypto/rand"
	"encoding/hex"
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Script is a script and its interpreter.
type Script struct {
	// Interpreter is bash, sh, python, python3 or an absolute path.
	Interpreter string
	Body        string
	// Strict asks a shell for errexit, nounset and, where it has it, pipefail.
	Strict bool
}

// maxScriptArg is the size in bytes up to which a script travels as one argument. The kernel takes 131,071 (execve(2),
// MAX_ARG_STRLEN); quoting may grow it.
const maxScriptArg = 64 << 10

// Text is the POSIX shell text that runs the script with its standard input untouched. Small scripts are an argument of
// the interpreter; larger ones, and those for interpreters of unknown options, are a here-document on descriptor 8 that the
// interpreter reads as a file.
func (s Script) Text() string {
	words := []string{"exec", Quote(s.Interpreter)}
	body := s.Body
	name := path.Base(s.Interpreter)
	switch {
	case name == "bash":
		// Debian's bash reads its rc files for -c, too, when sshd is near (SSH_SOURCE_BASHRC); the login shell has done so.
		words = append(words, "--norc", "--noprofile")
		if s.Strict {
			words = append(words, "-euo", "pipefail")
		}
	case name == "sh" || name == "dash" || name == "ash":
		if s.Strict {
			words = append(words, "-eu")
			// On the first line, so that the numbers in the shell's own messages stay right.
			body = "(set -o pipefail) 2>/dev/null && set -o pipefail; " + body
		}
	case strings.HasPrefix(name, "python"):
	default:
		return s.asFile(words, body)
	}
	if len(body) > maxScriptArg {
		return s.asFile(words, body)
	}
	return strings.Join(append(words, "-c", Quote(body)), " ")
}

// asFile uses /dev/fd, which Linux, the BSDs and macOS have.
func (s Script) asFile(words []string, body string) string {
	nonce := make([]byte, 12)
	_, _ = rand.Read(nonce) // never fails, see crypto/rand
	end := "RELAY_" + hex.EncodeToString(nonce)
	if !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	return "exec 8<<'" + end + "'\n" + body + end + "\n" + strings.Join(append(words, "/dev/fd/8"), " ")
}

// Quote makes one word of a POSIX shell from any text without NUL.
func Quote(s string) string {
	q, err := syntax.Quote(s, syntax.LangPOSIX)
	if err != nil { // control characters that POSIX has no escape for stand well inside single quotes
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return q
}
