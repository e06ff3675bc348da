package guard

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"relay-shell/internal/policy"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/target"
)

var errExec = errors.New("executed")

// session runs the guard as sshd would and returns what it would have become.
func session(t *testing.T, options, command, stdin string, environ ...string) (argv, env []string, status int, said, logged string) {
	t.Helper()
	var stderr, log, fed strings.Builder
	status = Main(World{
		Args: strings.Fields(options), Stdin: strings.NewReader(stdin), Stderr: &stderr,
		Environ: append([]string{"SHELL=/bin/bash", "HOME=/home/x", "SSH_CONNECTION=1.2.3.4 5 6 7", "SSH_ORIGINAL_COMMAND=" + command}, environ...),
		Exec: func(path string, a, e []string) error {
			argv, env = append([]string{path}, a...), e
			return errExec
		},
		Feed: func(data []byte) error { fed.Write(data); return nil },
		Log:  func(line string) { log.WriteString(line) },
	})
	if argv != nil && fed.Len() > 0 {
		env = append(env, "FED="+fed.String())
	}
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

// constant is the text of a constant in the other package's source.
func constant(t *testing.T, file, name string) string {
	t.Helper()
	b, err := os.ReadFile("../sshbin/" + file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "const "+name+" = `")
	text := ""
	for ok {
		piece, behind, _ := strings.Cut(rest, "`")
		text += piece
		rest, ok = strings.CutPrefix(behind, " +\n\t`")
	}
	if text == "" {
		t.Fatal("no " + name)
	}
	return text
}

func readEnvText(t *testing.T) string { return constant(t, "env.go", "readEnv") }

// TestStaged has long commands on standard input, before that of the command.
func TestStaged(t *testing.T) {
	line := func(n int) string {
		return fmt.Sprintf("_n=%d; %s || exit 1; CDPATH= cd -- /srv || exit 1\n. /dev/fd/9", n, constant(t, "stage.go", "readText"))
	}
	const text, lead = "exec 9<&-\nls -l\n", "CDPATH= cd -- /srv || exit 1\n"
	argv, _, _, said, _ := session(t, "--tier 0", line(len(text)), text+"rm -rf /\n")
	if argv == nil || argv[len(argv)-1] != lead+"ls -l\n" {
		t.Errorf("%q %s", argv, said)
	}
	for name, stdin := range map[string]string{"a dangerous one": "exec 9<&-\nrm -rf /\n", "a headless one": "ls\n", "none": ""} {
		if argv, _, status, _, _ := session(t, "--tier 0", line(max(len(stdin), 1)), stdin); argv != nil || status == 0 {
			t.Errorf("%s runs: %q", name, argv)
		}
	}
	for name, line := range map[string]string{"a short one": line(len(text) + 1), "a huge one": line(5 << 20), "one of no length": line(0), "a file of another's": ". /dev/fd/9"} {
		if argv, _, status, _, _ := session(t, "--tier 0", line, text); argv != nil || status == 0 {
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

// FuzzSession has no line run, whatever is in it, that is rated above the tier when it is read again as it runs.
func FuzzSession(f *testing.F) {
	for _, line := range []string{
		"ls -l", "", "exec sh -c 'eval \"$(printf \"ls\")\"'", "export RELAY_CALL=0123456789abcdef01234567; exec 2>&1\nls\nexit $?", "scp -f /x", "rsync --server --sender -e.L . /x",
		"/usr/lib/openssh/sftp-server", "exec 2>&1; CDPATH= cd -- /srv || exit 1\n(\nls\n)\n_s=$?", "touch x\x00y", "ls \\\n; rm -rf /",
	} {
		f.Add(line, "A=b\n\n")
	}
	f.Fuzz(func(t *testing.T, line, stdin string) {
		argv, _, status, said, _ := session(t, "--tier 1", line, stdin)
		if argv == nil {
			if status == 0 || said == "" {
				t.Errorf("%q: refused with status %d and %q", line, status, said)
			}
			return
		}
		text := argv[len(argv)-1]
		sent := sshbin.Receive(line)
		if sent.Leash || strings.HasPrefix(argv[1], "sftp-server") {
			return
		}
		if a := policy.Assess(policy.Subject{Tool: "ssh_exec", Text: target.WithoutSudoPrelude(text), AnyStdin: true, Remote: true}); a.Tier > policy.Reversible || a.Refused {
			t.Errorf("%q runs %q, of tier %d", line, text, a.Tier)
		}
		if !strings.HasSuffix(text, sent.Text) {
			t.Errorf("%q runs %q", line, text)
		}
	})
}
