package localexec

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := write("plain", "echo hi", 0o644)
	garbage := write("garbage", "\x01\x02garbage", 0o755)
	orphan := write("orphan", "#!/no/such/interpreter\n", 0o755)
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		for _, test := range []struct {
			name string
			c    Command
			code string
		}{
			{"nothing", Command{}, "invalid_argument"},
			{"empty name", Command{Argv: []string{""}}, "invalid_argument"},
			{"not in PATH", Command{Argv: []string{"no-such-program"}, Env: env()}, "not_found"},
			{"no PATH", Command{Argv: []string{"ls"}}, "not_found"},
			{"missing", Command{Argv: []string{dir + "/missing"}}, "not_found"},
			{"not executable", Command{Argv: []string{plain}}, "permission_denied"},
			{"not executable, in PATH", Command{Argv: []string{"plain"}, Env: []string{"PATH=" + dir}}, "permission_denied"},
			{"a directory", Command{Argv: []string{dir}}, "invalid_argument"},
			{"not a program", Command{Argv: []string{garbage}}, "invalid_argument"},
			{"no interpreter", Command{Argv: []string{orphan}}, "not_found"},
			{"cwd missing", Command{Argv: Shell("true"), Dir: dir + "/missing"}, "not_found"},
			{"cwd below a file", Command{Argv: Shell("true"), Dir: plain + "/sub"}, "not_found"},
			{"cwd too long", Command{Argv: Shell("true"), Dir: "/" + strings.Repeat("x", 5000)}, "invalid_argument"},
			{"cwd a file", Command{Argv: Shell("true"), Dir: plain}, "invalid_argument"},
			{"NUL", Command{Argv: []string{"/bin/echo", "a\x00b"}}, "invalid_argument"},
			{"NUL in cwd", Command{Argv: Shell("true"), Dir: "/\x00"}, "invalid_argument"},
			{"NUL in env", Command{Argv: Shell("true"), Env: []string{"A=\x00"}}, "invalid_argument"},
			{"nameless variable", Command{Argv: Shell("true"), Env: []string{"=x"}}, "invalid_argument"},
			{"large argument", Command{Argv: []string{"/bin/echo", strings.Repeat("x", maxArg+1)}}, "too_large"},
			{"bad id", Command{Argv: Shell("true"), ID: "a:b"}, "invalid_argument"},
		} {
			started := false
			test.c.Started = func() { started = true }
			_, err := run(t.Context(), test.c)
			var e *Error
			if !errors.As(err, &e) || e.ErrorCode() != test.code || e.ErrorHint() == "" || started {
				t.Errorf("%s: %v, started %v", test.name, err, started)
			}
		}
	})
}

func TestRelativePrograms(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "prog"), []byte("#!/bin/sh\necho found\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		for _, c := range []Command{
			{Argv: []string{"./prog"}, Dir: dir},
			{Argv: []string{"prog"}, Env: []string{"PATH=/nowhere:" + dir}},
			{Argv: []string{"prog"}, Dir: dir, Env: []string{"PATH=:/nowhere"}},
		} {
			var out buffer
			c.Stdout = &out
			if _, err := run(t.Context(), c); err != nil || out.String() != "found\n" {
				t.Errorf("%v in %q: %v, %q", c.Argv, c.Dir, err, out.String())
			}
		}
	})
}

func TestLongShellText(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		const words = "read x; echo $0 $x; ls /proc/self/fd | wc -l; # "
		want := ""
		for _, size := range []int{1000, maxArg, maxArg + 1, 3 << 20} {
			text := words
			text += strings.Repeat("x", size-len(text)-len("\nexit 5")) + "\nexit 5"
			var out buffer
			c := sh(text)
			c.Stdin, c.Stdout = strings.NewReader("input\n"), &out
			e, err := run(t.Context(), c)
			if want == "" { // as an argument: the long way must look the same, to the number of open descriptors
				want = out.String()
			}
			if err != nil || status(e) != "5" || out.String() != want || !strings.Contains(want, "sh input\n") {
				t.Errorf("%d bytes: %s, %v, %q, want %q", size, status(e), err, out.String(), want)
			}
		}
	})
}
