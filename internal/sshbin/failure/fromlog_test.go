package failure

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fail starts a master that must fail and reads why.
func fail(t *testing.T, l *sshtest.Lab, host string, o dest.Options, env ...string) *Error {
	t.Helper()
	d, err := dest.Parse(host, o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := dest.NewResolver(dest.ResolverOptions{ConfigFile: l.Config(), Env: l.Env(), Dir: filepath.Join(l.Dir(), "copies")}).Resolve(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ssh", r.MasterArgs(dest.MasterOptions{ControlPath: filepath.Join(l.RuntimeDir(), "c"), Log: log, ConnectTimeout: time.Minute, Shell: dest.ShellOf(l.Env())})...)
	cmd.Env = append(dest.Environ(l.Env()), env...)
	if err := cmd.Run(); err == nil {
		t.Fatal("ssh connected")
	}
	return FromLog(log, r, cmd.Env)
}

func TestFromLog(t *testing.T) {
	l := sshtest.New(t)
	target := l.MustStart(t, sshtest.Options{})
	strange := l.MustStart(t, sshtest.Options{Alias: "strange", Strange: true})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	locked := filepath.Join(l.Dir(), "locked")
	_, err := sshtest.WriteLockedKey(locked, "locked", rand.Text())
	must(err)
	foreign := filepath.Join(l.Dir(), "foreign")
	_, err = sshtest.WriteKey(foreign, "foreign")
	must(err)
	must(l.AddHost("via", append(target.HostLines(), "ProxyJump strange")...))
	must(l.AddHost("lost-agent", append(target.HostLines(), "IdentityAgent "+l.Dir()+"/nobody")...))
	must(l.AddHost("tunnel", "ProxyCommand sh -c 'echo the tunnel is down >&2; exit 1'"))

	e := fail(t, l, "target", dest.Options{KeyPath: locked})
	if e.Code != "login_required" || !strings.Contains(e.Hint, locked) {
		t.Errorf("locked key: %+v", e)
	}
	if e := fail(t, l, "target", dest.Options{KeyPath: foreign}); e.Code != "auth_failed" || len(e.Methods) != 1 {
		t.Errorf("foreign key: %+v", e)
	}
	if e := fail(t, l, "lost-agent", dest.Options{KeyPath: foreign}); e.Code != "auth_failed" || !strings.Contains(e.Hint, "agent does not answer") {
		t.Errorf("lost agent: %+v", e)
	}
	if e := fail(t, l, "strange", dest.Options{}); e.Code != "host_key_unknown" || e.Fingerprint != strange.Fingerprint() || !strings.Contains(e.Hint, e.Fingerprint) || e.Hop != "" {
		t.Errorf("strange host: %+v", e)
	}
	if e := fail(t, l, "via", dest.Options{}); e.Code != "host_key_unknown" || e.Fingerprint != strange.Fingerprint() || e.Hop != "strange" {
		t.Errorf("strange hop: %+v", e)
	}
	if e := fail(t, l, "no-such-host.invalid", dest.Options{}); e.Code != "unknown_host" {
		t.Errorf("unknown host: %+v", e)
	}
	if e := fail(t, l, "tunnel", dest.Options{}); e.Code != "unreachable" || e.Message != "the tunnel is down" || e.Retryable {
		t.Errorf("tunnel: %+v", e)
	}
	var coded interface {
		ErrorCode() string
		ErrorHint() string
	}
	if !errors.As(error(e), &coded) {
		t.Error("the error carries no code")
	}
}

// TestUntouchedKey cuts ssh off while its security key waits to be touched; a helper that sleeps plays the key.
func TestUntouchedKey(t *testing.T) {
	l := sshtest.New(t)
	token := filepath.Join(l.Dir(), "token")
	line, err := sshtest.WriteSecurityKey(token)
	if err != nil {
		t.Fatal(err)
	}
	keys, helper := filepath.Join(l.Dir(), "keys"), filepath.Join(l.Dir(), "helper")
	if err := errors.Join(os.WriteFile(keys, []byte(line+"\n"), 0o644), os.WriteFile(helper, []byte("#!/bin/sh\nexec sleep 100\n"), 0o700)); err != nil {
		t.Fatal(err)
	}
	l.MustStart(t, sshtest.Options{Config: []string{"AuthorizedKeysFile " + keys}})
	d, err := dest.Parse("target", dest.Options{KeyPath: token})
	if err != nil {
		t.Fatal(err)
	}
	r, err := dest.NewResolver(dest.ResolverOptions{ConfigFile: l.Config(), Env: l.Env(), Dir: filepath.Join(l.Dir(), "copies")}).Resolve(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(l.Dir(), "log")
	cmd := exec.Command("ssh", r.MasterArgs(dest.MasterOptions{ControlPath: filepath.Join(l.RuntimeDir(), "c"), Log: log})...)
	cmd.Env = append(dest.Environ(l.Env()), "SSH_SK_HELPER="+helper)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(60 * time.Second); !strings.Contains(tail(log), "signing using"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("ssh never came to sign: %s", tail(log))
		}
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	if e := FromLog(log, r, cmd.Env); e.Code != "touch_required" || !strings.Contains(e.Message, "sk-ssh-ed25519") {
		t.Errorf("%+v", e)
	}
}

// mute is an agent that accepts connections and never answers.
func TestAgentThatNeverAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a := askAgent(path); a.gone == "" {
		t.Error("an agent that never answers counts as one that lives")
	}
}

func TestKeyInTheAgentIsNotLocked(t *testing.T) {
	dir := t.TempDir()
	passphrase := rand.Text()
	path := filepath.Join(dir, "key")
	if _, err := sshtest.WriteLockedKey(path, "k", passphrase); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	private, err := ssh.ParseRawPrivateKeyWithPassphrase(data, []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	keys, err := ring.List()
	if err != nil {
		t.Fatal(err)
	}
	r := &dest.Resolved{Settings: []dest.Setting{{Key: "identityfile", Value: path}}}
	if got := lockedKeys(r, nil); len(got) != 1 || got[0] != path {
		t.Errorf("without the agent: %q", got)
	}
	if got := lockedKeys(r, [][]byte{keys[0].Blob}); len(got) != 0 {
		t.Errorf("with the key in the agent: %q", got)
	}
}

func TestInspectKey(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, block *pem.Block) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := filepath.Join(dir, "plain")
	if _, err := sshtest.WriteKey(plain, ""); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		plain:                        false,
		filepath.Join(dir, "absent"): false,
		dir:                          false,
		write("pkcs8", &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}}):                                                         true,
		write("old", &pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte{1}}):         true,
		write("cut", &pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: []byte("openssh-key-v1\x00\xff\xff\xff\xff")}):                          false,
		write("none", &pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: []byte("openssh-key-v1\x00\x00\x00\x00\x04none\x00\x00\x00\x04none")}): false,
		write("elliptic", &pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte{1}}):                                                             false,
	} {
		if _, locked := inspectKey(path); locked != want {
			t.Errorf("%s: locked %v, want %v", filepath.Base(path), locked, want)
		}
	}
}

func FuzzOpensshHead(f *testing.F) {
	f.Add([]byte("openssh-key-v1\x00\x00\x00\x00\x04none\x00\x00\x00\x04none\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01k"))
	f.Add([]byte("openssh-key-v1\x00"))
	f.Fuzz(func(t *testing.T, b []byte) { opensshHead(b) })
}
