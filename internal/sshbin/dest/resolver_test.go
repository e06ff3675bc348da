package dest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestWholeAnswer reads all that ssh says though it leaves a process behind that holds its output open.
func TestWholeAnswer(t *testing.T) {
	ssh := filepath.Join(t.TempDir(), "ssh")
	script := "#!/bin/sh\n(exec sleep 20) &\necho \"debug1: Reading configuration data x\" >&2\necho user u\necho port 22\nseq -f 'setenv A=%g' 20000\necho hostname h\n"
	if err := os.WriteFile(ssh, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	r := NewResolver(ResolverOptions{SSH: ssh, Env: environ(), Timeout: 30 * time.Second})
	for range 5 {
		out, words, err := r.run(t.Context(), nil)
		if err != nil || !strings.HasPrefix(out, "user u\n") || !strings.HasSuffix(out, "=20000\nhostname h\n") || strings.Count(out, "\n") != 20003 || !strings.HasPrefix(words, "debug1: ") {
			t.Fatalf("%d bytes, %d of words, %v", len(out), len(words), err)
		}
	}
}

// config writes an ssh_config into a directory of its own, dated back so that answers may be remembered at once.
func config(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	rewrite(t, path, lines...)
	return path
}

func rewrite(t *testing.T, path string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func environ() []string { return []string{"PATH=" + os.Getenv("PATH")} }

func resolve(t *testing.T, r *Resolver, host string, o Options) *Resolved {
	t.Helper()
	d, err := Parse(host, o)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := r.Resolve(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

func TestResolve(t *testing.T) {
	path := config(t,
		"Host web",
		"  HostName web.example.com",
		"  User deploy",
		"  Port 2222",
		"  ProxyJump bob@b1:2201,b2",
		"  ControlPath /tmp/cm-%n",
		"Host b1",
		"  HostName 127.1",
		"  ProxyJump edge",
		"Host pc",
		"  ProxyCommand nc %h %p",
		"Host *.wild",
		"  User w")
	r := NewResolver(ResolverOptions{ConfigFile: path, Env: environ()})
	web := resolve(t, r, "web", Options{})
	if web.User != "deploy" || web.Hostname != "web.example.com" || web.Port != 2222 || web.ControlPath != "/tmp/cm-web" || !web.IsAlias() {
		t.Errorf("%+v", web)
	}
	if got, want := web.JumpString(), "root@edge:22,bob@b1:2201,root@b2:22"; strings.ReplaceAll(got, me(t)+"@", "root@") != want {
		t.Errorf("way %q, want %q", got, want)
	}
	if diff := cmp.Diff([]Match{{path, 1, "web"}}, web.Matches); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"web", "web.example.com", "deploy", "b1", "127.0.0.1", "bob", "edge", "b2"} {
		if !slices.Contains(web.Names(), name) {
			t.Errorf("names %q lack %q", web.Names(), name)
		}
	}
	over := resolve(t, r, "web", Options{User: "root", Port: 22, Jump: "none", KnownHosts: "strict"})
	if over.User != "root" || over.Port != 22 || len(over.Jump) != 0 {
		t.Errorf("%+v", over)
	}
	if pc := resolve(t, r, "pc", Options{}); pc.ProxyCommand != "nc %h %p" || len(pc.Jump) != 0 {
		t.Errorf("%+v", pc)
	}
	if pc := resolve(t, r, "pc", Options{Jump: "b2"}); pc.ProxyCommand != "" || len(pc.Jump) != 1 {
		t.Errorf("a jump does not replace the ProxyCommand: %+v", pc)
	}
	if resolve(t, r, "stranger", Options{}).IsAlias() || resolve(t, r, "a.wild", Options{}).IsAlias() {
		t.Error("a mere name counts as an alias")
	}
}

func me(t *testing.T) string {
	t.Helper()
	return resolve(t, NewResolver(ResolverOptions{ConfigFile: "/dev/null", Env: environ()}), "x", Options{}).User
}

func TestIdentity(t *testing.T) {
	key := filepath.Join(t.TempDir(), "k")
	rewrite(t, key, "")
	path := config(t, "Host a b", "  HostName h", "Host bastion", "  User x")
	r := NewResolver(ResolverOptions{ConfigFile: path, Env: environ(), Dir: t.TempDir()})
	seen := map[string]string{}
	for _, c := range []struct {
		host string
		o    Options
	}{
		{"a", Options{}},
		{"b", Options{}}, // another alias may be another Match, so it has a connection of its own
		{"a", Options{User: "u"}},
		{"a", Options{Port: 23}},
		{"a", Options{KeyPath: key}},
		{"a", Options{KnownHosts: "strict"}},
		{"a", Options{KnownHosts: "ignore"}},
		{"a", Options{Jump: "bastion"}},
		{"a", Options{Jump: "bastion:2"}},
		{"a", Options{Jump: "bastion", KnownHosts: "strict"}},
	} {
		id := resolve(t, r, c.host, c.o).Identity
		what := fmt.Sprintf("%s %+v", c.host, c.o)
		if len(id) != 64 || seen[id] != "" {
			t.Errorf("%s has the identity %q of %s", what, id, seen[id])
		}
		seen[id] = what
	}
	before := resolve(t, r, "a", Options{Jump: "bastion"}).Identity
	rewrite(t, path, "Host a b", "  HostName h", "Host bastion", "  User y")
	if resolve(t, r, "a", Options{Jump: "bastion"}).Identity == before {
		t.Error("a change of the bastion leaves the identity as it was")
	}
}

// TestNoConfig reads no file at all, with a key of the call's own too, wherever the process stands.
func TestNoConfig(t *testing.T) {
	key := filepath.Join(t.TempDir(), "k")
	rewrite(t, key, "")
	r := NewResolver(ResolverOptions{ConfigFile: "none", Env: environ(), Dir: t.TempDir()})
	for _, o := range []Options{{}, {KeyPath: key}, {Jump: "bastion"}} {
		got := resolve(t, r, "127.0.0.1", o)
		if got.Hostname != "127.0.0.1" || len(got.Files) > 0 {
			t.Errorf("%+v: %s by %q", o, got.Hostname, got.Files)
		}
		if args := got.MasterArgs(MasterOptions{ControlPath: "/s"}); !slices.Equal(args[:2], []string{"-F", "none"}) {
			t.Errorf("%+v: %q", o, args)
		}
	}
}

// countingSSH is an ssh that notes each start in a file.
func countingSSH(t *testing.T) (path string, starts func() int) {
	t.Helper()
	dir := t.TempDir()
	path, log := filepath.Join(dir, "ssh"), filepath.Join(dir, "log")
	script := "#!/bin/sh\necho start >>'" + log + "'\nexec ssh \"$@\"\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, func() int {
		data, _ := os.ReadFile(log)
		return strings.Count(string(data), "\n")
	}
}

// settle waits until files written just now are old enough for their answers to be remembered.
func settle(t *testing.T, r *Resolver, host string, starts func() int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		resolve(t, r, host, Options{})
		n := starts()
		resolve(t, r, host, Options{})
		if starts() == n {
			return
		}
	}
	t.Fatal("the answer is never remembered")
}

func TestCacheFollowsTheFiles(t *testing.T) {
	path := config(t, "Include d/*.conf sub/*/config", "Host a", "  HostName first")
	dir := filepath.Dir(path)
	rewrite(t, path, "Include "+dir+"/d/*.conf", "Include "+dir+"/sub/*/config", "Host a", "  HostName first")
	ssh, starts := countingSSH(t)
	r := NewResolver(ResolverOptions{SSH: ssh, ConfigFile: path, Env: environ()})
	settle(t, r, "a", starts)
	want := func(hostname string) {
		t.Helper()
		if got := resolve(t, r, "a", Options{}).Hostname; got != hostname {
			t.Errorf("host name %q, want %q", got, hostname)
		}
	}
	want("first")
	rewrite(t, path, "Include "+dir+"/d/*.conf", "Include "+dir+"/sub/*/config", "Host a", "  HostName again")
	want("again")
	settle(t, r, "a", starts)
	if err := os.MkdirAll(filepath.Join(dir, "sub", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, "sub", "x", "config"), "Host a", "  HostName sub")
	want("sub")
	settle(t, r, "a", starts)
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, "d", "1.conf"), "Host a", "  HostName new")
	want("new")
	settle(t, r, "a", starts)
	if err := os.Remove(filepath.Join(dir, "d", "1.conf")); err != nil {
		t.Fatal(err)
	}
	want("sub")
}

func TestEqualQuestionsStartOneSSH(t *testing.T) {
	path := config(t, "Match exec \"sleep 1\"", "  User waited")
	ssh, starts := countingSSH(t)
	r := NewResolver(ResolverOptions{SSH: ssh, ConfigFile: path, Env: environ()})
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if got := resolve(t, r, "a", Options{}).User; got != "waited" {
				t.Errorf("user %q", got)
			}
		})
	}
	group.Wait()
	if n := starts(); n != 1 {
		t.Errorf("%d processes for one question", n)
	}
}

func TestResolveErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		name, code, words string
		o                 ResolverOptions
		host              string
	}{
		{"bad keyword", "invalid_argument", "Bad configuration option", ResolverOptions{ConfigFile: config(t, "Nonsense yes")}, "a"},
		{"no file", "invalid_argument", "No such file", ResolverOptions{ConfigFile: missing}, "a"},
		{"no ssh", "unsupported", "not found", ResolverOptions{SSH: "no-such-ssh-program"}, "a"},
		{"circle", "invalid_argument", "circle", ResolverOptions{ConfigFile: config(t, "Host a", "  ProxyJump b", "Host b", "  ProxyJump a")}, "a"},
		{"endless Match exec", "internal", "within 1s", ResolverOptions{ConfigFile: config(t, "Match exec \"sleep 100\"", "  User u"), Timeout: time.Second}, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Env = environ()
			_, err := NewResolver(c.o).Resolve(t.Context(), Destination{Host: c.host})
			var e *ConfigError
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			if e.ErrorCode() != c.code || !strings.Contains(err.Error(), c.words) || e.ErrorHint() == "" {
				t.Errorf("%s: %v (hint %q), want %s: %s", e.ErrorCode(), err, e.Hint, c.code, c.words)
			}
			if strings.Contains(err.Error(), "debug") {
				t.Errorf("debugging output in the message: %v", err)
			}
		})
	}
}

func TestCallersDeadlineComesFirst(t *testing.T) {
	r := NewResolver(ResolverOptions{ConfigFile: config(t, "Match exec \"sleep 2\"", "  User u"), Env: environ()})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("the call's own reason"))
	defer cancel()
	if _, err := r.Resolve(ctx, Destination{Host: "a"}); err == nil || err.Error() != "the call's own reason" {
		t.Errorf("%v", err)
	}
	resolve(t, r, "a", Options{}) // the process goes on and answers others
}

func TestEnvironmentIsScrubbed(t *testing.T) {
	out := filepath.Join(t.TempDir(), "env")
	r := NewResolver(ResolverOptions{
		ConfigFile: config(t, "Match exec \"env >"+out+"\"", "  User u"),
		Env:        append(environ(), "RELAY_SHELL_AUTH_TOKEN=visible", "KEPT=1", "SSH_ASKPASS_REQUIRE=force"),
	})
	resolve(t, r, "a", Options{})
	env, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(env); strings.Contains(s, "RELAY_SHELL") || !strings.Contains(s, "KEPT=1") || !strings.Contains(s, "SSH_ASKPASS_REQUIRE=never") {
		t.Errorf("environment:\n%s", s)
	}
}

func TestHostileNamesStartNothing(t *testing.T) {
	ssh, starts := countingSSH(t)
	r := NewResolver(ResolverOptions{SSH: ssh, ConfigFile: "/dev/null", Env: environ()})
	marker := filepath.Join(t.TempDir(), "marker")
	touch := "touch " + marker
	for _, host := range []string{"-oProxyCommand=" + touch, "x;" + touch, "$(" + touch + ")", "`" + touch + "`", "a\n" + touch, "-F/dev/stdin", "--", "root@-oProxyCommand=x"} {
		for _, o := range []Options{{}, {User: host}, {Jump: host}} {
			name := host
			if o != (Options{}) {
				name = "web"
			}
			if d, err := Parse(name, o); err == nil {
				t.Errorf("Parse(%q, %+v) accepted it", name, o)
				_, _ = r.Resolve(t.Context(), d)
			}
		}
	}
	if _, err := os.Stat(marker); err == nil || starts() != 0 {
		t.Errorf("%d processes, marker: %v", starts(), err)
	}
	// Even past validation, nothing that stands behind -- is an option. (Newer versions refuse the name, too.)
	_, _ = r.Resolve(t.Context(), Destination{Host: "-oProxyCommand=" + touch})
	if _, err := os.Stat(marker); err == nil {
		t.Error("the option was obeyed")
	}
}
