package tools

import (
	"testing"

	"relay-shell/internal/policy"
)

// TestTerminalInputIsAssessed: a plain read on a terminal with something typed at it is none.
func TestTerminalInputIsAssessed(t *testing.T) {
	for tool, args := range map[string]string{
		"shell_exec": `{"command":"less /etc/passwd","tty":true,"stdin":"!id\n"}`,
		"shell_read": `{"command":"less /etc/passwd","tty":true,"stdin":"!id\n"}`,
		"ssh_exec":   `{"host":"h","command":"less /etc/passwd","tty":true,"stdin":"!id\n"}`,
		"ssh_read":   `{"host":"h","command":"less /etc/passwd","tty":true,"stdin":"!id\n"}`,
	} {
		plan, err := set(t).Get(tool).Plan([]byte(args))
		if err != nil {
			t.Fatal(err)
		}
		if a := policy.Assess(plan.Subject); a.Tier < policy.Stateful {
			t.Errorf("%s: tier %d", tool, a.Tier)
		}
	}
}
