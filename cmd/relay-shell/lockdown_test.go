package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"relay-shell/internal/sshtest"
)

// TestLockdown restricts the key with which the scripts log in, each on a real sshd of its own whose account has a home directory of the test's.
func TestLockdown(t *testing.T) {
	scripts, err := filepath.Glob("testdata/lockdown/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts: ", err)
	}
	for _, script := range scripts {
		t.Run(filepath.Base(script), func(t *testing.T) { lockdown(t, script) })
	}
}

func lockdown(t *testing.T, script string) {
	lab := sshtest.New(t)
	home, err := os.MkdirTemp("/tmp", "lock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	keys := filepath.Join(home, ".ssh", "authorized_keys")
	for _, dir := range []string{home, filepath.Dir(keys)} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil { // the account may be another one than the test's
			t.Fatal(err)
		}
	}
	server := lab.MustStart(t, sshtest.Options{Alias: "box", Ordinary: true, Config: []string{"AuthorizedKeysFile " + keys, "SetEnv HOME=" + home}})
	public, err := os.ReadFile(server.ClientKey() + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keys, public, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(keys, 0o666); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{script},
		Setup: func(env *testscript.Env) error {
			runtime, err := os.MkdirTemp("/tmp", "rt") // short: sockets are in it
			if err != nil {
				return err
			}
			env.Defer(func() { os.RemoveAll(runtime) })
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("HOSTHOME", home)
			env.Setenv("KEY", server.ClientKey()+".pub")
			env.Setenv("CONFIG", server.Config())
			env.Setenv("RELAY_SHELL_STATE_DIR", filepath.Join(env.WorkDir, ".state"))
			env.Setenv("RELAY_SHELL_AUDIT_PATH", filepath.Join(env.WorkDir, ".state", "audit.jsonl"))
			env.Setenv("RELAY_SHELL_RUNTIME_DIR", filepath.Join(runtime, "a"))
			env.Setenv("RUNTIME2", filepath.Join(runtime, "b"))
			env.Setenv("RELAY_SHELL_SSH_CONFIG", server.Config())
			return nil
		},
	})
}
