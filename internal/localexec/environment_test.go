package localexec

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	value := func(s string) *string { return &s }
	got := Environment([]string{
		"HOME=/h", "PATH=/p", "USER=u", "LOGNAME=u", "SHELL=/s", "LANG=de_DE.UTF-8", "KEEP=a=b", "EMPTY=", "broken", "=x",
		"RELAY_SHELL_HTTP_PORT=1", "RELAY_SHELL_X=y", "NOTIFY_SOCKET=/n", "CREDENTIALS_DIRECTORY=/c", "GONE=1", "DUP=1", "DUP=2",
	}, []Var{{"GONE", nil}, {"NEW", value("multi\nline")}, {"KEEP", value("changed")}, {"GIT_TERMINAL_PROMPT", nil}, {"NEVER", nil}})
	want := []string{
		"HOME=/h", "PATH=/p", "USER=u", "LOGNAME=u", "SHELL=/s", "LANG=de_DE.UTF-8", "KEEP=changed", "EMPTY=", "DUP=2",
		"DEBIAN_FRONTEND=noninteractive", "NEW=multi\nline",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestEnvironmentOfADaemon(t *testing.T) {
	got := Environment(nil, nil)
	for _, name := range []string{"PATH", "HOME", "SHELL", "LANG", "DEBIAN_FRONTEND", "GIT_TERMINAL_PROMPT"} {
		if lookup(got, name) == "" {
			t.Errorf("%s is missing in %q", name, got)
		}
	}
	if with := Environment([]string{"LC_ALL=C", "PATH="}, nil); lookup(with, "LANG") != "" || lookup(with, "PATH") == "" {
		t.Errorf("got %q", with)
	}
}

func TestCommandsSeeNoneOfOurs(t *testing.T) {
	t.Setenv("RELAY_SHELL_HTTP_TOKEN", "hidden")
	for _, r := range runners(t) {
		var out buffer
		c := sh("env")
		c.ID, c.Stdout = "mark", &out
		if _, err := r.run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "RELAY_SHELL") || strings.Contains(out.String(), "hidden") {
			t.Errorf("%s: our variables reached the command:\n%s", r.name, out.String())
		}
		if !strings.Contains("\n"+out.String(), "\nRSC=mark\n") {
			t.Errorf("%s: no mark:\n%s", r.name, out.String())
		}
	}
}

func TestMarkInsideAMark(t *testing.T) {
	if got := marked([]string{"RSC=outer:outermost", "A=b"}, "inner"); !slices.Equal(got, []string{"A=b", "RSC=inner:outer:outermost"}) {
		t.Errorf("got %q", got)
	}
}

func BenchmarkEnvironment(b *testing.B) {
	base := os.Environ()
	for b.Loop() {
		Environment(base, nil)
	}
}
