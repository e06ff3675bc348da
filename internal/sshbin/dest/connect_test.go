package dest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/sshtest"
)

// master starts a master with the arguments under test, runs `true` through it and ends it. It returns ssh's words.
func master(t *testing.T, l *sshtest.Lab, r *Resolved, o MasterOptions) (string, error) {
	t.Helper()
	dir := t.TempDir()
	o.ControlPath, o.Log, o.ConnectTimeout = filepath.Join(l.RuntimeDir(), "c"), filepath.Join(dir, "log"), time.Minute // for busy machines
	run := func(args []string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, "ssh", args...)
		cmd.Env = Environ(l.Env())
		return cmd.Run()
	}
	err := run(r.MasterArgs(o))
	words, _ := os.ReadFile(o.Log)
	if err != nil {
		return string(words), err
	}
	if err := run(r.ClientArgs(ClientOptions{ControlPath: o.ControlPath, Command: "exit 7"})); err == nil || !strings.Contains(err.Error(), "status 7") {
		t.Errorf("the client of the master: %v", err)
	}
	if err := run(r.ControlArgs(o.ControlPath, "exit")); err != nil {
		t.Errorf("ending the master: %v", err)
	}
	if err := run(r.ClientArgs(ClientOptions{ControlPath: o.ControlPath, Command: "true"})); err == nil || !strings.Contains(err.Error(), "status 255") {
		t.Errorf("a client without its master: %v", err)
	}
	return string(words), nil
}

func resolverFor(l *sshtest.Lab) *Resolver {
	return NewResolver(ResolverOptions{ConfigFile: l.Config(), Env: l.Env(), Dir: filepath.Join(l.Dir(), "copies")})
}

func TestMasterConnects(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{ClientConfig: []string{"RemoteCommand echo no", "LocalForward 1 localhost:1", "ControlMaster auto", "ControlPath /nowhere/%C"}})
	target := resolve(t, resolverFor(s.Lab), "target", Options{})
	words, err := master(t, s.Lab, target, MasterOptions{Persist: time.Minute})
	if err != nil || target.since85() && !strings.Contains(words, s.Fingerprint()) || !strings.Contains(words, "Authenticated to") {
		t.Errorf("%v: %s", err, words)
	}
	if s.Logins() != 1 {
		t.Errorf("%d logins, want 1", s.Logins())
	}
}

func TestHostKeyPolicies(t *testing.T) {
	l := sshtest.New(t)
	known := func() string {
		data, _ := os.ReadFile(l.KnownHosts())
		return string(data)
	}
	try := func(o Options, store bool) (string, error) {
		return master(t, l, resolve(t, resolverFor(l), "strange", o), MasterOptions{StoreHostKey: store})
	}
	s := l.MustStart(t, sshtest.Options{Alias: "strange", Strange: true})
	for _, o := range []Options{{}, {KnownHosts: "strict"}, {KnownHosts: "accept-new"}} {
		if words, err := try(o, o.KnownHosts == "strict"); err == nil || !strings.Contains(words, "Host key verification failed") {
			t.Errorf("%+v took an unknown key: %v %s", o, err, words)
		}
	}
	if words, err := try(Options{KnownHosts: "ignore"}, true); err != nil {
		t.Errorf("ignore: %v %s", err, words)
	}
	if known() != "" {
		t.Fatalf("something was stored: %s", known())
	}
	if words, err := try(Options{}, true); err != nil || !strings.Contains(known(), strings.Fields(s.KnownHostsLine())[2]) {
		t.Errorf("accept-new did not store the key: %v %s %s", err, words, known())
	}
	if words, err := try(Options{}, false); err != nil {
		t.Errorf("the stored key is not good for a call that stores nothing: %v %s", err, words)
	}
	if err := s.ReplaceHostKey(); err != nil {
		t.Fatal(err)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	before := known()
	for _, o := range []Options{{}, {KnownHosts: "strict"}, {KnownHosts: "accept-new"}} {
		if words, err := try(o, true); err == nil || !strings.Contains(words, "REMOTE HOST IDENTIFICATION HAS CHANGED") {
			t.Errorf("%+v took a changed key: %v %s", o, err, words)
		}
	}
	if known() != before {
		t.Error("a changed key was stored")
	}
}

func TestUncheckedHostStaysUncheckedAndUnstored(t *testing.T) {
	l := sshtest.New(t)
	l.MustStart(t, sshtest.Options{Alias: "lax", Strange: true, ClientConfig: []string{"StrictHostKeyChecking no"}})
	if words, err := master(t, l, resolve(t, resolverFor(l), "lax", Options{}), MasterOptions{}); err != nil {
		t.Errorf("%v: %s", err, words)
	}
	if data, _ := os.ReadFile(l.KnownHosts()); len(data) > 0 {
		t.Errorf("stored: %s", data)
	}
}

// TestJumps walks three hops; the first is named by the second one's own configuration, and all are new.
func TestJumps(t *testing.T) {
	l := sshtest.New(t)
	first := l.MustStart(t, sshtest.Options{Alias: "first", Strange: true})
	second := l.MustStart(t, sshtest.Options{Alias: "second", Strange: true, ClientConfig: []string{"ProxyJump first"}})
	third := l.MustStart(t, sshtest.Options{Alias: "third", Strange: true})
	inner := l.MustStart(t, sshtest.Options{Alias: "inner", Strange: true})
	resolved := resolve(t, resolverFor(l), "inner", Options{Jump: "second,third"})
	words, err := master(t, l, resolved, MasterOptions{StoreHostKey: true})
	if err != nil {
		t.Fatalf("%v: %s\n%q", err, words, resolved.MasterArgs(MasterOptions{}))
	}
	for _, s := range []*sshtest.Server{first, second, third, inner} {
		if s.Logins() != 1 {
			t.Errorf("%d logins at %s", s.Logins(), s.Alias())
		}
	}
}

func TestJumpsUnderForeignShells(t *testing.T) {
	l := sshtest.New(t)
	l.MustStart(t, sshtest.Options{Alias: "first"})
	l.MustStart(t, sshtest.Options{Alias: "second", ClientConfig: []string{"ProxyJump first"}})
	inner := l.MustStart(t, sshtest.Options{Alias: "inner", ClientConfig: []string{"ProxyJump second"}})
	resolved := resolve(t, resolverFor(l), "inner", Options{})
	for i, shell := range []string{"fish", "tcsh", "zsh", "ksh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		args := resolved.MasterArgs(MasterOptions{ControlPath: filepath.Join(l.RuntimeDir(), shell), Persist: time.Minute, Log: filepath.Join(l.Dir(), "log"), ConnectTimeout: time.Minute})
		cmd := exec.CommandContext(ctx, "ssh", args...)
		cmd.Env = append(Environ(l.Env()), "SHELL="+path)
		if err := cmd.Run(); err != nil || inner.Logins() != i+1 {
			words, _ := os.ReadFile(filepath.Join(l.Dir(), "log"))
			t.Errorf("%s: %v %s", shell, err, words)
		}
		cancel()
		if out, err := exec.Command("ssh", resolved.ControlArgs(filepath.Join(l.RuntimeDir(), shell), "exit")...).CombinedOutput(); err != nil {
			t.Errorf("ending the master: %v %s", err, out)
		}
	}
}

// TestKeyReplacesIdentities: a key that the server does not know must not be helped by those of ssh_config, wherever
// they are named.
func TestKeyReplacesIdentities(t *testing.T) {
	l := sshtest.New(t)
	s := l.MustStart(t, sshtest.Options{})
	foreign := filepath.Join(l.Dir(), "other key 100%")
	if _, err := sshtest.WriteKey(foreign, "foreign"); err != nil {
		t.Fatal(err)
	}
	include := filepath.Join(l.Dir(), "include d")
	if err := os.Mkdir(include, 0o700); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(include, "1"), "Host target", "  IdentityFile "+l.ClientKey(), "Include '"+include+"/2'")
	rewrite(t, filepath.Join(include, "2"), "IdentityFile="+l.ClientKey())
	if err := l.AddHost("target", append(s.HostLines(), `Include "`+include+`/[12]"`, "IdentityFile "+l.ClientKey())...); err != nil {
		t.Fatal(err)
	}
	r := resolverFor(l)
	bad := resolve(t, r, "target", Options{KeyPath: foreign})
	if words, err := master(t, l, bad, MasterOptions{}); err == nil || !strings.Contains(words, "Permission denied (publickey)") {
		t.Errorf("a foreign key got in: %v %s", err, words)
	}
	if bad.Port != s.Port() || len(bad.Matches) == 0 || !strings.HasPrefix(bad.Matches[0].File, l.Dir()) {
		t.Errorf("the copy lost something: port %d, matches %v", bad.Port, bad.Matches)
	}
	named := filepath.Join(l.Dir(), "named key 100%")
	if err := os.Rename(l.ClientKey(), named); err != nil {
		t.Fatal(err)
	}
	good := resolve(t, r, "target", Options{KeyPath: named})
	if words, err := master(t, l, good, MasterOptions{}); err != nil {
		t.Errorf("the named key does not get in: %v %s", err, words)
	}
	if bad.Identity == good.Identity {
		t.Error("two keys share an identity")
	}
}
