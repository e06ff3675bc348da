package guard

import (
	"slices"
	"strings"
)

// path is where programs are looked for: directories that only root writes, so that a name means what it was assessed as.
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// kept are variables that go on to the command. Others may come from the client (AcceptEnv, sshd_config(5)) or a file of the
// account's (~/.ssh/environment) and change what programs do.
var kept = []string{"HOME", "USER", "LOGNAME", "SHELL", "TERM", "TZ", "MAIL", "LANG", "XDG_RUNTIME_DIR", "XDG_SESSION_ID", "SSH_CLIENT", "SSH_CONNECTION"}

func clean(environ []string) []string {
	out := []string{"PATH=" + path}
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		if slices.Contains(kept, name) || strings.HasPrefix(name, "LC_") && !strings.ContainsAny(value, "/$`") {
			out = append(out, v)
		}
	}
	return out
}

func without(environ []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool { return strings.HasPrefix(v, name+"=") })
}
