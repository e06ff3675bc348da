package policy

import "testing"

// TestTypedAtTerminal: a pager on a terminal runs what is typed after "!".
func TestTypedAtTerminal(t *testing.T) {
	for _, c := range []struct {
		command, stdin string
		tty            bool
		want           Tier
	}{
		{"less /etc/passwd", "!touch /tmp/x\n", true, Stateful},
		{"less /etc/passwd", "q", true, Stateful},
		{"git log", ":!rm -rf /\n", true, Irreversible},
		{"less /etc/passwd", " ! rm -rf /\n", true, Irreversible},
		{"less /etc/passwd", "", true, Observe},
		{"less /etc/passwd", "!rm -rf /\n", false, Observe},
	} {
		a := Assess(Subject{Text: c.command, Stdin: c.stdin, TTY: c.tty})
		if a.Tier != c.want {
			t.Errorf("%s with %q, tty %v: tier %d, want %d", c.command, c.stdin, c.tty, a.Tier, c.want)
		}
		if ok, _ := ReadAllowed(a); ok != (c.want == Observe) {
			t.Errorf("%s with %q, tty %v: allowed as a read: %v", c.command, c.stdin, c.tty, ok)
		}
	}
	if a := Assess(Subject{Text: "less /etc/passwd", AnyStdin: true, TTY: true}); a.Tier < Stateful {
		t.Errorf("unread input at a terminal is of tier %d", a.Tier)
	}
}

// TestSigningKeyIsSecret: the audit log's key has a name that says nothing, wherever the log lies.
func TestSigningKeyIsSecret(t *testing.T) {
	for path, want := range map[string]bool{"/var/log/relay-shell/audit.tree/key": true, "/x/trail.tree/key": true, "/x/trail.tree/key.pub": false, "/etc/tree/key": false} {
		if got := Assess(Subject{Text: "cat " + path}).Sensitive; got != want {
			t.Errorf("%s: secret %v", path, got)
		}
	}
}
