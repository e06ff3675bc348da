package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const fleet = `lone
[web]
web[1:4]
web10
[db]
db1
db2 ansible_host=Special.example.com
[paris]
web1
db1
[empty]
[prod:children]
web
db
`

func TestSelect(t *testing.T) {
	inv := mustLoad(t, fleet)
	tests := []struct{ spec, want string }{
		{"", "lone web1 web2 web3 web4 web10 db1 db2"},
		{"@all", "lone web1 web2 web3 web4 web10 db1 db2"},
		{"*", "lone web1 web2 web3 web4 web10 db1 db2"},
		{"db1 web2,db1", "db1 web2"},
		{"@db,@web", "db1 db2 web1 web2 web3 web4 web10"},
		{"@prod", "web1 web2 web3 web4 web10 db1 db2"},
		{"@ungrouped", "lone"},
		{"web?", "web1 web2 web3 web4"},
		{"web[2-3]", "web2 web3"},
		{"web[2:3]", "web2 web3"},
		{"web[01:02].example.com", "web01.example.com web02.example.com"},
		{"@web !web1", "web2 web3 web4 web10"},
		{"!web1 @web", "web2 web3 web4 web10"},
		{"!@web", "lone db1 db2"},
		{"!web*,!lone", "db1 db2"},
		{"@prod:&@paris", "web1 db1"},
		{"@prod:!@web", "db1 db2"},
		{"@prod:!@web:!db1 lone", "db2 lone"},
		{"@web:@db:&@paris", "web1 db1"},
		{"@prod &@paris", "web1 db1"},
		{"web*:!web10", "web1 web2 web3 web4"},
		{"other.example.com 10.0.0.1 ::1 [::2] u@web1 ssh://u@h:22 ssh://[::1]:22", "other.example.com 10.0.0.1 ::1 [::2] u@web1 ssh://u@h:22 ssh://[::1]:22"},
		{"u@web1 web1 web2 !web1", "web2"},
		{"ssh://u@web1:22 x@web2 !web1", "x@web2"},
		{"ssh://u@other:22 x !other", "x"},
		{"u@web1 u@web2 &@paris", "u@web1"},
		{"u@web1 u@db1 !web*", "u@db1"},
		{"x1 x2 !x*", ""},
		{"@web !@web", ""},
		{"@ungrouped:&@web", ""},
	}
	for _, tt := range tests {
		got, err := inv.Select(tt.spec)
		if tt.want == "" {
			var bad *Error
			if !errors.As(err, &bad) || bad.ErrorCode() != "not_found" {
				t.Errorf("%q: %q, %v", tt.spec, got, err)
			}
			continue
		}
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%q: %q, %v; want %q", tt.spec, got, err, tt.want)
		}
	}
	got, err := inv.Select("@db", "!db1, web1")
	if diff := cmp.Diff([]string{"db2", "web1"}, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
}

func TestSelectRefuses(t *testing.T) {
	inv := mustLoad(t, fleet)
	tests := []struct{ spec, code, want string }{
		{"@wbe", "unknown_host", `no group "@wbe" (did you mean @web?)`},
		{"@", "unknown_host", `no group "@"`},
		{"web", "unknown_host", `did you mean the group @web?`},
		{"all", "unknown_host", `did you mean the group @all?`},
		{"wbe*", "unknown_host", `no alias matches "wbe*"`},
		{"lonee* web1", "unknown_host", `(did you mean lone?)`},
		{"@web !web9", "unknown_host", `no host "web9" to exclude`},
		{"@web !lnoe", "unknown_host", `did you mean lone?`},
		{"@web !x*", "unknown_host", `no alias matches "x*"`},
		{"@web:!@dc", "unknown_host", `no group "@dc"`},
		{"@empty", "not_found", "group @empty has no hosts"},
		{"web[", "invalid_argument", `"web[" is no pattern`},
		{"u@web*", "invalid_argument", `is no pattern`},
		{"web[9:1]", "invalid_argument", "runs backwards"},
		{"-oProxyCommand=x", "invalid_argument", "starts with a dash"},
		{"a;b", "invalid_argument", "holds ';'"},
		{"$(x)", "invalid_argument", "holds '$'"},
		{"u;x@h", "invalid_argument", "holds ';'"},
		{"h:22", "invalid_argument", "ssh://host:port"},
		{"ssh://h:0", "invalid_argument", "port"},
		{"ssh://h:x", "invalid_argument", "port"},
		{"!", "invalid_argument", ""},
		{",", "invalid_argument", "names no host"},
		{" \t", "invalid_argument", "names no host"},
		{"&", "invalid_argument", ""},
		{"@web:!", "invalid_argument", ""},
		{"a\x00b", "invalid_argument", `'\x00'`},
		{"a\u202eb", "invalid_argument", `'\u202e'`},
	}
	for _, tt := range tests {
		got, err := inv.Select(tt.spec)
		var bad *Error
		if !errors.As(err, &bad) {
			t.Errorf("%q: %q, %v", tt.spec, got, err)
			continue
		}
		if bad.ErrorCode() != tt.code || !strings.Contains(err.Error(), tt.want) || bad.ErrorHint() == "" {
			t.Errorf("%q: %s, %q; want %s, %q", tt.spec, bad.ErrorCode(), err, tt.code, tt.want)
		}
	}
	empty, err := Open(Options{SSHConfig: "none"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Select(""); err == nil || !strings.Contains(err.Error(), "holds no hosts") {
		t.Errorf("empty inventory: %v", err)
	}
	if got, err := empty.Select("h"); err != nil || len(got) != 1 {
		t.Errorf("empty inventory: %q, %v", got, err)
	}
}

func TestMatch(t *testing.T) {
	inv := mustLoad(t, fleet)
	for pattern, want := range map[string]string{
		"": "lone web1 web2 web3 web4 web10 db1 db2", "web*": "web1 web2 web3 web4 web10", "EB1": "web1 web10", "special": "db2", "special.*": "db2",
		"@paris": "web1 db1", "@none": "", "nothing": "", "[": "",
	} {
		if got := strings.Join(names(inv.Match(pattern)), " "); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

func TestInventoryReplacesSSHConfig(t *testing.T) {
	home := tree(t, map[string]string{
		".ssh/config": "Host a\n  User fromssh\n  Port 1\nHost b\n  Port 2\n",
		"hosts.json":  `{"c": {}, "a": {"hostname": "x"}}`,
	})
	inv := openHome(t, home, home+"/hosts.json")
	if got := strings.Join(names(inv.Hosts()), " "); got != "c a b" {
		t.Errorf("hosts %q", got)
	}
	if h, _ := inv.Lookup("a"); h.User != "" || h.Port != 0 || h.Hostname != "x" || h.Source != FromInventory {
		t.Errorf("%+v", h)
	}
	if h, _ := inv.Lookup("b"); h.Port != 2 || h.Source != FromSSHConfig || !strings.HasSuffix(h.Origin, ".ssh/config:4") {
		t.Errorf("%+v", h)
	}
	if _, ok := inv.Lookup("nobody"); ok {
		t.Error("found nobody")
	}
	if path, aliases := inv.SSHConfig(); path != home+"/.ssh/config" || !slices.Equal(aliases, []string{"a", "b"}) {
		t.Errorf("%q %q", path, aliases)
	}
}

// TestLargeFleet: 10,000 hosts in each form are read and selected from in well under a second each; the bound leaves room for
// a slow machine with the race detector.
func TestLargeFleet(t *testing.T) {
	const n = 10000
	var ssh, own, ini strings.Builder
	own.WriteString("{")
	for i := range n {
		fmt.Fprintf(&ssh, "Host s%05d\n  HostName 10.%d.%d.%d\n  User ops\n", i, i>>16&255, i>>8&255, i&255)
		fmt.Fprintf(&own, "%s\n\"j%05d\": {\"hostname\": \"10.0.0.1\", \"groups\": [\"g%d\"]}", strings.Repeat(",", min(i, 1)), i, i%10)
	}
	own.WriteString("}")
	ssh.WriteString("Host s*\n  Port 2222\n")
	fmt.Fprintf(&ini, "[all]\n")
	for i := range 10 {
		fmt.Fprintf(&ini, "[g%d]\ni%d-[0001:1000] ansible_user=u\n", i, i)
	}
	var yaml strings.Builder
	yaml.WriteString("all:\n  hosts:\n")
	for i := range n {
		fmt.Fprintf(&yaml, "    y%05d: {ansible_host: 10.0.0.1}\n", i)
	}
	for form, content := range map[string]string{"json": own.String(), "ini": ini.String(), "yaml": yaml.String()} {
		home := tree(t, map[string]string{".ssh/config": ssh.String(), "hosts": content})
		began := time.Now()
		inv := openHome(t, home, home+"/hosts")
		read := time.Since(began)
		if got := len(inv.Hosts()); got != 2*n {
			t.Fatalf("%s: %d hosts", form, got)
		}
		began = time.Now()
		chosen, err := inv.Select("@all", "!*7")
		if err != nil || len(chosen) != 2*n*9/10 {
			t.Fatalf("%s: %d, %v", form, len(chosen), err)
		}
		for _, name := range chosen {
			if h, ok := inv.Lookup(name); !ok || h.Alias != name {
				t.Fatal(name)
			}
		}
		t.Logf("%s: read in %v, selected in %v", form, read, time.Since(began))
		if took := time.Since(began) + read; took > 10*time.Second {
			t.Errorf("%s: took %v", form, took)
		}
	}
}

func FuzzSelect(f *testing.F) {
	for _, s := range []string{"", "@web !web1", "@a:&@b", "web[1:3]", "web[0-9]*", "u@h,ssh://x@[::1]:22", "!&@", "[::", "a:@b:!c", "[:]:22", "\xff"} {
		f.Add(s)
	}
	var state fileState
	if err := state.parse(Options{File: "/x"}, []byte(fleet)); err != nil {
		f.Fatal(err)
	}
	inv := &Inventory{start: time.Now()}
	inv.current.Store(merge(&sshState{}, &state))
	inv.next.Store(int64(time.Hour))
	f.Fuzz(func(t *testing.T, s string) {
		got, err := inv.Select(s)
		if (err == nil) != (len(got) > 0) {
			t.Fatalf("%q, %v", got, err)
		}
		for i, name := range got {
			if name == "" || name[0] == '-' || strings.ContainsAny(name, " ;$`|&<>(){}'\"\\\n") || slices.Contains(got[:i], name) {
				t.Errorf("selected %q", name)
			}
		}
	})
}
