package sshbin

import "strings"

// EnvVar is one change to the environment of a remote command.
type EnvVar struct {
	// Name is a shell variable's name.
	Name string
	// Value is any text without NUL; nil removes the variable.
	Value *string
}

// readEnv reads the lines of envPreamble from standard input. Shells read it byte by byte, so that what follows stays for
// the command. "+" collects a piece of NAME=value in octal, "=" exports what was collected, "-NAME" removes, an empty line
// ends. The x keeps trailing newlines from the command substitution.
const readEnv = `_r=; while IFS= read -r _l && [ "$_l" ]; do case $_l in +*) _r=$_r${_l#+};; =) _r=$(printf "${_r}x"); export "${_r%x}"; _r=;; -*) unset "${_l#-}";; esac; done; unset _r _l`

// envLine is the longest piece of a value, in bytes before octal; a terminal cuts lines at 4,095 bytes.
const envLine = 900

// envPreamble is what readEnv reads: values travel on standard input, where no process list shows them.
func envPreamble(env []EnvVar) string {
	if len(env) == 0 {
		return ""
	}
	var b strings.Builder
	for _, v := range env {
		if v.Value == nil {
			b.WriteString("-" + v.Name + "\n")
			continue
		}
		text := v.Name + "=" + *v.Value
		for len(text) > 0 {
			n := min(len(text), envLine)
			b.WriteString("+" + octal(text[:n]) + "\n")
			text = text[n:]
		}
		b.WriteString("=\n")
	}
	b.WriteString("\n")
	return b.String()
}

// isName reports whether s can be a shell variable's name.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
