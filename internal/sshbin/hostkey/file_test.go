package hostkey

import (
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshbin/dest"
)

func newKey(t testing.TB) ssh.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func keyText(k ssh.PublicKey) string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k))) }

func TestNameOf(t *testing.T) {
	for _, c := range []struct {
		host  string
		port  int
		alias string
		want  string
	}{
		{"Web1.Example", 22, "", "web1.example"},
		{"web1", 2222, "", "[web1]:2222"},
		{"::1", 22, "", "::1"},
		{"::1", 2222, "", "[::1]:2222"},
		{"10.0.0.1", 2222, "Prod", "prod"},
	} {
		r := &dest.Resolved{Hostname: c.host, Port: c.port}
		if c.alias != "" {
			r.Settings = []dest.Setting{{Key: "hostkeyalias", Value: c.alias}}
		}
		if got := NameOf(r); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// TestMatchesAsSSHKeygenDoes compares our reading of known_hosts with ssh-keygen -F.
func TestMatchesAsSSHKeygenDoes(t *testing.T) {
	key := newKey(t)
	text := keyText(key)
	path := filepath.Join(t.TempDir(), "known_hosts")
	lines := []string{
		"# a comment", "", "web1 " + text, "web2,10.0.0.2\t" + text, "*.example,!bad.example " + text, "[web1]:2222 " + text,
		hashName("hidden") + " " + text, hashName("[hidden]:2222") + " " + text, "@revoked old " + text, "@cert-authority *.ca " + text,
		"broken", "web9 ssh-ed25519 !!!", "  web8 " + text, "w?b7 " + text,
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	entries := readKnownHosts([]string{path, path + ".none"})
	for _, name := range []string{"web1", "web2", "10.0.0.2", "a.example", "bad.example", "[web1]:2222", "[web2]:2222", "hidden", "[hidden]:2222", "old", "x.ca", "web8", "web7", "wb7", "nothing"} {
		var ours []string
		for _, e := range entries {
			if e.matches(name) {
				ours = append(ours, e.where)
			}
		}
		out, _ := exec.Command("ssh-keygen", "-F", name, "-f", path).Output()
		var theirs []string
		for line := range strings.Lines(string(out)) {
			if _, n, ok := strings.Cut(strings.TrimSpace(line), "found: line "); ok {
				theirs = append(theirs, path+":"+strings.Fields(n)[0])
			}
		}
		if strings.Join(ours, " ") != strings.Join(theirs, " ") {
			t.Errorf("%s: we find %q, ssh-keygen finds %q", name, ours, theirs)
		}
	}
}

func TestCompare(t *testing.T) {
	a, b, c := newKey(t), newKey(t), newKey(t)
	path := filepath.Join(t.TempDir(), "known_hosts")
	lines := []string{
		"web1 " + keyText(a),
		"[web2]:2222 " + keyText(a),
		"@revoked * " + keyText(c),
		"web3 ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=",
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	entries := readKnownHosts([]string{path})
	if len(entries) != len(lines) {
		t.Fatalf("%d entries", len(entries))
	}
	ecdsa := entries[3].key
	for _, x := range []struct {
		name, fallback string
		shown          []ssh.PublicKey
		want           []State
		where          string
	}{
		{"web1", "", []ssh.PublicKey{a}, []State{Match}, path + ":1"},
		{"web1", "", []ssh.PublicKey{b}, []State{Changed}, path + ":1"},
		{"web1", "", []ssh.PublicKey{a, b}, []State{Match, Changed}, path + ":1"},
		{"[web1]:99", "web1", []ssh.PublicKey{a}, []State{Match}, path + ":1"},
		{"[web1]:99", "web1", []ssh.PublicKey{b}, []State{Unknown}, ""},
		{"[web2]:2222", "web2", []ssh.PublicKey{b}, []State{Changed}, path + ":2"},
		{"other", "", []ssh.PublicKey{b}, []State{Unknown}, ""},
		{"other", "", []ssh.PublicKey{c}, []State{Revoked}, path + ":3"},
		{"web3", "", []ssh.PublicKey{a}, []State{Changed}, path + ":4"},
		{"web3", "", []ssh.PublicKey{a, ecdsa}, []State{Unknown, Match}, ""},
	} {
		keys := compareWith(entries, x.name, x.fallback, x.shown)
		for i, k := range keys {
			if k.State != x.want[i] {
				t.Errorf("%s shows %d keys: key %d is %s, want %s", x.name, len(x.shown), i, k.State, x.want[i])
			}
		}
		if keys[0].Where != x.where {
			t.Errorf("%s: %q, want %q", x.name, keys[0].Where, x.where)
		}
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	blank := filepath.Join(dir, "known hosts")
	if err := os.WriteFile(blank, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string]int{"": 0, "none": 0, "/a /b": 2, blank: 1} {
		if got := paths(list); len(got) != want {
			t.Errorf("%q: %q", list, got)
		}
	}
}

func FuzzEntry(f *testing.F) {
	text := keyText(newKey(f))
	f.Add("web1 "+text, "web1")
	f.Add(hashName("web1")+" "+text, "web1")
	f.Add("@revoked *,!b* "+text, "web1")
	f.Add("|1|x|y "+text, "|1|")
	f.Fuzz(func(t *testing.T, line, name string) {
		if e, ok := parseEntry(strings.TrimSpace(line)); ok {
			e.matches(name)
			if e.key == nil {
				t.Error("an entry without a key")
			}
		}
		for _, key := range parseScan(line) {
			if key == nil {
				t.Error("a scan without a key")
			}
		}
	})
}

// FuzzPattern compares with the definition, written as a recursion.
func FuzzPattern(f *testing.F) {
	f.Add("*.example", "a.example")
	f.Add("w?b*", "web1")
	f.Add("**a*", "aaaa")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 12 || len(s) > 20 {
			return
		}
		if got, want := matchPattern(pattern, s), slowMatch(pattern, s); got != want {
			t.Errorf("matchPattern(%q, %q) = %v", pattern, s, got)
		}
	})
}

func slowMatch(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return slowMatch(pattern[1:], s) || s != "" && slowMatch(pattern, s[1:])
	case s == "":
		return false
	}
	return (pattern[0] == '?' || pattern[0] == s[0]) && slowMatch(pattern[1:], s[1:])
}
