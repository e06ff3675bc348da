package hostkey

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func resolve(t *testing.T, l *sshtest.Lab, host string, o dest.Options) *dest.Resolved {
	t.Helper()
	d, err := dest.Parse(host, o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := dest.NewResolver(dest.ResolverOptions{ConfigFile: l.Config(), Env: l.Env(), Dir: l.RuntimeDir()}).Resolve(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func coded(err error) string {
	var c interface {
		ErrorCode() string
		ErrorHint() string
	}
	if !errors.As(err, &c) || c.ErrorHint() == "" {
		return "no code or no hint"
	}
	return c.ErrorCode()
}

func TestScan(t *testing.T) {
	l := sshtest.New(t)
	known := l.MustStart(t, sshtest.Options{Alias: "known"})
	strange := l.MustStart(t, sshtest.Options{Alias: "strange", Strange: true})
	changed := l.MustStart(t, sshtest.Options{Alias: "changed"})
	if err := changed.ReplaceHostKey(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(changed.Kill(), changed.Restart()); err != nil {
		t.Fatal(err)
	}
	if err := l.AddHost("behind", append(strange.HostLines(), "ProxyJump known")...); err != nil {
		t.Fatal(err)
	}
	if err := l.AddHost("behind-strange", append(known.HostLines(), "ProxyJump strange")...); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.AddHost("closed", "HostName 127.0.0.1", "Port 1"), l.AddHost("nameless", "HostName no-such-name.invalid"),
		l.AddHost("fremd", "HostName müßig.invalid")); err != nil {
		t.Fatal(err)
	}
	_, err := l.Hostile("silent", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Hostile("endless", func(c net.Conn) {
		for {
			if _, err := c.Write([]byte(strings.Repeat("x", 1000) + "\n")); err != nil {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"known", "strange", "changed", "behind", "behind-strange", "closed", "nameless", "no-such-host.invalid", "fremd", "über.invalid", "silent", "endless"}
	scan := func(names []string, timeout time.Duration) []Result {
		hosts := make([]*dest.Resolved, len(names))
		for i, name := range names {
			hosts[i] = resolve(t, l, name, dest.Options{})
		}
		results, err := Scan(t.Context(), hosts, Options{Env: l.Env(), Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		return results
	}
	results := append(scan(names[:10], time.Minute), scan(names[10:], 2*time.Second)...)
	shows := func(i int, state State, fingerprint string) {
		t.Helper()
		r := results[i]
		if r.Err != nil || len(r.Keys) != 1 || r.Keys[0].State != state || r.Keys[0].Fingerprint != fingerprint || r.Keys[0].Type != "ssh-ed25519" {
			t.Errorf("%s: %+v, want %s %s", names[i], r, state, fingerprint)
		}
	}
	shows(0, Match, known.Fingerprint())
	shows(1, Unknown, strange.Fingerprint())
	shows(2, Changed, changed.Fingerprint())
	shows(3, Unknown, strange.Fingerprint())
	for i, want := range map[int]string{4: "host_key_unknown", 5: "unreachable", 6: "dns", 7: "unknown_host", 8: "dns", 9: "unknown_host", 10: "unreachable connect_timeout", 11: "unreachable connect_timeout"} {
		if r := results[i]; r.Err == nil || !strings.Contains(want, coded(r.Err)) {
			t.Errorf("%s: %v (%s), want %s", names[i], r.Err, coded(r.Err), want)
		}
	}
	if data, err := os.ReadFile(l.KnownHosts()); err != nil || strings.Contains(string(data), strings.Fields(strange.KnownHostsLine())[2]) {
		t.Errorf("scanning stored a key: %v", err)
	}
}

func TestScanEndsWithItsContext(t *testing.T) {
	l := sshtest.New(t)
	if _, err := l.Hostile("silent", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }); err != nil {
		t.Fatal(err)
	}
	host := resolve(t, l, "silent", dest.Options{})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, errors.New("the call's own reason"))
	defer cancel()
	start := time.Now()
	results, err := Scan(ctx, slices.Repeat([]*dest.Resolved{host}, 3), Options{Env: l.Env(), Concurrency: 1})
	if err != nil || time.Since(start) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	for _, r := range results {
		if r.Err == nil || r.Err.Error() != "the call's own reason" {
			t.Errorf("%v", r.Err)
		}
	}
}

func TestRefusedArguments(t *testing.T) {
	for _, types := range [][]string{{"bogus"}, {"-t"}, {"rsa,dsa"}, {""}} {
		if _, err := Scan(t.Context(), nil, Options{Types: types}); err == nil || coded(err) != "invalid_argument" {
			t.Errorf("types %q: %v", types, err)
		}
	}
	for _, fingerprint := range []string{"", "SHA256:", "MD5:aa:bb", "SHA256:" + strings.Repeat("a", 42), "SHA256:" + strings.Repeat("a", 43) + "\n", strings.Repeat("a", 43)} {
		if _, err := Trust(t.Context(), &dest.Resolved{}, fingerprint, Options{}); err == nil || coded(err) != "invalid_argument" {
			t.Errorf("fingerprint %q: %v", fingerprint, err)
		}
	}
}

func TestKeyscanArgs(t *testing.T) {
	r := &dest.Resolved{Hostname: "::1", Port: 2222, Settings: []dest.Setting{{Key: "addressfamily", Value: "inet6"}}}
	got := strings.Join(keyscanArgs(r, Options{Timeout: 1500 * time.Millisecond, Types: []string{"rsa", "ecdsa"}}), " ")
	if want := "-T 2 -p 2222 -6 -t rsa,ecdsa -- ::1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// connects reports whether a strict ssh gets in.
func connects(t *testing.T, l *sshtest.Lab, host string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ssh", l.SSH("-o", "StrictHostKeyChecking=yes", host, "true")...)
	cmd.Env = l.Env()
	return cmd.Run() == nil
}

func TestTrust(t *testing.T) {
	for _, hash := range []string{"no", "yes"} {
		t.Run("HashKnownHosts "+hash, func(t *testing.T) {
			l := sshtest.New(t)
			file := filepath.Join(l.Dir(), "new", "known_hosts")
			s := l.MustStart(t, sshtest.Options{Alias: "strange", Strange: true, ClientConfig: []string{"UserKnownHostsFile " + file, "HashKnownHosts " + hash}})
			other := l.MustStart(t, sshtest.Options{Alias: "other", Strange: true})
			host := resolve(t, l, "strange", dest.Options{})
			o := Options{Env: l.Env()}
			if _, err := Trust(t.Context(), host, other.Fingerprint(), o); coded(err) != "not_found" || !strings.Contains(err.Error(), s.Fingerprint()) {
				t.Errorf("a foreign fingerprint: %v", err)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("the refusal wrote a file")
			}
			got, err := Trust(t.Context(), host, s.Fingerprint()+"=", o)
			if err != nil || got.Already || got.File != file {
				t.Fatalf("%+v, %v", got, err)
			}
			if !connects(t, l, "strange") {
				t.Error("ssh does not know the key")
			}
			checkModes(t, file)
			before, err := os.ReadFile(file)
			if err != nil || strings.Contains(string(before), "127.0.0.1") == (hash == "yes") {
				t.Errorf("%v: %s", err, before)
			}
			if got, err := Trust(t.Context(), host, s.Fingerprint(), o); err != nil || !got.Already {
				t.Errorf("again: %+v, %v", got, err)
			}
			if err := errors.Join(s.ReplaceHostKey(), s.Kill(), s.Restart()); err != nil {
				t.Fatal(err)
			}
			if _, err := Trust(t.Context(), host, s.Fingerprint(), o); coded(err) != "host_key_changed" {
				t.Errorf("a changed key: %v", err)
			}
			if after, _ := os.ReadFile(file); string(after) != string(before) {
				t.Errorf("the file was changed:\n%s", after)
			}
		})
	}
}

func checkModes(t *testing.T, file string) {
	t.Helper()
	for path, want := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// TestTrustWritesWhatSSHWrites compares our line with the one of ssh's accept-new.
func TestTrustWritesWhatSSHWrites(t *testing.T) {
	l := sshtest.New(t)
	ours, theirs := filepath.Join(l.Dir(), "ours"), filepath.Join(l.Dir(), "theirs")
	s := l.MustStart(t, sshtest.Options{Alias: "strange", Strange: true, ClientConfig: []string{"UserKnownHostsFile " + ours}})
	if _, err := Trust(t.Context(), resolve(t, l, "strange", dest.Options{}), s.Fingerprint(), Options{Env: l.Env()}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ssh", l.SSH("-o", "StrictHostKeyChecking=accept-new", "-o", "UserKnownHostsFile="+theirs, "strange", "true")...)
	cmd.Env = l.Env()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a, _ := os.ReadFile(ours)
	b, _ := os.ReadFile(theirs)
	if len(a) == 0 || string(a) != string(b) {
		t.Errorf("we wrote %q, ssh writes %q", a, b)
	}
}

func TestTrustStoresNothingWhereNothingIsKept(t *testing.T) {
	l := sshtest.New(t)
	s := l.MustStart(t, sshtest.Options{Alias: "strange", Strange: true, ClientConfig: []string{"UserKnownHostsFile /dev/null"}})
	if _, err := Trust(t.Context(), resolve(t, l, "strange", dest.Options{}), s.Fingerprint(), Options{Env: l.Env()}); coded(err) != "unsupported" {
		t.Errorf("%v", err)
	}
}

func TestAdd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known_hosts")
	key, other := newKey(t), newKey(t)
	if err := os.WriteFile(path, []byte("old "+keyText(other)), 0o600); err != nil { // no newline at the end
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := add(path, "web1", key, true); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	entries := readKnownHosts([]string{path})
	if len(entries) != 2 || !entries[0].matches("old") || !entries[1].matches("web1") {
		data, _ := os.ReadFile(path)
		t.Errorf("%s", data)
	}
	if _, err := add(path, "web1", other, false); err == nil {
		t.Error("a second key of the type was added")
	}
}
