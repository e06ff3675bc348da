package dest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTrace(t *testing.T) {
	got := parseTrace(`OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19
debug1: Reading configuration data /home/me/.ssh/config
debug1: /home/me/.ssh/config line 1: include /x/*.conf matched no files
debug1: Reading configuration data /home/me/.ssh/work line 3/config
debug1: /home/me/.ssh/config line 12: Applying options for prod-*
debug1: Executing command: 'test -e /vpn'
debug1: re-parsing configuration
debug1: Reading configuration data /home/me/.ssh/config
/home/me/.ssh/config: line 3: Bad configuration option: foo
`)
	if diff := cmp.Diff([]string{"/home/me/.ssh/config", "/home/me/.ssh/work line 3/config"}, got.files); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Match{{"/home/me/.ssh/config", 12, "prod-*"}}, got.matches); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/home/me/.ssh/config: line 3: Bad configuration option: foo"}, got.words); diff != "" {
		t.Error(diff)
	}
	if !got.executed {
		t.Error("the Match exec was not noticed")
	}
}

func TestParseSettings(t *testing.T) {
	got := parseSettings("host web1\ncanonicalizePermittedcnames none\nproxycommand nc %h %p\nidentityfile ~/my key\nbare\n\n")
	want := []Setting{{"host", "web1"}, {"canonicalizepermittedcnames", "none"}, {"proxycommand", "nc %h %p"}, {"identityfile", "~/my key"}, {"bare", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseTrace(f *testing.F) {
	f.Add("debug1: Reading configuration data /c\ndebug1: /c line 2: Applying options for *\n", "host a\nport 22\n")
	f.Fuzz(func(t *testing.T, words, out string) {
		seen := map[string]bool{}
		for _, file := range parseTrace(words).files {
			if file == "" || seen[file] {
				t.Errorf("file %q is empty or listed twice", file)
			}
			seen[file] = true
		}
		for _, s := range parseSettings(out) {
			if s.Key == "" {
				t.Error("a setting without a keyword")
			}
		}
	})
}

func TestParseConfigLine(t *testing.T) {
	for text, want := range map[string][3]string{
		"":                         {"", "", ""},
		"  # IdentityFile x":       {"", "", ""},
		"IdentityFile ~/a":         {"identityfile", "~/a", ""},
		"\tidentityfile=~/a":       {"identityfile", "~/a", ""},
		"IDENTITYFILE = \"~/a b\"": {"identityfile", "\"~/a b\"", ""},
		`"IdentityFile" x`:         {"identityfile", "x", ""},
		"Host":                     {"host", "", ""},
	} {
		got := parseConfigLine(text)
		if got.key != want[0] || got.args != want[1] || got.text != text {
			t.Errorf("%q: %+v", text, got)
		}
	}
	if diff := cmp.Diff([]string{"a", "b c", "d e", "f"}, splitArgs(`a "b c" 'd e'  f # g`)); diff != "" {
		t.Error(diff)
	}
}

func FuzzConfigLine(f *testing.F) {
	for _, s := range []string{"Include \"a b\" c", "IdentityFile=x", "\"x", "= =", "#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		splitArgs(parseConfigLine(text).args)
	})
}
