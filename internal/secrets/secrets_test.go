package secrets

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a private file with text and returns a store on it.
func write(t *testing.T, name, text string) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"API_TOKEN": "from the environment", "EMPTY": ""}
	return New(Options{File: path, Timeout: 10 * time.Second, LookupEnv: func(n string) (string, bool) {
		v, ok := env[n]
		return v, ok
	}})
}

func TestResolve(t *testing.T) {
	s := write(t, "secrets", "db=one\nweb = 'two words'\nexport third=\"a\\nb\"\n# comment\nnested={{secret:db}}\n")
	for _, c := range []struct {
		text, want string
		values     []string
	}{
		{"nothing here", "nothing here", nil},
		{"{{ .Values.x }} {{secrets:x}}", "{{ .Values.x }} {{secrets:x}}", nil},
		{"{{secret:db}}", "one", []string{"one"}},
		{"a {{ secret:db }} b {{secret:web}} c {{secret:db}}", "a one b two words c one", []string{"one", "two words"}},
		{"{{{{secret:db}}}}", "{{one}}", []string{"one"}},
		{"{{secret:third}}", "a\nb", []string{"a\nb"}},
		{"{{secret:nested}}", "{{secret:db}}", []string{"{{secret:db}}"}},
	} {
		got, values, err := s.Resolve(context.Background(), c.text, Place{})
		if err != nil || got != c.want {
			t.Errorf("%q: got %q, %v; want %q", c.text, got, err, c.want)
		}
		if diff := cmp.Diff(c.values, values); diff != "" {
			t.Errorf("%q: values (-want +got)\n%s", c.text, diff)
		}
	}
}

// fault is what callers see of an error.
type fault interface {
	error
	ErrorCode() string
	ErrorHint() string
}

func TestResolveFaults(t *testing.T) {
	hidden := "hunter" + "2000"
	s := write(t, "s.toml", `
db = "`+hidden+`"
env = { env = "NOT_SET" }
empty = { env = "EMPTY" }
missing = { command = ["relay-shell-test-no-such-program"] }
fails = { command = ["sh", "-c", "echo first >&2; echo no such entry >&2; exit 3"] }
long = { command = ["sh", "-c", "head -c 70000 /dev/zero | tr '\\0' x"] }
nul = { command = ["printf", "a\\000b"] }
file = { file = "/nonexistent/x" }
`)
	for _, c := range []struct{ text, code, message, hint string }{
		{"{{secret:nope}}", "not_found", "nope", "db, empty, env, fails"},
		{"{{secret:}}", "invalid_argument", "malformed", "{{secret:NAME}}"},
		{"{{secret:a b}}", "invalid_argument", "malformed", ""},
		{"{{secret:db", "invalid_argument", "malformed", ""},
		{"{{secret:" + strings.Repeat("a", 65) + "}}", "invalid_argument", "malformed", ""},
		{"{{secret:env}}", "not_found", "NOT_SET", "operator"},
		{"{{secret:empty}}", "not_found", "empty", ""},
		{"{{secret:missing}}", "not_found", "relay-shell-test-no-such-program", ""},
		{"{{secret:fails}}", "internal", "no such entry", ""},
		{"{{secret:long}}", "too_large", "64 KiB", ""},
		{"{{secret:nul}}", "invalid_argument", "NUL", ""},
		{"{{secret:file}}", "not_found", "opening", ""},
	} {
		text, values, err := s.Resolve(context.Background(), "x {{secret:db}} "+c.text, Place{})
		var f fault
		if !errors.As(err, &f) {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if text != "" || values != nil {
			t.Errorf("%s: an error with a result", c.text)
		}
		if f.ErrorCode() != c.code || !strings.Contains(f.Error(), c.message) || !strings.Contains(f.ErrorHint(), c.hint) {
			t.Errorf("%s: %s, %q, hint %q", c.text, f.ErrorCode(), f.Error(), f.ErrorHint())
		}
		if strings.Contains(f.Error()+f.ErrorHint(), hidden) {
			t.Errorf("%s: the error tells a value", c.text)
		}
	}
	_, _, err := New(Options{}).Resolve(context.Background(), "{{secret:x}}", Place{})
	if f, ok := err.(fault); !ok || f.ErrorCode() != "not_found" || !strings.Contains(f.ErrorHint(), "SECRETS_FILE") {
		t.Errorf("without a file: %v", err)
	}
}

func TestSources(t *testing.T) {
	bin := t.TempDir()
	script := "#!/bin/sh\n[ \"$1 $2\" = 'show --' ] && printf 'the %s\\nuser: bob\\n' \"$3\"\n"
	if err := os.WriteFile(filepath.Join(bin, "pass"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	cert := filepath.Join(t.TempDir(), "cert")
	if err := os.WriteFile(cert, []byte("line 1\nline 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := write(t, "s.toml", `
plain = "a value"
pin = 1234
table = { value = "{{x}}" }
api = { env = "API_TOKEN" }
mail = { pass = "mail/work" }
made = { command = ["printf", "two\nlines\n"] }
cert = { file = "`+cert+`" }
stdin = { command = ["sh", "-c", "cat; echo done"] }
`)
	for name, want := range map[string]string{"plain": "a value", "pin": "1234", "table": "{{x}}", "api": "from the environment",
		"mail": "the mail/work", "made": "two\nlines", "cert": "line 1\nline 2", "stdin": "done"} {
		got, _, err := s.Resolve(context.Background(), "{{secret:"+name+"}}", Place{})
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	names, err := s.Names()
	if want := []string{"api", "cert", "made", "mail", "pin", "plain", "stdin", "table"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("Names: %v, %v", names, err)
	}
}

// TestCommandEnds wants a command that hangs to be ended with its children, by its own time and by the caller's.
func TestCommandEnds(t *testing.T) {
	dir := t.TempDir()
	s := write(t, "s.toml", `slow = { command = ["sh", "-c", "echo $$ > `+dir+`/pid; sleep 600 & wait"] }`)
	s.opts.Timeout = time.Second
	_, _, err := s.Resolve(context.Background(), "{{secret:slow}}", Place{})
	if err == nil || !strings.Contains(err.Error(), "longer than 1s") {
		t.Errorf("timeout: %v", err)
	}
	s.opts.Timeout = time.Minute
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan error, 1)
	os.Remove(dir + "/pid")
	go func() {
		_, _, err := s.Resolve(ctx, "{{secret:slow}}", Place{})
		done <- err
	}()
	for deadline := time.Now().Add(20 * time.Second); ; {
		if b, err := os.ReadFile(dir + "/pid"); err == nil && len(b) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the command did not start")
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel(errors.New("the caller left"))
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "the caller left") {
			t.Errorf("cancelled: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the command goes on")
	}
	b, err := os.ReadFile(dir + "/pid")
	if err != nil {
		t.Fatal(err)
	}
	group, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); syscall.Kill(-group, 0) != syscall.ESRCH; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a child of the command is left")
		}
	}
}

func TestFilePrivacy(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "secrets")
	code := func() string {
		_, err := New(Options{File: path}).Names()
		var f fault
		if errors.As(err, &f) {
			return f.ErrorCode()
		}
		return ""
	}
	if code() != "not_found" {
		t.Errorf("a missing file: %s", code())
	}
	for mode, want := range map[os.FileMode]string{0o600: "", 0o400: "", 0o640: "permission_denied", 0o604: "permission_denied",
		0o644: "permission_denied", 0o660: "permission_denied", 0o601: "permission_denied"} {
		if err := os.WriteFile(path, []byte("a=b\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if got := code(); got != want {
			t.Errorf("mode %o: %q, want %q", mode, got, want)
		}
		os.Remove(path)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := code(); got != "permission_denied" {
		t.Errorf("a directory: %s", got)
	}
	os.Remove(path)
	if err := os.WriteFile(path, []byte(strings.Repeat("#", maxFile+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := code(); got != "too_large" {
		t.Errorf("a large file: %s", got)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if fault := privacy(info, os.Geteuid()+1); !strings.Contains(fault, "belongs to") {
		t.Errorf("another's file: %q", fault)
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, file, text, fault string }{
		{"empty", "s", "", ""},
		{"lines", "s", "a=b\n\n# x\nexport C = 'd e' # f\n", ""},
		{"spaced like TOML", "s", "a = \"b\"\n", ""},
		{"equals within", "s", "a=b=c==\n", ""},
		{"no equals", "s", "a=b\nonly words\n", "line 2"},
		{"bad name", "s", "1a=b\n", "line 1"},
		{"twice", "s", "a=b\na=c\n", "line 2"},
		{"open quote", "s", "a='b\n", "not closed"},
		{"after quote", "s", "a='b'c\n", "goes on"},
		{"TOML by name", "s.toml", "a = 'b'\n", ""},
		{"TOML by table", "s", "a = { env = \"B\" }\n[c]\nenv = \"D\"\n", ""},
		{"TOML broken", "s.toml", "a = \"x\"\nb = hidden words\n", "line 2"},
		{"TOML twice", "s.toml", "a = 'b'\na = 'c'\n", "not TOML"},
		{"TOML list", "s.toml", "a = ['b']\n", "neither"},
		{"TOML unknown key", "s.toml", "a = { url = 'b' }\n", "url"},
		{"TOML two keys", "s.toml", "a = { env = 'b', pass = 'c' }\n", "exactly one"},
		{"TOML empty command", "s.toml", "a = { command = [] }\n", "list of words"},
		{"TOML command text", "s.toml", "a = { command = 'x y' }\n", "list of words"},
		{"pass option", "s.toml", "a = { pass = '--clip' }\n", "dash"},
	} {
		_, err := parse(c.file, c.text)
		switch {
		case c.fault == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%s: %v, want %q", c.name, err, c.fault)
		case err != nil && strings.Contains(err.Error(), "hidden"):
			t.Errorf("%s: the error tells a value: %v", c.name, err)
		}
	}
}

func TestUses(t *testing.T) {
	for text, want := range map[string]bool{"": false, "{{secret:a}}": true, "{{ secret:a }}": true, "{{secret:": true, "{{secret": false,
		"secret:a": false, "{{x}}{{secret:a}}": true, "{{{secret:a}}": true} {
		if Uses(text) != want {
			t.Errorf("Uses(%q) = %v", text, !want)
		}
	}
}

// FuzzResolve wants no text to be answered with anything but the text around the placeholders and the values.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"", "{{secret:a}}", "{{secret:a}}{{secret:b}}", "{{{{secret:a}}", "{{ secret: a }}", "{{secret:a}} {{secret:", "{{secret:z}}"} {
		f.Add(s)
	}
	path := filepath.Join(f.TempDir(), "s")
	if err := os.WriteFile(path, []byte("a=1\nb=22\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	s := New(Options{File: path})
	f.Fuzz(func(t *testing.T, text string) {
		got, values, err := s.Resolve(context.Background(), text, Place{})
		if err != nil {
			if got != "" || values != nil {
				t.Error("an error with a result")
			}
			return
		}
		if !Uses(text) && (got != text || values != nil) {
			t.Errorf("%q became %q", text, got)
		}
		if Uses(text) && len(values) == 0 {
			t.Errorf("%q used nothing", text)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a=b", "a='b'", "a=\"\\n\"", "[t]\nenv='x'", "a={command=['x']}", "=", "export =", "a=\"\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"s", "s.toml"} {
			entries, err := parse(name, text)
			if err != nil && entries != nil {
				t.Error("an error with a result")
			}
			for n := range entries {
				if !validName(n) {
					t.Errorf("name %q", n)
				}
			}
		}
	})
}

// TestResolveForHosts has values go only where the operator said.
func TestResolveForHosts(t *testing.T) {
	s := write(t, "s.toml", `
any = "v-any"
db = { value = "v-db", hosts = ["db*", "@prod"] }
here = { value = "v-here", hosts = ["local"] }
never = { value = "v-never", hosts = ["@none"] }
`)
	for _, c := range []struct {
		name string
		at   Place
		ok   bool
	}{
		{"any", Place{}, true}, {"any", Place{Host: "x"}, true},
		{"db", Place{Host: "db1"}, true}, {"db", Place{Host: "web1", Groups: []string{"dev", "prod"}}, true},
		{"db", Place{Host: "web1", Groups: []string{"dev"}}, false}, {"db", Place{}, false}, {"db", Place{Host: "10.0.0.5"}, false}, {"db", Place{Host: "xdb1"}, false},
		{"here", Place{}, true}, {"here", Place{Host: "local"}, true}, {"here", Place{Host: "db1"}, false},
		{"never", Place{Host: "none"}, false}, {"never", Place{Groups: []string{"none"}}, false},
	} {
		got, values, err := s.Resolve(context.Background(), "x{{secret:"+c.name+"}}", c.at)
		if c.ok != (err == nil) || c.ok && got != "xv-"+c.name {
			t.Errorf("%s at %+v: %q, %v", c.name, c.at, got, err)
		}
		if !c.ok {
			var f fault
			if !errors.As(err, &f) || f.ErrorCode() != "permission_denied" || f.ErrorHint() == "" || len(values) > 0 || strings.Contains(err.Error(), "v-") {
				t.Errorf("%s at %+v: %v", c.name, c.at, err)
			}
		}
	}
	for _, text := range []string{`x = { hosts = ["a"] }`, `x = { value = "hidden1", hosts = [] }`, `x = { value = "hidden1", hosts = "a" }`, `x = { value = "hidden1", hosts = [1] }`,
		`x = { value = "hidden1", hosts = ["a["] }`, `x = { value = "hidden1", hosts = ["@"] }`, `x = { value = "hidden1", hosts = [""] }`, `x = { value = "hidden1", host = ["a"] }`} {
		if err := write(t, "s.toml", text).Check(); err == nil || strings.Contains(err.Error(), "hidden1") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
