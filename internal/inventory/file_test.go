package inventory

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// load reads an inventory file with this content.
func load(t *testing.T, content string) (*Inventory, error) {
	t.Helper()
	home := tree(t, map[string]string{"hosts": content})
	return Open(Options{Home: home, SSHConfig: "none", File: filepath.Join(home, "hosts")})
}

func mustLoad(t *testing.T, content string) *Inventory {
	t.Helper()
	inv, err := load(t, content)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func ptr(b bool) *bool { return &b }

// same compares hosts without the place they come from.
func same(t *testing.T, inv *Inventory, want []Host) {
	t.Helper()
	for i := range want {
		want[i].Source = FromInventory
	}
	if diff := cmp.Diff(want, inv.Hosts(), cmpopts.IgnoreFields(Host{}, "Origin"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestOwnJSON(t *testing.T) {
	inv := mustLoad(t, `{
  "web1": {"hostname": "10.0.0.1", "user": "deploy", "port": 2222, "identity_file": "/k/id", "jump": "bastion", "known_hosts": "strict"},
  "web2": {"host": "10.0.0.2", "port": "22", "identityfile": "/k/id2", "proxyjump": "u@b:22,c"},
  "db": {"groups": ["prod", "db"], "policy_mode": "readonly", "leash": false, "sudo_secret": "db-sudo", "vars": {"rack": 7, "db_password": "x"}},
  "plain": {}, "nulls": {"user": null, "port": null},
  "@prod": {"user": "ops", "policy_mode": "guarded", "groups": "everything"}
}`)
	same(t, inv, []Host{
		{Alias: "web1", Hostname: "10.0.0.1", User: "deploy", Port: 2222, IdentityFile: "/k/id", Jump: "bastion", KnownHosts: "strict"},
		{Alias: "web2", Hostname: "10.0.0.2", Port: 22, IdentityFile: "/k/id2", Jump: "u@b:22,c"},
		{Alias: "db", User: "ops", Groups: []string{"db", "everything", "prod"}, PolicyMode: "readonly", Leash: ptr(false), SudoSecret: "db-sudo", Vars: map[string]string{"rack": "7"}},
		{Alias: "plain"}, {Alias: "nulls"},
	})
	if diff := cmp.Diff(map[string][]string{"prod": {"db"}, "db": {"db"}, "everything": {"db"}}, inv.Groups()); diff != "" {
		t.Error(diff)
	}
	if h, ok := inv.Lookup("db"); !ok || !strings.HasSuffix(h.Origin, "hosts:4") {
		t.Errorf("origin %q", h.Origin)
	}
}

func TestINI(t *testing.T) {
	inv := mustLoad(t, `# comment
; comment
lone ansible_host=10.0.0.9 ansible_port=2200 # trailing
[web]
web[01:03].example.com ansible_user=www color='light blue'
alpha-[a:c]:2222
[db] ; trailing
db1 ansible_ssh_host="10.1.1.1" ansible_ssh_private_key_file=keys/db ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p -q ops@bastion" -o ControlMaster=auto'
db2 ansible_ssh_extra_args="-J u@jump:2222" policy_mode=readonly
[prod:children]
web
db
[prod:vars]
ansible_user=ops
RELAY_SHELL_POLICY_MODE = guarded
relay_shell_leash=no
[all:vars]
ansible_user=root
site=paris
ansible_password=x
`)
	web := func(alias string) Host {
		return Host{Alias: alias, User: "www", Groups: []string{"prod", "web"}, PolicyMode: "guarded", Leash: ptr(false), Vars: map[string]string{"site": "paris", "color": "light blue"}}
	}
	alpha := func(alias string) Host {
		return Host{Alias: alias, User: "ops", Port: 2222, Groups: []string{"prod", "web"}, PolicyMode: "guarded", Leash: ptr(false), Vars: map[string]string{"site": "paris"}}
	}
	hosts := []Host{
		{Alias: "lone", Hostname: "10.0.0.9", User: "root", Port: 2200, Vars: map[string]string{"site": "paris"}},
		web("web01.example.com"), web("web02.example.com"), web("web03.example.com"),
		alpha("alpha-a"), alpha("alpha-b"), alpha("alpha-c"),
		{Alias: "db1", Hostname: "10.1.1.1", User: "ops", IdentityFile: "keys/db", Jump: "ops@bastion", Groups: []string{"db", "prod"}, PolicyMode: "guarded", Leash: ptr(false), Vars: map[string]string{"site": "paris"}},
		{Alias: "db2", User: "ops", Jump: "u@jump:2222", Groups: []string{"db", "prod"}, PolicyMode: "readonly", Leash: ptr(false), Vars: map[string]string{"site": "paris"}},
	}
	h, _ := inv.Lookup("db1")
	hosts[7].IdentityFile = filepath.Join(strings.TrimSuffix(h.Origin, "hosts:8"), "keys/db")
	same(t, inv, hosts)
	if len(inv.Problems()) != 0 {
		t.Errorf("problems %q", inv.Problems())
	}
}

func TestYAML(t *testing.T) {
	for name, content := range map[string]string{
		"yaml": `---
# comment
all:
  vars: {ansible_user: root, site: paris, ansible_password: !vault "x", list: [1]}
  hosts:
    lone: {ansible_host: 10.0.0.9, ansible_port: 2200}
  children:
    web:
      vars: &defaults
        ansible_user: www
      hosts:
        web[1:2]:
    db:
      hosts:
        db1:
          <<: *defaults
          relay_shell_policy_mode: readonly
          relay_shell_leash: no
      children:
        inner: {hosts: {db2: }}
`,
		"json": `{"all": {"vars": {"ansible_user": "root", "site": "paris"}, "hosts": {"lone": {"ansible_host": "10.0.0.9", "ansible_port": 2200}},
"children": {"web": {"vars": {"ansible_user": "www"}, "hosts": {"web[1:2]": null}},
"db": {"hosts": {"db1": {"ansible_user": "www", "policy_mode": "readonly", "leash": false}}, "children": {"inner": {"hosts": {"db2": {}}}}}}}}`,
		"list": `{"_meta": {"hostvars": {"lone": {"ansible_host": "10.0.0.9", "ansible_port": 2200}, "db1": {"ansible_user": "www", "policy_mode": "readonly", "leash": false}}},
"all": {"vars": {"ansible_user": "root", "site": "paris"}, "children": ["ungrouped", "web", "db"]}, "ungrouped": {"hosts": ["lone"]},
"web": {"vars": {"ansible_user": "www"}, "hosts": ["web1", "web2"]}, "db": {"hosts": ["db1"], "children": ["inner"]}, "inner": ["db2"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			site := map[string]string{"site": "paris"}
			same(t, mustLoad(t, content), []Host{
				{Alias: "lone", Hostname: "10.0.0.9", User: "root", Port: 2200, Vars: site},
				{Alias: "web1", User: "www", Groups: []string{"web"}, Vars: site},
				{Alias: "web2", User: "www", Groups: []string{"web"}, Vars: site},
				{Alias: "db1", User: "www", Groups: []string{"db"}, PolicyMode: "readonly", Leash: ptr(false), Vars: site},
				{Alias: "db2", User: "root", Groups: []string{"db", "inner"}, Vars: site},
			})
		})
	}
}

func TestNearerGroupsWin(t *testing.T) {
	inv := mustLoad(t, `[a]
h
[b]
h
[top:children]
a
b
[top:vars]
ansible_user=top
policy_mode=readonly
x=top
[a:vars]
policy_mode=guarded
x=a
[b:vars]
policy_mode=open
x=b
[all:vars]
x=all
`)
	h, _ := inv.Lookup("h")
	// Of two groups equally near the stricter mode, and the later name for the rest.
	if h.PolicyMode != "guarded" || h.User != "top" || h.Vars["x"] != "b" {
		t.Errorf("%+v", h)
	}
}

func TestHostsLeftOut(t *testing.T) {
	tests := []struct{ line, want string }{
		{"-oProxyCommand=x", "it starts with a dash"},
		{"a;b", "holds ';'"},
		{"'a b'", "holds ' '"},
		{"a$(x)", "holds '$'"},
		{"root@web", "holds '@'"},
		{strings.Repeat("a", 254), "longer than 253"},
		{"h ansible_host=-x", `its host name "-x" starts with a dash`},
		{"h ansible_host='{{ x }}'", "is a template"},
		{"h ansible_user='x;y'", "its user"},
		{"h ansible_port=0", "number from 1 to 65535"},
		{"h ansible_port=+22", "number from 1 to 65535"},
		{"h ansible_connection=local", `its connection "local" is not SSH`},
		{"h relay_shell_jump='-x'", `its jump "-x" has a hop "-x" that starts with a dash`},
		{"h relay_shell_jump='a,,b'", "has a hop"},
		{`h ansible_ssh_common_args='-o ProxyCommand="nc %h %p"'`, "ProxyCommand other than"},
		{`h ansible_ssh_common_args='-o HostName=x'`, "sets hostname"},
		{`h ansible_ssh_common_args='-J'`, "needs a value"},
		{`h ansible_ssh_common_args='-J -x'`, "starts with a dash"},
		{`h ansible_ssh_common_args='"'`, "unbalanced quotes"},
		{`h ansible_ssh_private_key_file='${HOME}/x'`, "names a variable"},
	}
	for _, tt := range tests {
		inv := mustLoad(t, "ok\n"+tt.line+"\n")
		if got := names(inv.Hosts()); len(got) != 1 || got[0] != "ok" {
			t.Errorf("%q: hosts %q", tt.line, got)
		}
		if p := inv.Problems(); len(p) != 1 || !strings.Contains(p[0], tt.want) || !strings.Contains(p[0], "hosts:2: ") {
			t.Errorf("%q: problems %q, want %q", tt.line, p, tt.want)
		}
	}
}

func TestBadFiles(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"json syntax", "{\n\"a\": {,}\n}", "hosts:2: is no JSON"},
		{"json end", "{\n\"a\": {}\n", "hosts:2: the JSON ends too early"},
		{"json more", "{}\n{}", "hosts:2: more follows"},
		{"json duplicate host", "{\"a\": {},\n\n\"a\": {}}", `hosts:3: "a" stands twice, first in line 1`},
		{"json duplicate key", "{\"a\": {\"user\": \"x\",\n\"user\": \"y\"}}", `hosts:2: "user" stands twice`},
		{"json two names", `{"a": {"host": "x", "hostname": "y"}}`, "host and hostname say the same thing twice"},
		{"json port", "{\"a\": {\n\"port\": 70000}}", "hosts:2: a: port must be a number from 1 to 65535, not 70000"},
		{"json port type", `{"a": {"port": 22.5}}`, "not 22.5"},
		{"json user type", `{"a": {"user": 7}}`, "a: user must be a string, not 7"},
		{"json leash type", `{"a": {"leash": "no"}}`, "a: leash must be true or false, not a string"},
		{"json host type", `{"a": "10.0.0.1"}`, `"a" must be an object, not a string`},
		{"json groups type", `{"a": {"groups": [1]}}`, "groups must be names, not 1"},
		{"json typo", `{"a": {"policy_mdoe": "readonly"}}`, `a: unknown key "policy_mdoe" (did you mean policy_mode?)`},
		{"json group name", `{"a": {"groups": ["x y"]}}`, `group "x y" holds ' '`},
		{"json nesting", strings.Repeat(`{"a":`, 100), "nested deeper than 64"},
		{"mode", `{"a": {"policy_mode": "readonyl"}}`, `must be open, guarded or readonly (did you mean readonly?)`},
		{"mode of a group", "a\n[g]\na\n[g:vars]\npolicy_mode=none\n", `hosts:5: policy_mode "none" of a`},
		{"leash", "a leash=perhaps\n", "hosts:1: leash"},
		{"sudo secret", "a sudo_secret='two words'\n", "name of a secret"},
		{"known hosts", `{"a": {"known_hosts": "yes"}}`, "must be strict, accept-new or ignore"},
		{"ini header", "[web\nx\n", "hosts:1: is no section header"},
		{"ini kind", "[web:kids]\n", `hosts:1: section kind "kids" is unknown`},
		{"ini vars", "[web]\n[web:vars]\nx\n", "hosts:3: expected name=value"},
		{"ini pair", "web 10.0.0.1\n", `hosts:1: expected name=value after the host, not "10.0.0.1"`},
		{"ini quotes", "web x='y\n", "hosts:1: has unbalanced quotes"},
		{"ini group", "[web]\n[prod:children]\nwbe\n", `hosts:3: group "wbe" is not defined (did you mean web?)`},
		{"ini vars group", "[wbe:vars]\nx=1\n[web]\n", `hosts:1: group "wbe" is not defined`},
		{"ini circle", "[a:children]\nb\n[b:children]\na\n", "contains itself"},
		{"ini range", "web[10:1]\n", "runs backwards"},
		{"ini huge range", "web[1:999999][1:999999]\n", "stands for more than"},
		{"ini range padding", "web[01:100]\n", "differ in length"},
		{"yaml syntax", "all:\n  hosts:\n - x\n", "is no YAML"},
		{"yaml list", "---\n- a\n- b\n", "hosts:2: the inventory must be a mapping, not a list"},
		{"yaml duplicate", "all:\n  hosts:\n    a:\n    a:\n", `hosts:4: "a" stands twice, first in line 3`},
		{"yaml hosts list", "all:\n  hosts:\n    - a\n", "hosts:3: hosts of group \"all\" must be a mapping, not a list"},
		{"yaml plugin", "plugin: aws_ec2\n", "plugins are not run"},
		{"yaml documents", "a:\n---\nb:\n", "more than one YAML document"},
		{"yaml itself", "a: &x\n  children:\n    b: *x\n", "nested deeper than 64"},
		{"program", "#!/usr/bin/env python3\nprint()\n", "is a program"},
		{"binary", "\xff\xfe\x00", "is not text in UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.content)
			var bad *Error
			if !errors.As(err, &bad) {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(err.Error(), tt.want) || bad.ErrorCode() != "invalid_argument" || bad.ErrorHint() == "" {
				t.Errorf("got %q, want %q", err, tt.want)
			}
		})
	}
}

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	write(t, open, "a\n")
	if err := os.Chmod(open, 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{filepath.Join(dir, "none"): "no such file", dir: "is a directory", open: "written by everybody"} {
		_, err := Open(Options{SSHConfig: "none", File: path})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestIgnoredParts(t *testing.T) {
	inv := mustLoad(t, `{"a": {"description": "x"}, "b": {}}`)
	if p := inv.Problems(); len(p) != 1 || !strings.Contains(p[0], `a: key "description" is not used`) {
		t.Errorf("%q", p)
	}
	inv = mustLoad(t, "[g]\na\nb\n[g:vars]\nansible_ssh_common_args=-o StrictHostKeyChecking=no -C\n")
	if p := inv.Problems(); len(p) != 1 || !strings.Contains(p[0], "-o stricthostkeychecking not used") {
		t.Errorf("%q", p)
	}
	inv = mustLoad(t, "\n# nothing\n")
	if p := inv.Problems(); len(p) != 1 || !strings.Contains(p[0], "holds no usable host") {
		t.Errorf("%q", p)
	}
}

func TestVarsBesideTheFile(t *testing.T) {
	home := tree(t, map[string]string{"hosts": "a\n", "hosts.json": "{\"a\": {}}", "group_vars/all.yml": "ansible_user: x\n"})
	if p := openHome(t, home, home+"/hosts").Problems(); len(p) != 1 || !strings.Contains(p[0], "group_vars: is not read") {
		t.Errorf("%q", p)
	}
	if p := openHome(t, home, home+"/hosts.json").Problems(); len(p) != 0 {
		t.Errorf("%q", p)
	}
}

func TestForm(t *testing.T) {
	for content, want := range map[string]fileForm{
		"": formINI, "# x\n": formINI, "\n\n{": formJSON, "---\n": formYAML, "all:\n": formYAML, "all: # x\n": formYAML, "\"all\":\n": formYAML, "'my web':\n": formYAML,
		"all: {}\n": formYAML, "web: &x\n": formYAML, "host:22\n": formINI, "[web]\n": formINI, "[::1]:22\n": formINI, "h a=b:\n": formINI, "#!/bin/sh\n": formProgram, "%YAML 1.2\n": formYAML,
	} {
		if got := form([]byte(content)); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}

func TestProxyJump(t *testing.T) {
	for command, want := range map[string]string{
		"ssh -W %h:%p bastion": "bastion", "/usr/bin/ssh -q -W [%h]:%p -p 2222 -l ops bastion": "ops@bastion:2222", "ssh -W%h:%p u@b": "u@b", "none": "none",
		"ssh bastion nc %h %p": "", "ssh -W %h:22 b": "", "ssh -i k -W %h:%p b": "", "nc %h %p": "", "ssh -W": "", "": "",
	} {
		if got, err := proxyJump(command); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", command, got, err)
		}
	}
}

func TestSplitWords(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " a  b\tc ": "a|b|c", `a'b c'"d e"f`: "ab cd ef", `"a\"b\c" '\'`: `a"b\c|\`, `a\ b`: "a b", `'' x`: "|x", "a#b c": "a", "a '#' #b": "a|#", "#": "",
	} {
		got, err := splitWords(in, true)
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if got, _ := splitWords("a#b #", false); len(got) != 2 {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{`"a`, "'a", `a\`} {
		if got, err := splitWords(bad, true); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

// TestUnquote has what ansible-inventory of ansible-core 2.19 makes of the values.
func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "plain # c": "plain # c", `"a b"`: "a b", `'x' # c`: "x", "22 # ssh": "22", "True": "True", "None": "", `"a" "b"`: `"a" "b"`, `"`: `"`, "": "",
	} {
		if got := unquote(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestExpandHost(t *testing.T) {
	tests := []struct{ in, want, port string }{
		{"a", "a", ""}, {"a:22", "a", "22"}, {"[::1]:22", "::1", "22"}, {"::1", "::1", ""}, {"a[1:3]", "a1 a2 a3", ""}, {"a[08:10]b:99", "a08b a09b a10b", "99"},
		{"[a:c]", "a b c", ""}, {"a[0:9:3]", "a0 a3 a6 a9", ""}, {"[a:b][1:2]", "a1 a2 b1 b2", ""}, {"a[1]", "a[1]", ""},
	}
	for _, tt := range tests {
		got, port, err := expandHost(tt.in)
		if strings.Join(got, " ") != tt.want || port != tt.port || err != nil {
			t.Errorf("%q: %q %q %v", tt.in, got, port, err)
		}
	}
	for _, bad := range []string{"a[1:b]", "a[b:1]", "a[a:Z]", "a[1:2:0]", "a[1:2]:x", "a:0", "a:99999", "a:"} {
		if got, _, err := expandHost(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

func FuzzInventory(f *testing.F) {
	for _, s := range []string{
		`{"a": {"host": "x", "port": 22, "groups": ["g"]}, "@g": {"user": "u"}}`, `{"_meta": {"hostvars": {"a": {}}}, "g": ["a"]}`, `{"all": {"hosts": {"a": null}}}`,
		"[g]\na[1:3] x=y\n[p:children]\ng\n[p:vars]\nk=v\n", "all:\n  hosts:\n    a: &x {b: 1}\n    c: {<<: *x}\n", "a ansible_ssh_common_args='-J b -o ProxyCommand=\"ssh -W %h:%p c\"'\n",
		"---\na: &a\n  children: {b: *a}\n", "{", "[", "[a:b:c]", "\x00", "x='", "x[1:2", "- a",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s fileState
		if err := s.parse(Options{File: "/x/hosts", Home: "/home/u"}, data); err != nil {
			var bad *Error
			if !errors.As(err, &bad) || bad.Where == "" {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		for _, h := range s.hosts {
			if checkHost(h.Alias) != nil || h.Hostname != "" && checkHost(h.Hostname) != nil || h.User != "" && checkUser(h.User) != nil || h.Jump != "" && checkJump(h.Jump) != nil || h.Port < 0 || h.Port > 65535 {
				t.Errorf("host %+v", h)
			}
			for _, g := range h.Groups {
				if s.groups[g] == nil {
					t.Errorf("group %q of %q is unknown", g, h.Alias)
				}
			}
		}
	})
}
