package guard

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var errExec = errors.New("executed")

// session runs the guard as sshd would and returns what it would have become.
func session(t *testing.T, options, command, stdin string, environ ...string) (argv, env []string, status int, said, logged string) {
	t.Helper()
	var stderr, log strings.Builder
	status = Main(World{
		Args: strings.Fields(options), Stdin: strings.NewReader(stdin), Stderr: &stderr,
		Environ: append([]string{"SHELL=/bin/bash", "HOME=/home/x", "SSH_CONNECTION=1.2.3.4 5 6 7", "SSH_ORIGINAL_COMMAND=" + command}, environ...),
		Exec: func(path string, a, e []string) error {
			argv, env = append([]string{path}, a...), e
			return errExec
		},
		Log: func(line string) { log.WriteString(line) },
	})
	return argv, env, status, stderr.String(), log.String()
}

func TestTiers(t *testing.T) {
	for _, tt := range []struct {
		options, command string
		runs             bool
	}{
		{"--tier 0", "ls -l", true},
		{"--tier 0", "cat /etc/shadow", true},
		{"--tier 0 --no-secrets", "cat /etc/shadow", false},
		{"--tier 0", "touch x", false},
		{"--tier 1", "touch x", true},
		{"--tier 1", "systemctl restart nginx", false},
		{"--tier 2", "systemctl restart nginx", true},
		{"--tier 2", "rm -rf /", false},
		{"--tier 3", "rm -rf /", true},
		{"--tier 0", "ls; rm -rf /", false},
		{"--tier 0", "$(echo reboot)", false},
		{"--tier 0", "", false},
		{"--tier 2", "bash -i", false},
		{"--tier 0", "exec sh -c 'eval \"$(printf \"rm -rf \\057\")\"'", false},
		{"--tier 0", "exec sh -c 'eval \"$(printf \"ls\")\"'", true},
		{"--tier 0", "export RELAY_CALL=0123456789abcdef01234567; rm -rf /", false},
		{"--tier 0", "export RELAY_CALL=0123456789abcdef01234567; CDPATH= cd -- /srv || exit 1\nls\nexit $?", true},
		{"--tier 0", "scp -t /etc", false},
		{"--tier 0", "rsync --server -e.LsfxC . /etc", false},
		{"--tier 0", "/usr/lib/openssh/sftp-server; rm -rf /", false},
		{"--tier 2", "echo k >> ~/.ssh/authorized_keys; reboot", false},
	} {
		argv, env, status, said, logged := session(t, tt.options, tt.command, "")
		if runs := argv != nil; runs != tt.runs {
			t.Errorf("%s %q: runs %v, want %v (%s)", tt.options, tt.command, runs, tt.runs, said)
			continue
		}
		if !tt.runs {
			if status != refusedStatus || !strings.Contains(said, "refused: ") || !strings.HasPrefix(logged, "deny tier=") {
				t.Errorf("%q: status %d, %q, log %q", tt.command, status, said, logged)
			}
			continue
		}
		if !slices.Contains(env, "PATH="+path) || slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "SSH_ORIGINAL") }) {
			t.Errorf("%q: environment %q", tt.command, env)
		}
		if !strings.HasPrefix(logged, "allow tier=") || !strings.Contains(logged, `from="1.2.3.4 5 6 7"`) {
			t.Errorf("%q: log %q", tt.command, logged)
		}
	}
}

func TestStartUpFilesAndVariablesDoNotCount(t *testing.T) {
	argv, env, _, _, _ := session(t, "--tier 0", "ls", "", "BASH_ENV=/tmp/x", "LD_PRELOAD=/tmp/x.so", "PATH=/tmp", "LC_ALL=C", "LC_EVIL=$(reboot)", "GIT_SSH=/tmp/x")
	if want := []string{"/bin/bash", "bash", "--noprofile", "--norc", "-c", "ls"}; !slices.Equal(argv, want) {
		t.Errorf("%q, want %q", argv, want)
	}
	if want := []string{"PATH=" + path, "SHELL=/bin/bash", "HOME=/home/x", "SSH_CONNECTION=1.2.3.4 5 6 7", "LC_ALL=C"}; !slices.Equal(env, want) {
		t.Errorf("%q, want %q", env, want)
	}
}

// TestEnvironmentIsAssessed: what a client sets by way of standard input is part of the command.
func TestEnvironmentIsAssessed(t *testing.T) {
	text := "export RELAY_CALL=0123456789abcdef01234567; " + readEnvText(t) + "\nls"
	argv, env, _, said, _ := session(t, "--tier 0", text, "+FOO=bar\n=\n\nrest")
	if argv == nil || !slices.Contains(env, "FOO=bar") || !slices.Contains(env, "RELAY_CALL=0123456789abcdef01234567") || argv[len(argv)-1] != "ls" {
		t.Errorf("%q %q %s", argv, env, said)
	}
	if argv, _, _, _, _ := session(t, "--tier 0", text, "+LD_PRELOAD=.tmp.x.so\n=\n\n"); argv != nil {
		t.Errorf("LD_PRELOAD is let through: %q", argv)
	}
	if argv, _, status, _, _ := session(t, "--tier 0", text, "garbage\n"); argv != nil || status == 0 {
		t.Errorf("a broken environment: %q, %d", argv, status)
	}
}

// readEnvText is the line that reads the environment, as it stands in the other package's source.
func readEnvText(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../sshbin/env.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "const readEnv = `")
	text, _, ok := strings.Cut(rest, "`")
	if !ok {
		t.Fatal("no readEnv")
	}
	return text
}

func TestStaged(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return "exec 9<" + p + "; rm -f " + p + "; . /dev/fd/9"
	}
	line := write("relay.abc", "exec 9<&-\nls -l\n", 0o600)
	argv, _, _, said, _ := session(t, "--tier 0", line, "")
	if argv == nil || argv[len(argv)-1] != "ls -l\n" {
		t.Errorf("%q %s", argv, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "relay.abc")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the stored command stays behind")
	}
	for name, line := range map[string]string{
		"a dangerous one": write("relay.bad", "exec 9<&-\nrm -rf /\n", 0o600),
		"an open one":     write("relay.open", "exec 9<&-\nls\n", 0o644),
		"another file":    write("script", "exec 9<&-\nls\n", 0o600),
		"a headless one":  write("relay.head", "ls\n", 0o600),
	} {
		if argv, _, status, _, _ := session(t, "--tier 0", line, ""); argv != nil || status == 0 {
			t.Errorf("%s runs: %q", name, argv)
		}
	}
}

func TestSFTP(t *testing.T) {
	for options, want := range map[string]string{"--tier 0": "-R", "--tier 2": "-R", "--tier 3": "sftp-server"} {
		argv, _, _, said, _ := session(t, options, "/usr/lib/openssh/sftp-server", "")
		if argv == nil || argv[len(argv)-1] != want {
			t.Errorf("%s: %q, want %s (%s)", options, argv, want, said)
		}
	}
	if argv, _, status, _, _ := session(t, "--tier 0 --no-secrets", "internal-sftp", ""); argv != nil || status != refusedStatus {
		t.Errorf("sftp where secrets are withheld: %q", argv)
	}
}

func TestOptions(t *testing.T) {
	for _, bad := range []string{"", "--tier", "--tier 4", "--tier x", "--nonsense", "--tier 0 ls"} {
		if argv, _, status, _, _ := session(t, bad, "ls", ""); argv != nil || status != 2 {
			t.Errorf("%q: %q, %d", bad, argv, status)
		}
	}
}
