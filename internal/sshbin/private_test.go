package sshbin

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestEnvironmentOfSSH gives ssh what it needs and none of our own settings, in every process that we start.
func TestEnvironmentOfSSH(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	server := l.MustStart(t, sshtest.Options{Shell: "dash", Config: []string{"AcceptEnv LC_* GIVEN"}})
	dump := filepath.Join(l.Dir(), "dump")
	// A proxy command sees the master's environment, Match exec the resolver's.
	if err := l.AddHost("target", server.HostLines("ProxyCommand sh -c 'env >>"+dump+"; exec busybox nc %h %p'", "SendEnv LC_* GIVEN", "SetEnv LC_SET=set")...); err != nil {
		t.Fatal(err)
	}
	secret := rand.Text()
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, l, Options{Engine: mode, Env: append(l.Env(), "RELAY_SHELL_AUTH_SECRET="+secret, "GIVEN=given", "LC_OTHER=other", "SSH_AUTH_SOCK=/nonexistent")})
		res := mustRun(t, e, resolve(t, e, "target", dest.Options{}), Command{Text: "env"})
		for _, want := range []string{"GIVEN=given\n", "LC_OTHER=other\n", "LC_SET=set\n"} {
			if !strings.Contains(res.out, want) {
				t.Errorf("the command lacks %q", want)
			}
		}
		if strings.Contains(res.out, secret) {
			t.Error("the secret reached the host")
		}
	})
	data, err := os.ReadFile(dump)
	if err != nil || strings.Contains(string(data), "RELAY_SHELL_") || !strings.Contains(string(data), "SSH_AUTH_SOCK=/nonexistent") || !strings.Contains(string(data), "SSH_ASKPASS_REQUIRE=never") {
		t.Errorf("the proxy command's environment: %v\n%s", err, data)
	}
}

// TestNothingPrivateInProcessLists looks at every command line while a command with a private value runs.
func TestNothingPrivateInProcessLists(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		secret := rand.Text()
		res := mustRun(t, e, resolve(t, e, "target", dest.Options{}), Command{
			Text: `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\000' ' '; echo; [ "$V" = "$(cat)" ] && echo same`,
			Env:  []EnvVar{{"V", &secret}}, Stdin: strings.NewReader(secret),
		})
		if strings.Contains(res.out, secret) || !strings.HasSuffix(res.out, "same\n") {
			t.Errorf("the value shows: %.200q", res.out)
		}
		if !strings.Contains(res.out, "cat /proc/") {
			t.Error("the command's own text does not show")
		}
	})
}

// TestUnknownHostKey refuses a host whose key it may not store, and stores it when it may.
func TestUnknownHostKey(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash", Strange: true})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	if _, err := e.Run(t.Context(), r, Command{Text: "true"}); code(err) != "host_key_unknown" || !strings.Contains(err.Error(), "ED25519") {
		t.Errorf("error %v", err)
	}
	if _, err := e.Ready(t.Context(), r, false); code(err) != "host_key_unknown" {
		t.Errorf("error %v", err)
	}
	if data, _ := os.ReadFile(server.KnownHosts()); len(data) > 0 {
		t.Errorf("known_hosts: %s", data)
	}
	res := mustRun(t, e, r, Command{Text: "true"}) // may store
	if data, _ := os.ReadFile(server.KnownHosts()); len(data) == 0 || res.exit.Started.Fingerprint != server.Fingerprint() {
		t.Errorf("fingerprint %q, known_hosts: %s", res.exit.Started.Fingerprint, data)
	}
	if _, err := e.Run(t.Context(), r, Command{Text: "true"}); err != nil { // known now
		t.Errorf("error %v", err)
	}
	// A changed key is refused whatever the policy, but for ignore.
	if err := server.ReplaceHostKey(); err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	for policy, want := range map[string]string{"": "host_key_changed", "accept-new": "host_key_changed", "strict": "host_key_changed", "ignore": ""} {
		_, err := run(t, e, resolve(t, e, "target", dest.Options{KnownHosts: policy}), Command{Text: "true"})
		if code(err) != want {
			t.Errorf("%q: %v", policy, err)
		}
	}
}

// TestKilledEngine kills a process with commands under way: what they started on the host ends, what a finished command left
// behind lives on.
func TestKilledEngine(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	t.Run("lanes", func(t *testing.T) {
		for lane := range trialLanes { // a trial is mostly waiting
			t.Run(itoa(lane), func(t *testing.T) {
				t.Parallel()
				dir := runtimeDir(t)
				for i := range trialKills / trialLanes {
					killEngine(t, server, dir, lane*trialKills+i)
				}
				e := newEngine(t, server.Lab, Options{RuntimeDir: dir})
				mustRun(t, e, resolve(t, e, "target", dest.Options{}), Command{Text: "true"})
			})
		}
	})
	if server.Logins() > 2*trialKills {
		t.Errorf("%d logins", server.Logins())
	}
}

// killEngine kills a process that uses the runtime directory dir under its commands.
func killEngine(t *testing.T, server *sshtest.Server, dir string, round int) {
	t.Helper()
	mark, kept := 90000+round, 91000+round
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledEngineHelper$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("SSHBIN_KILLED=%s:%s:%s:%d:%d", server.Config(), dir, server.Home(), mark, kept))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for up := 0; up < len(trees) && lines.Scan(); {
		if strings.Contains(lines.Text(), "up") {
			up++
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	began := time.Now()
	waitFor(t, "the commands' processes go", func() bool { return !server.Running("sleep " + itoa(mark)) })
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("that took %v", took)
	}
	if !server.Running("sleep " + itoa(kept)) {
		t.Error("a finished command's daemon is gone")
	}
}

// TestKilledEngineHelper is TestKilledEngine's other process.
func TestKilledEngineHelper(t *testing.T) {
	args := strings.Split(os.Getenv("SSHBIN_KILLED"), ":")
	if len(args) != 5 {
		return // nothing to help with
	}
	mark, _ := strconv.Atoi(args[3])
	e, err := New(Options{ConfigFile: args[0], RuntimeDir: args[1], Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + args[2]}})
	if err != nil {
		t.Fatal(err)
	}
	r := resolve(t, e, "target", dest.Options{})
	mustRun(t, e, r, Command{Text: "setsid sleep " + args[4] + " >/dev/null 2>&1 </dev/null &"})
	atOnce(t, len(trees), len(trees), func(i int) error {
		_, err := e.Run(t.Context(), r, Command{Text: fmt.Sprintf(trees[i].text, mark), Stdout: os.Stdout, StoreHostKey: true})
		return err
	})
}
