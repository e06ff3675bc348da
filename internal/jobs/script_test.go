package jobs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/job"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/target"
)

// here is the script run on this machine, with the jobs in a directory of any name.
func here(t *testing.T, dir string) *Host {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	environ := append(os.Environ(), "XDG_STATE_HOME="+dir)
	h := &Host{Target: target.NewResolver(nil, nil, environ, nil).Local(), Name: "here", Limits: testLimits}
	t.Cleanup(func() {
		list, _ := h.List(t.Context())
		for _, i := range list {
			_, _, _ = h.Kill(t.Context(), i.ID, "KILL")
		}
	})
	return h
}

// TestHostileNames has jobs in directories, with commands, labels and working directories that a shell would trip over.
func TestHostileNames(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"plain", "two words", "quote'd \"twice\"", "$(touch pwned)`id`", "-n", "glob*?[a]", "new\nline", "back\\slash"} {
		h := here(t, filepath.Join(base, name, "state"))
		cwd := filepath.Join(base, name)
		info, err := h.Start(t.Context(), Spec{Command: "printf '%s' \"$PWD|$V\"; # " + strings.ReplaceAll(name, "\n", ""), Dir: cwd, Name: name, Env: []EnvVar{{"V", &name}}})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		w := wait(t, h, info.ID, WaitOptions{})
		if got := string(w.Chunk.Data); got != cwd+"|"+name || w.Info.Name != name || w.Info.State != job.Ended {
			t.Errorf("%q: %q, %+v", name, got, w.Info)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(base, "*", "pwned")); len(found) > 0 {
		t.Error("a name was run")
	}
	if _, err := os.Stat("pwned"); err == nil {
		t.Error("a name was run")
	}
}

// TestLongCommand is longer than an argument may be.
func TestLongCommand(t *testing.T) {
	h := here(t, filepath.Join(t.TempDir(), "state"))
	for _, n := range []int{50_000, 89_990, 200_000} {
		info, err := h.Start(t.Context(), Spec{Command: "x='" + strings.Repeat("y", n) + "'\necho ${#x}\nexit 4"})
		if err != nil {
			t.Errorf("%d: %v", n, err)
			continue
		}
		w := wait(t, h, info.ID, WaitOptions{})
		if code(w.Info) != "ended 4" || strings.TrimSpace(string(w.Chunk.Data)) != num(n) {
			t.Errorf("%d: %s, %q", n, code(w.Info), w.Chunk.Data)
		}
	}
}

// TestPrivate: nobody else reads what a job leaves on a host, whatever the account's umask, which the command has.
func TestPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	h := here(t, dir)
	want, err := exec.Command("sh", "-c", "umask").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := wait(t, h, start(t, h, "umask").ID, WaitOptions{}).Chunk.Data; string(got) != string(want) {
		t.Errorf("the command has umask %s, want %s", got, want)
	}
	if _, _, err := h.Kill(t.Context(), start(t, h, "sleep 600").ID, "TERM"); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = filepath.WalkDir(filepath.Join(dir, "relay-shell"), func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if seen++; err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return err
	})
	if err != nil || seen < 10 {
		t.Errorf("%d files, %v", seen, err)
	}
}

// TestApart: the connection may be lost when the start is answered and its shell not yet gone. What the leash then ends of that call is not the job.
func TestApart(t *testing.T) {
	const mark = "0123456789abcdef01234567"
	id := keeper.NewID(job.Kind)
	line := script("do_start", id, "65536", "64", "3600", "100", `{"id":"`+id+`"}`)
	end := strings.LastIndex(line, `"$@"`) + len(`"$@"`)
	look := "\n" + sshbin.TreeScript() + `L=" " T=" "; look ` + mark + `; echo "own $$ ends $o runner $(cat $d/pid)"`
	cmd := exec.Command("sh", "-c", line[:end]+strings.ReplaceAll(look, "'", `'\''`)+line[end:])
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir(), sshbin.CallVariable+"="+mark)
	cmd.Stdin = strings.NewReader("exec sleep 600\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`own (\d+) ends ([\d ]*) runner (\d+)`).FindStringSubmatch(string(out))
	if m == nil {
		t.Fatalf("%s", out)
	}
	runner, _ := strconv.Atoi(m[3])
	t.Cleanup(func() { _ = syscall.Kill(-runner, syscall.SIGKILL) })
	if ends := strings.Fields(m[2]); !slices.Contains(ends, m[1]) || slices.Contains(ends, m[3]) {
		t.Errorf("%s", m[0])
	}
}

// TestUnwritable says what is wrong where there is no place for jobs.
func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	h := here(t, filepath.Join(filepath.Dir(file), "x"))
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.Target = target.NewResolver(nil, nil, append(os.Environ(), "XDG_STATE_HOME="+file), nil).Local()
	_, err := h.Start(t.Context(), Spec{Command: "true"})
	if !is(err, "permission_denied") || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
	if list, err := h.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	// A host whose jobs are older than this version, or damaged, lists what it can.
	h = here(t, filepath.Join(t.TempDir(), "state"))
	j := start(t, h, "true")
	wait(t, h, j.ID, WaitOptions{})
	dir := filepath.Dir(glob(t, filepath.Join(filepath.Dir(t.TempDir()), "*", "state", "relay-shell", "jobs", j.ID, "info")))
	for name, text := range map[string]string{"end": "", "pid": "1 2 3 4 5\n\n", "total": "-5\n", "out.x": "", "out.1": "short"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := h.List(t.Context()); err != nil {
			t.Errorf("%s %q: %v", name, text, err)
		}
	}
}

func glob(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	return found[0]
}

// TestReceive recognises what this package sends and nothing else: the scripts use their arguments unquoted.
func TestReceive(t *testing.T) {
	const id = "j-abcdefgh"
	start := []string{id, "1000", "64", "3600", "20", `{"id":"j-abcdefgh","command":"it's a\\nb"}`, ""}
	with := func(args []string, i int, s string) []string { out := slices.Clone(args); out[i] = s; return out }
	for _, c := range []struct {
		text string
		want Received
	}{
		{script("do_list"), Received{Around: ":"}},
		{script("do_list") + "\nexit $?", Received{Around: ":\nexit $?"}},
		{"CDPATH= cd -- /srv || exit 1\n" + script("do_start", start...), Received{Around: "CDPATH= cd -- /srv || exit 1\n:", Starts: true}},
		{script("do_start", with(start, 6, firstLine)...), Received{Around: ":", Starts: true, Input: true}},
		{script("do_read", id, "-1", "100", "0"), Received{Around: ":"}},
		{"(\n" + script("do_kill", id, "TERM") + "\nexit $?\n)\n_s=$?; exit $_s", Received{Around: "(\n:\nexit $?\n)\n_s=$?; exit $_s", Changes: true}},
	} {
		if got, ok := Receive(c.text); !ok || got != c.want {
			t.Errorf("%.60q…: %+v %v, want %+v", c.text, got, ok, c.want)
		}
	}
	list := script("do_list")
	for name, text := range map[string]string{
		"no script": "ls", "another script": strings.Replace(list, "do_list()", "do_list() { reboot; }; x()", 1), "a command before it": "reboot; " + list, "in quotes": "echo '\n" + list,
		"one more command": list + "; reboot", "an argument too many": script("do_list", "x"), "a path for an id": script("do_kill", "../../x", "TERM"), "two words for an id": script("do_kill", id+" /srv", "TERM"),
		"an expansion": script("do_kill", id) + " $(reboot)", "a signal": script("do_kill", id, "TERM 1"), "a number": script("do_read", id, "0", "1;reboot", "0"), "two minus signs": script("do_read", id, "--1", "1", "0"),
		"no number": script("do_start", with(start, 1, "")...), "a limit": script("do_start", with(start, 2, "$(reboot)")...), "a flag": script("do_start", with(start, 6, "yes")...), "an id": script("do_start", with(start, 0, "j-/etc/pas")...),
	} {
		if got, ok := Receive(text); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
