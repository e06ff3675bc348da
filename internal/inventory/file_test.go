package inventory

import (
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
