package tools

import (
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/redact"
	"relay-shell/internal/relay"
	"relay-shell/internal/secrets"
	"relay-shell/internal/sshtest"
)

// TestJobSecrets gives jobs here and on a host a secret in their environment: it is in their output alone, which every server masks that can look
// the name up, and in no argument, record or other file.
func TestJobSecrets(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash"})
	r := newJobRoad(t, server.Lab)
	value := "pw" + rand.Text()
	file := filepath.Join(t.TempDir(), "secrets.toml")
	must(t, os.WriteFile(file, []byte("db = '"+value+"'\n"), 0o600))
	known := func() {
		r.deps.Secrets = secrets.New(secrets.Options{File: file})
		r.deps.Mask = redact.New(redact.Options{Key: make([]byte, 32)}).ForOutput("keys")
		r.deps.jobSecrets.Clear()
	}
	// The arguments of every process are looked at by the job itself, which has the value in a variable alone.
	const command = `n=0; for f in /proc/[0-9]*/cmdline; do case $(tr '\0' ' ' <$f 2>/dev/null) in *"$DB"*) n=$((n+1));; esac; done; echo "found=$n"; echo "<$DB>"; exit 7`
	for _, host := range []string{"", "target"} {
		known()
		res := r.do(t.Context(), "job_start", map[string]any{"command": command, "host": host, "env": map[string]any{"DB": "{{secret:db}}"}}, nil)
		if res.Outcome != relay.OK {
			t.Fatalf("%q: %s %v", host, res.Outcome, res.Err)
		}
		id := res.Fields.(*jobInfo).JobID
		o := r.output("job_wait", map[string]any{"job_id": id})
		if o.ExitCode == nil || *o.ExitCode != 7 || !strings.Contains(o.Data, "found=0\n<‹secret:known:") || strings.Contains(o.Data, value) {
			t.Errorf("%q: %+v", host, o)
		}
		known() // another server
		if o = r.output("job_output", map[string]any{"job_id": id}); strings.Contains(o.Data, value) || o.note != "" {
			t.Errorf("%q: another server shows %q, %s", host, o.Data, o.note)
		}
		must(t, os.Rename(file, file+".away"))
		known()
		if o = r.output("job_output", map[string]any{"job_id": id}); !strings.Contains(o.note, "secret db") {
			t.Errorf("%q: a server that cannot look it up says %q", host, o.note)
		}
		must(t, os.Rename(file+".away", file))
	}
	for _, root := range []string{r.deps.Config.StateDir, server.AccountHome()} {
		must(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return nil
			}
			if b, _ := os.ReadFile(path); strings.Contains(string(b), value) && !strings.HasPrefix(e.Name(), "out.") {
				t.Errorf("%s holds it", path)
			}
			return nil
		}))
	}
}
