package dest

import (
	"slices"
	"strings"
)

// Environ is the environment for every ssh process: base without relay-shell's own variables, whose values may be
// secrets and would reach Match exec, ProxyCommand and SendEnv, and with graphical password prompts forbidden
// (ssh(1), SSH_ASKPASS_REQUIRE).
func Environ(base []string) []string {
	env := make([]string, 0, len(base)+1)
	for _, v := range base {
		if !strings.HasPrefix(v, "RELAY_SHELL_") && !strings.HasPrefix(v, "SSH_ASKPASS_REQUIRE=") {
			env = append(env, v)
		}
	}
	return append(env, "SSH_ASKPASS_REQUIRE=never")
}

// ShellOf is the shell with which an ssh in the environment env runs ProxyCommand and Match exec: SHELL, else sh.
func ShellOf(env []string) string {
	for _, v := range slices.Backward(env) {
		if shell, ok := strings.CutPrefix(v, "SHELL="); ok {
			return shell
		}
	}
	return "/bin/sh"
}
