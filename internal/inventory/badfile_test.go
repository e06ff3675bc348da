package inventory

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
