package sshbin

import (
	"crypto/rand"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReceive takes apart what this package sends, so that neither side changes alone.
func TestReceive(t *testing.T) {
	id := newID()
	if got := Receive(leashText(rand.Text())); !got.Leash {
		t.Errorf("the leash is not recognised: %+v", got)
	}
	if got := Receive(strings.Replace(leashText(rand.Text()), "kill", "Kill", 1)); got.Leash {
		t.Error("a leash that was changed is recognised")
	}
	sink := io.Discard
	for _, shell := range []string{"/bin/bash", "/bin/sh", "/usr/bin/fish"} {
		for _, tt := range []struct {
			name string
			c    Command
			want Sent
		}{
			{"plain", Command{Text: "ls"}, Sent{Call: id, Text: "ls"}},
			{"environment", Command{Text: "ls", Env: []EnvVar{{Name: "A", Value: ptr("b")}}}, Sent{Call: id, Env: true, Text: "ls"}},
			{"merged", Command{Text: "ls", Stdout: sink, Stderr: sink}, Sent{Call: id, Text: "exec 2>&1\nls"}},
			{"merged with environment", Command{Text: "ls", Stdout: sink, Stderr: sink, Env: []EnvVar{{Name: "A"}}}, Sent{Call: id, Env: true, Lead: "exec 2>&1\n", Text: "ls"}},
			{"directory", Command{Text: "ls", Dir: "/srv"}, Sent{Call: id, Text: enter("/srv", "") + "\nls"}},
		} {
			got := Receive(commandText(&tt.c, tt.c.Text, id, shell, "", true, 0))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s for %s (-want +got):\n%s", tt.name, shell, diff)
			}
		}
	}
	for _, token := range []string{"", rand.Text()} {
		for _, tt := range []struct {
			c    Command
			want Sent
		}{
			{Command{Text: "ls"}, Sent{Call: id, Staged: 100_000}},
			{Command{Text: "ls", Dir: "/srv"}, Sent{Call: id, Staged: 100_000, Lead: enter("/srv", token) + "\n"}},
			{Command{Text: "ls", Stdout: sink, Stderr: sink, Env: []EnvVar{{Name: "A"}}, Dir: "/srv"}, Sent{Call: id, Env: true, Staged: 100_000, Lead: "exec 2>&1\n" + enter("/srv", token) + "\n"}},
			{Command{Text: "ls", Stdout: sink, Stderr: sink}, Sent{Call: id, Staged: 100_000, Lead: "exec 2>&1\n"}},
		} {
			line := commandText(&tt.c, runText, id, "/bin/bash", token, true, 100_000)
			if diff := cmp.Diff(tt.want, Receive(line)); diff != "" {
				t.Errorf("on standard input (-want +got):\n%s", diff)
			}
			if got := Receive(line + "\nreboot"); got.Staged != 0 || !strings.HasSuffix(got.Text, "\nreboot") {
				t.Errorf("with more behind it: %+v", got)
			}
		}
	}
	for _, foreign := range []string{"ls -l", "exec sh -c 'eval \"$(printf \"ls\")\"' ; reboot", "export RELAY_CALL=x; ls", "exec 9</etc/passwd; rm -f /tmp/x; . /dev/fd/9", take(100, "") + "; reboot\n", ""} {
		if got := Receive(foreign); got.Text != foreign || got.Leash || got.Staged != 0 || got.Call != "" {
			t.Errorf("%q: %+v", foreign, got)
		}
	}
}

func TestReadEnv(t *testing.T) {
	env := []EnvVar{{Name: "A", Value: ptr("b=c\n'\"$(x)\\")}, {Name: "GONE"}, {Name: "LONG", Value: ptr(strings.Repeat("é", 3000))}, {Name: "EMPTY", Value: ptr("")}}
	in := strings.NewReader(envPreamble(env) + "the input")
	got, err := ReadEnv(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(env, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if rest, _ := io.ReadAll(in); string(rest) != "the input" {
		t.Errorf("what is left is %q", rest)
	}
	for _, bad := range []string{"", "+\\9\n\n", "=\n\n", "-a b\n\n", "x\n\n", "+a\n=\n\n", "+" + strings.Repeat("a", 9000) + "\n\n"} {
		if _, err := ReadEnv(strings.NewReader(bad)); err == nil {
			t.Errorf("%.20q is read", bad)
		}
	}
}

func FuzzReceive(f *testing.F) {
	f.Add(leashText("TOKEN"))
	f.Add(wrapped("ls"))
	f.Add("export RELAY_CALL=0123456789abcdef01234567; ls")
	f.Fuzz(func(t *testing.T, line string) {
		s := Receive(line)
		if s.Leash && wrapped(s.Text) != line {
			t.Errorf("%q is taken for the leash", line)
		}
		if text, ok := unwrapped(line); ok && wrapped(text) != line {
			t.Errorf("%q is unwrapped to %q", line, text)
		}
	})
}
