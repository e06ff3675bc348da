package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFileMustBeTrusted(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string) error
		want    string // "" = accepted
	}{
		{"private", func(t *testing.T, path string) error { return nil }, ""},
		{"readable by all", func(t *testing.T, path string) error { return os.Chmod(path, 0o644) }, ""},
		{"group", func(t *testing.T, path string) error { return os.Chmod(path, 0o660) }, "can be written by others (mode 0660); run: chmod go-w "},
		{"others", func(t *testing.T, path string) error { return os.Chmod(path, 0o602) }, "can be written by others"},
		{"directory of everybody", func(t *testing.T, path string) error { return os.Chmod(filepath.Dir(path), 0o777) }, "everybody can write to"},
		{"sticky directory", func(t *testing.T, path string) error { return os.Chmod(filepath.Dir(path), 0o777|os.ModeSticky) }, ""},
		{"directory", func(t *testing.T, path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, "is not a regular file"},
		{"pipe", func(t *testing.T, path string) error {
			return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600))
		}, "is not a regular file"},
		{"missing", func(t *testing.T, path string) error { return os.Remove(path) }, "no such file"},
		{"link", func(t *testing.T, path string) error {
			return errors.Join(os.Rename(path, path+"2"), os.Symlink(path+"2", path))
		}, ""},
		{"huge", func(t *testing.T, path string) error { return os.Truncate(path, maxFile+1) }, "is larger than 1MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := source(t)
			path := filepath.Join(src.Dir, "my.toml")
			if err := os.WriteFile(path, []byte("record = false\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := tt.prepare(t, path); err != nil {
				t.Fatal(err)
			}
			src.File = "my.toml"
			if tt.want == "" {
				if cfg := load(t, src); cfg.Record {
					t.Error("the file was not read")
				}
				return
			}
			got := problems(t, src)
			if len(got) != 1 || !strings.HasPrefix(got[0], path+": ") || !strings.Contains(got[0], tt.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestFileOfAStranger(t *testing.T) {
	src := source(t)
	src.UID = 4711
	withFile(t, src, "record = false\n")
	if os.Getuid() == 0 {
		load(t, src) // root may write anybody's settings
		return
	}
	if got := problems(t, src); !strings.Contains(got[0], "belongs to uid") {
		t.Errorf("got %q", got)
	}
}

func TestWhichFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"flag", "env", "xdg/relay-shell/config", "home/.config/relay-shell/config"} {
		path := filepath.Join(dir, name+".toml")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("http_port = 1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := "RELAY_SHELL_CONFIG=" + filepath.Join(dir, "env.toml")
	xdg := "XDG_CONFIG_HOME=" + filepath.Join(dir, "xdg")
	tests := []struct {
		file    string
		environ []string
		want    string
	}{
		{filepath.Join(dir, "flag.toml"), []string{env, xdg}, "flag.toml"},
		{"~/../flag.toml", []string{env, xdg}, "flag.toml"},
		{"", []string{env, xdg}, "env.toml"},
		{"", []string{xdg}, "xdg/relay-shell/config.toml"},
		{"", []string{"XDG_CONFIG_HOME=relative"}, "home/.config/relay-shell/config.toml"},
		{"", nil, "home/.config/relay-shell/config.toml"},
	}
	for _, tt := range tests {
		cfg := load(t, Source{Environ: tt.environ, File: tt.file, Home: filepath.Join(dir, "home"), Dir: dir, UID: os.Getuid()})
		if cfg.File() != filepath.Join(dir, tt.want) {
			t.Errorf("%q %q: read %q", tt.file, tt.environ, cfg.File())
		}
	}
	if cfg := load(t, Source{Environ: []string{env}, File: os.DevNull, Home: dir, Dir: dir, UID: os.Getuid()}); cfg.HTTPPort != 8080 {
		t.Error("/dev/null is not empty")
	}
}

func TestNamedFileMustExist(t *testing.T) {
	src := source(t, "RELAY_SHELL_CONFIG=~/none.toml")
	if got := problems(t, src); !strings.Contains(got[0], "no such file") {
		t.Errorf("got %q", got)
	}
	if got := problems(t, source(t, "RELAY_SHELL_CONFIG=$HOME/none.toml")); !strings.Contains(got[0], "not expanded") {
		t.Errorf("got %q", got)
	}
}

func TestPathsInFileAreRelativeToIt(t *testing.T) {
	src := source(t, "RELAY_SHELL_POLICY_FILE=p.rules")
	path := withFile(t, src, "\xef\xbb\xbfinventory = 'hosts.ini'\nlocal_roots = ['~/work', 'here', '/a:b']\n")
	cfg := load(t, src)
	dir := filepath.Dir(path)
	if cfg.Inventory != filepath.Join(dir, "hosts.ini") || cfg.PolicyFile != filepath.Join(src.Dir, "p.rules") {
		t.Errorf("%q %q", cfg.Inventory, cfg.PolicyFile)
	}
	want := strings.Join([]string{filepath.Join(src.Home, "work"), filepath.Join(dir, "here"), "/a:b"}, " ")
	if got := strings.Join(cfg.LocalRoots, " "); got != want {
		t.Errorf("roots %q, want %q", got, want)
	}
}

func FuzzFile(f *testing.F) {
	for _, s := range []string{
		"", "record = true", "[table]\na = 1", "a.b = 1", "toolsets = ['ssh']", "\"max_output\" = 1\n'record' = 2", "[[x]]\n", "x = {a=1}", "record = \"\"\"\n\"\"\"",
		"# only\n", "max_output = 1_000\r\nrecord=false", "\xff", "[a]\n[a]", "record = nan",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := loader{cfg: &Config{origins: map[string]string{}}, src: Source{Home: "/home/u", Dir: "/"}}
		l.parseFile("/f.toml", data)
		for _, p := range l.problems {
			if p.Where == "" || p.Message == "" || !strings.HasPrefix(p.Where, "/f.toml") {
				t.Errorf("bad problem %q", p)
			}
			if strings.ContainsAny(p.String(), "\x00\x1b") {
				t.Errorf("raw control characters in %q", p)
			}
		}
	})
}
