package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/sshtest"
)

// TestSecretEverywhere gives commands here and on a host a secret, has them print it in every form that programs print, and looks for it in the
// answers and in everything that is left on the disk.
func TestSecretEverywhere(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Alias: "db1"})
	p := newPerson(t, "2025-11-25", false)
	p.stop()
	value := "pä ss/'" + rand.Text()[:10] + `"\&+%` // what each way of writing it has to escape
	bound := "bound" + rand.Text()[:10]
	quoted, _ := json.Marshal(value)
	file := filepath.Join(p.dir, "named.toml")
	text := fmt.Sprintf("any = %s\nbound = { value = %q, hosts = [\"db1\"] }\nslow = { command = [\"sleep\", \"600\"] }\n", quoted, bound)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "RELAY_SHELL_SSH_CONFIG="+server.Config(), "RELAY_SHELL_RUNTIME_DIR="+server.RuntimeDir(), "RELAY_SHELL_SECRETS_FILE="+file,
		"RELAY_SHELL_CONFIRM=off", "RELAY_SHELL_REDACT_OUTPUT=off")
	p.start("2025-11-25", false)
	call := func(tool string, args map[string]any) string {
		t.Helper()
		p.send("tools/call", map[string]any{"name": tool, "arguments": args})
		return p.next().text()
	}
	plain := []byte(value)
	spellings := []string{value, string(quoted[1 : len(quoted)-1]), url.QueryEscape(value), url.PathEscape(value), base64.StdEncoding.EncodeToString(plain),
		base64.URLEncoding.EncodeToString(plain), hex.EncodeToString(plain), bound, value[8:18], hex.EncodeToString(plain[8:18]), base64.StdEncoding.EncodeToString([]byte(bound))}
	leaked := func(where, got string) {
		t.Helper()
		for _, s := range spellings {
			if strings.Contains(got, s) {
				t.Errorf("%s holds %q: %q", where, s, got)
			}
		}
	}
	const python = `import os,json,urllib.parse,base64,time,sys
v=os.environ["V"]
print(v, repr(v), json.dumps(v), json.dumps(v,ensure_ascii=False), urllib.parse.quote(v), urllib.parse.quote_plus(v), base64.b64encode(v.encode()).decode())
print(base64.urlsafe_b64encode(("x"+v).encode()).decode(), v.encode().hex())
sys.stdout.flush(); b=v.encode()
for i in range(len(b)):
    sys.stdout.buffer.write(b[i:i+1]); sys.stdout.flush(); time.sleep(0.002)`
	here := map[string]any{"V": "{{secret:any}}"}
	for name, got := range map[string]string{
		"the environment":   call("shell_exec", map[string]any{"command": "env; export -p; bash -c 'declare -p V; printf \"%q\\n\" \"$V\"; set'; tr '\\0' '\\n' </proc/self/environ", "env": here}),
		"encodings":         call("shell_script", map[string]any{"script": python, "interpreter": "python3", "env": here}),
		"the error stream":  call("shell_exec", map[string]any{"command": "cat >&2", "stdin": "{{secret:any}}", "merge_stderr": false}),
		"a trace":           call("shell_exec", map[string]any{"command": "set -x; : \"$V\"", "env": here}),
		"a host":            call("ssh_exec", map[string]any{"host": "db1", "command": "env; cat", "env": here, "stdin": "{{secret:bound}} {{secret:any}}"}),
		"a script there":    call("ssh_script", map[string]any{"host": "db1", "script": python, "interpreter": "python3", "env": here}),
		"too much":          call("shell_exec", map[string]any{"command": "for i in 1 2 3 4 5 6 7 8 9; do echo \"$V $V $V $V $V\"; done", "env": here, "max_output": 256}),
		"its argument list": call("shell_exec", map[string]any{"command": "cat /proc/$$/cmdline; ps -o args", "env": here}),
	} {
		if strings.HasPrefix(got, "[ERROR") || strings.HasPrefix(got, "[DENIED") {
			t.Errorf("%s: %s", name, got)
		}
		if name != "its argument list" && !strings.Contains(got, "‹secret:known:") {
			t.Errorf("%s shows no mask: %q", name, got)
		}
		leaked(name, got)
	}
	for name, got := range map[string]string{
		"this machine": call("shell_exec", map[string]any{"command": "cat", "stdin": "{{secret:bound}}"}),
		"the address":  call("ssh_exec", map[string]any{"host": fmt.Sprintf("127.0.0.1:%d", server.Port()), "command": "cat", "env": map[string]any{"X": "{{secret:bound}}"}}),
	} {
		if !strings.HasPrefix(got, "[ERROR permission_denied: secret bound is not for ") && name == "this machine" || !strings.HasPrefix(got, "[ERROR") || !strings.Contains(got, "\nhint: ") {
			t.Errorf("bound to db1, from %s: %q", name, got)
		}
		leaked(name, got)
	}
	p.stop()
	err := filepath.WalkDir(filepath.Join(p.dir, "state"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		leaked(path, string(b))
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
