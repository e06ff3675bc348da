package guard

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"relay-shell/internal/jobs"
	"relay-shell/internal/target"
)

// sent is a host that notes what relay-shell would send it.
type sent struct {
	target.Target
	text, stdin string
}

func (s *sent) Run(_ context.Context, c target.Command) (target.Exit, error) {
	s.text = c.Text
	if c.Stdin != nil {
		b, _ := io.ReadAll(c.Stdin)
		s.stdin = string(b)
	}
	return target.Exit{}, errors.New("sent")
}

// TestJobs has the jobs of a relay-shell held to the tier by what they run.
func TestJobs(t *testing.T) {
	start := func(command, input string) *sent {
		s := &sent{}
		_, _ = (&jobs.Host{Target: s, Name: "h", Limits: jobs.Limits{Running: 4, Output: 1 << 20}}).Start(t.Context(), jobs.Spec{Command: command, Input: input})
		return s
	}
	for _, tt := range []struct {
		options, command, input string
		runs                    bool
	}{
		{"--tier 0", "ls", "", false}, // a job leaves files
		{"--tier 1", "ls; sleep 5", "", true},
		{"--tier 1", "touch x", "", true},
		{"--tier 1", "systemctl restart nginx", "", false},
		{"--tier 1", "ls\nsystemctl restart nginx", "", false},
		{"--tier 1", "touch\nreboot", "pw\n", false},
		{"--tier 1", "cat", "reboot\n", true}, // a password is no command
		{"--tier 2", "sh", "reboot\n", false}, // unless something runs it
		{"--tier 2", "sh", "", true},
		{"--tier 2", "sudo systemctl restart nginx", "pw\n", true},
		{"--tier 2", "systemctl restart nginx", "", true},
		{"--tier 2", "reboot", "", false},
		{"--tier 1 --no-secrets", "cat /etc/shadow", "", false},
		{"--tier 3", "echo " + strings.Repeat("x", maxJob), "", false},
	} {
		s := start(tt.command, tt.input)
		argv, env, status, said, logged := session(t, tt.options, s.text, s.stdin)
		if runs := argv != nil; runs != tt.runs {
			t.Errorf("%s %.40q: runs %v (%s)", tt.options, tt.command, runs, said)
			continue
		}
		if !tt.runs {
			if status != refusedStatus {
				t.Errorf("%s %.40q: status %d", tt.options, tt.command, status)
			}
			continue
		}
		if argv[0] != "/bin/sh" || argv[len(argv)-1] != s.text || !slices.Contains(env, "FED="+s.stdin) || !slices.Contains(env, "SHELL=/bin/bash") || slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "SSH_") }) {
			t.Errorf("%q: %.60q with %q", tt.command, argv, env)
		}
		if !strings.Contains(logged, "job: ") || strings.Contains(logged, "reboot") {
			t.Errorf("%q: log %q", tt.command, logged)
		}
	}
	s := start("ls", "")
	if argv, _, _, said, _ := session(t, "--tier 1", strings.Replace(s.text, "mkdir -p", "reboot; mkdir -p", 1), s.stdin); argv != nil {
		t.Errorf("a script that was changed runs: %s", said)
	}
	list := &sent{}
	_, _ = (&jobs.Host{Target: list, Name: "h"}).List(t.Context())
	if argv, _, _, said, _ := session(t, "--tier 0", list.text, ""); argv == nil {
		t.Errorf("a list is refused: %s", said)
	}
	kill := &sent{}
	_, _, _ = (&jobs.Host{Target: kill, Name: "h"}).Kill(t.Context(), "j-abcdefgh", "TERM")
	for tier, runs := range map[string]bool{"0": false, "1": true} {
		if argv, _, _, said, _ := session(t, "--tier "+tier, kill.text, ""); argv != nil != runs {
			t.Errorf("ending a job at tier %s: %s", tier, said)
		}
	}
}
