package inventory

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files below a new directory and returns it. Names are relative.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// openHome opens the inventory of a home directory without a system configuration.
func openHome(t *testing.T, home, file string) *Inventory {
	t.Helper()
	inv, err := Open(Options{Home: home, SystemConfig: filepath.Join(home, "none"), File: file})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func names(hosts []Host) []string {
	out := []string{}
	for _, h := range hosts {
		out = append(out, h.Alias)
	}
	return out
}

func TestSSHConfigAliases(t *testing.T) {
	tests := []struct {
		name     string
		files    map[string]string
		want     string // aliases
		problems []string
	}{
		{"none", nil, "", nil},
		{"plain", map[string]string{"config": "Host a\n  Port 1\nHost b c\n"}, "a b c", nil},
		{"forms", map[string]string{"config": "host=a\nHOST = b\n\tHost\t\"c\"  d#e # f\nHost 'g'\r\n \"Host\" h\n#Host i\n  # Host j\n"}, "a b c g h", []string{`alias "d#e" is left out: it holds '#'`}},
		{"wildcards", map[string]string{"config": "Host *\nHost a* ?b c !d\nHost e !e\nHost !f\n"}, "c", nil},
		{"twice", map[string]string{"config": "Host a\nHost b a\n"}, "a b", nil},
		{"match", map[string]string{"config": "Host a\nMatch host b\n  Port 2\nMatch all\nHost c\n"}, "a c", nil},
		{"hostile", map[string]string{"config": "Host -oProxyCommand=x \"a b\" 'c;d' e$f ok g/h\n"}, "ok", []string{`"-oProxyCommand=x" is left out: it starts with a dash`, `"a b"`, `"c;d"`, `"e$f"`, `"g/h"`}},
		{"quotes", map[string]string{"config": "Host a\nHost \"b\nHost c\n"}, "a c", []string{"config:2: has unbalanced quotes"}},
		{"include", map[string]string{"config": "Include one ~/two sub/*.conf none\nHost z\n", "one": "Host a\n", "sub/b.conf": "Host b\n", "sub/a.conf": "Host c\n", "sub/.d.conf": "Host d\n", "../two": "Host e\n"}, "a e c b z", nil},
		{"include quoted", map[string]string{"config": "Include \"my file\"\n", "my file": "Host a\n"}, "a", nil},
		{"include relative from below", map[string]string{"config": "Include sub/x\n", "sub/x": "Host a\nMatch all\nInclude y\n", "y": "Host b\n", "sub/y": "Host c\n"}, "a b", nil},
		{"include in host", map[string]string{"config": "Host a b\n  Include x\nHost c\n", "x": "Host b\nHost d\n"}, "a b c", []string{`x:2: alias "d" never applies`}},
		{"include in negation", map[string]string{"config": "Host * !d\n  Include x\n", "x": "Host b d\n"}, "b", []string{`x:1: alias "d" never applies`}},
		{"include in match", map[string]string{"config": "Match exec true\n  Include x\nMatch all\nInclude y\n", "x": "Host b\n", "y": "Host d"}, "b d", nil},
		{"cycle", map[string]string{"config": "Include x\nHost a\n", "x": "Include config\nHost b\n"}, "b a", []string{"includes itself"}},
		{"environment", map[string]string{"config": "Include ${X}/y\nHost a\n"}, "a", []string{"depends on the environment"}},
		{"other home", map[string]string{"config": "Include ~root/y\nHost a\n"}, "a", []string{"is not followed"}},
		{"directory", map[string]string{"config": "Include *\nHost a\n", "sub/x": "Host b\n"}, "a", []string{"includes itself", "is a directory"}},
		{"unicode", map[string]string{"config": "Host büro x\u202ey \xff\n"}, "büro", []string{`'\u202e'`, "not valid UTF-8"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{}
			for name, content := range tt.files {
				files[".ssh/"+name] = content
			}
			inv := openHome(t, tree(t, files), "")
			if got := strings.Join(names(inv.Hosts()), " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			problems := inv.Problems()
			if len(problems) != len(tt.problems) {
				t.Fatalf("problems %q", problems)
			}
			for i, want := range tt.problems {
				if !strings.Contains(problems[i], want) || !strings.Contains(problems[i], "/.ssh/") {
					t.Errorf("problem %q, want %q", problems[i], want)
				}
			}
		})
	}
}

func TestDeepIncludes(t *testing.T) {
	files := map[string]string{".ssh/config": "Include f0\n"}
	for n := range 20 {
		files[fmt.Sprintf(".ssh/f%d", n)] = fmt.Sprintf("Host h%d\nMatch all\nInclude f%d\n", n, n+1)
	}
	home := tree(t, files)
	inv := openHome(t, home, "")
	if got := len(inv.Hosts()); got != 16 { // h0 to h15
		t.Errorf("%d hosts", got)
	}
	if p := inv.Problems(); len(p) != 1 || !strings.Contains(p[0], "nested deeper than 16") {
		t.Errorf("problems %q", p)
	}
}

// TestManyIncludes: files that include one another must not take exponential time.
func TestManyIncludes(t *testing.T) {
	files := map[string]string{".ssh/config": "Include a* b*\n"}
	for _, n := range []string{"a1", "a2", "b1", "b2"} {
		files[".ssh/"+n] = "Host " + n + "\nMatch all\nInclude a* b* a* b*\n"
	}
	inv := openHome(t, tree(t, files), "")
	if len(inv.Hosts()) != 4 {
		t.Errorf("hosts %q", names(inv.Hosts()))
	}
}

func TestSystemConfig(t *testing.T) {
	dir := tree(t, map[string]string{".ssh/config": "Host a\nHost b\n", "etc/ssh_config": "Include conf.d/*.conf\nHost b\nHost c\n", "etc/conf.d/x.conf": "Host d\n"})
	inv, err := Open(Options{Home: dir, SystemConfig: filepath.Join(dir, "etc/ssh_config")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "d", "c"}, names(inv.Hosts())); diff != "" {
		t.Error(diff)
	}
	for _, only := range []string{filepath.Join(dir, ".ssh/config"), "none", os.DevNull} {
		inv, err := Open(Options{Home: dir, SSHConfig: only, SystemConfig: filepath.Join(dir, "etc/ssh_config")})
		if err != nil {
			t.Fatal(err)
		}
		path, aliases := inv.SSHConfig()
		if want := map[bool]int{true: 2}[strings.HasSuffix(only, "config")]; len(aliases) != want || path != strings.TrimPrefix(only, "none") {
			t.Errorf("%s: path %q, aliases %q", only, path, aliases)
		}
	}
	inv, err = Open(Options{Home: dir, SSHConfig: filepath.Join(dir, "missing")})
	if err != nil || len(inv.Problems()) != 1 {
		t.Errorf("a missing file that was named: %v, %q", err, inv.Problems())
	}
}

// TestValuesAgreeWithSSH holds the listed values against ssh -G, the authority.
func TestValuesAgreeWithSSH(t *testing.T) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	dir := tree(t, map[string]string{
		"config": `# global before any Host
Include ` + "DIR" + `/inc/*
Host a "bb" d-e # comment
  Port 1001
  User=one
	HostName	%h.example.com
Host b* !bc
  Port 1002
Host bb
  User later
Host bc
  Port = 1003
  ProxyJump a
Host x y
  Include ` + "DIR" + `/nested
  Port 1010
Match all
  User fallback
Host *
  Port 1099
`,
		"inc/1":  "Host a\n  ProxyJump none\nHost q\n  User quoted\n  HostName \"1.2.3.4\"\n",
		"inc/2":  "Host q\n  User ignored\n  Port 77\n",
		"nested": "Host y\n  Port 1011\nHost *\n  User nested\n",
	})
	for _, name := range []string{"config"} {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, strings.ReplaceAll(string(data), "DIR", dir))
	}
	config := filepath.Join(dir, "config")
	inv, err := Open(Options{SSHConfig: config, Home: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names(inv.Hosts()), " "); got != "a q bb d-e bc x y" {
		t.Errorf("aliases %q", got)
	}
	for _, h := range inv.Hosts() {
		out, err := exec.Command(ssh, "-F", config, "-G", "--", h.Alias).Output()
		if err != nil {
			t.Fatalf("ssh -G %s: %v", h.Alias, err)
		}
		values := map[string]string{}
		for line := range strings.Lines(string(out)) {
			k, v, _ := strings.Cut(strings.TrimSpace(line), " ")
			values[k] = v
		}
		hostname := h.Hostname
		if hostname == "" {
			hostname = h.Alias
		}
		got := fmt.Sprint(hostname, " ", h.User, " ", h.Port, " ", h.Jump)
		want := fmt.Sprint(values["hostname"], " ", values["user"], " ", values["port"], " ", strings.TrimPrefix(values["proxyjump"], "none"))
		if got != want {
			t.Errorf("%s: %q, ssh says %q", h.Alias, got, want)
		}
	}
}

func TestMatchPattern(t *testing.T) {
	tests := []struct {
		name, pattern string
		want          bool
	}{
		{"", "", true}, {"", "*", true}, {"", "?", false}, {"a", "a", true}, {"a", "A", false}, {"abc", "a*c", true}, {"abc", "a?c", true}, {"abc", "a*b", false},
		{"abc", "***", true}, {"abcbc", "*bc", true}, {"a[b", "a[b", true}, {strings.Repeat("a", 500), strings.Repeat("a*", 200) + "b", false},
	}
	for _, tt := range tests {
		if got := matchPattern(tt.name, tt.pattern); got != tt.want {
			t.Errorf("%.20q %.20q: %v", tt.name, tt.pattern, got)
		}
	}
}

func FuzzSSHConfig(f *testing.F) {
	for _, s := range []string{"Host a\n Port 1\n", "Host=\"a b\" c\\ d\n", "Include *\nInclude x", "Match all\n\"Host\" q", "Host ' \n", "\x00\xff", "Host * !a b\nHostName %h%%\n", "=\n", "\"", "Host \\"} {
		f.Add(s)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, s string) {
		home := filepath.Join(dir, "h")
		write(t, filepath.Join(home, ".ssh", "config"), s)
		var state sshState
		state.read(Options{Home: home, SystemConfig: "/nonexistent"})
		for _, h := range state.hosts {
			if checkHost(h.Alias) != nil || h.Port < 0 || h.Port > 65535 || h.Origin == "" {
				t.Errorf("host %+v", h)
			}
		}
	})
}
