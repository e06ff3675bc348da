package sshbin

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommandText(t *testing.T) {
	both := &bytes.Buffer{}
	for _, test := range []struct {
		name    string
		c       Command
		shell   string
		leashed bool
		want    string
	}{
		{"plain", Command{Text: "uptime"}, "/bin/bash", true, "export RELAY_CALL=ID\nuptime\nexit $?"},
		{"directory", Command{Text: "ls", Dir: "/srv/a b"}, "/bin/sh", true, "export RELAY_CALL=ID; CDPATH= cd -- '/srv/a b' || exit 1\nls\nexit $?"},
		{"home", Command{Text: "ls", Dir: "~/it's"}, "/bin/sh", true, `export RELAY_CALL=ID; CDPATH= cd -- "$HOME"/'it'\''s' || exit 1` + "\nls\nexit $?"},
		{"previous directory", Command{Text: "ls", Dir: "-"}, "/bin/sh", true, "export RELAY_CALL=ID; CDPATH= cd -- ./- || exit 1\nls\nexit $?"},
		{"merged", Command{Text: "ls", Stdout: both, Stderr: both}, "/bin/sh", true, "export RELAY_CALL=ID; exec 2>&1\nls\nexit $?"},
		{"korn shell", Command{Text: "ls"}, "/bin/ksh93", true, "export RELAY_CALL=ID\nls\n_s=$?; [ $_s -le 256 ] || _s=$((_s-128)); exit $_s"},
		{"here-document cut short", Command{Text: "cat <<E\na"}, "/bin/sh", true, "export RELAY_CALL=ID\ncat <<E\na"},
		{"unfinished", Command{Text: "a &&"}, "/bin/sh", true, "export RELAY_CALL=ID\na &&"},
		{"fish", Command{Text: "echo 'a'"}, "/usr/bin/fish", true, `exec sh -c 'eval "$(printf "export RELAY_CALL=ID\012echo \047a\047\012exit \044\077")"'`},
		{"forced command", Command{Text: "git-upload-pack 'x'"}, "", false, "git-upload-pack 'x'"},
		{"no leash, environment", Command{Text: "ls", Dir: "/"}, "", false, `exec sh -c 'eval "$(printf "CDPATH= cd \055\055 / \174\174 exit 1\012ls\012exit \044\077")"'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := commandText(&test.c, ended(test.c.Text, test.shell), "ID", test.shell, "", test.leashed, 0)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// FuzzWrapped runs text through a real shell, which has to see it as it is.
func FuzzWrapped(f *testing.F) {
	for _, s := range strange {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) || len(s) > 4096 {
			return
		}
		out, err := exec.Command("sh", "-c", wrapped("printf %s "+quote(s)+"; printf .")).Output()
		if err != nil || string(out) != s+"." {
			t.Errorf("%q came out as %q, %v", s, out, err)
		}
	})
}

// FuzzEnvironment sends a value through the preamble to a real shell.
func FuzzEnvironment(f *testing.F) {
	for _, s := range strange {
		f.Add(s, s)
	}
	f.Add("\n\n", strings.Repeat("x\n", 1000))
	f.Fuzz(func(t *testing.T, value, rest string) {
		if strings.ContainsRune(value, 0) || len(value) > 8192 || len(rest) > 8192 {
			return
		}
		cmd := exec.Command("sh", "-c", readEnv+"\nprintf '%s.' \"$V\"; cat")
		cmd.Stdin = strings.NewReader(envPreamble([]EnvVar{{"V", &value}}) + rest)
		out, err := cmd.Output()
		if err != nil || string(out) != value+"."+rest {
			t.Errorf("%q, %q came out as %q, %v", value, rest, out, err)
		}
	})
}

func FuzzParseHello(f *testing.F) {
	f.Add("hi T 123 Linux root 127.0.0.1 50000 127.0.0.1 22 - /bin/bash", "T")
	f.Add("hi T 123 Linux root ? ? ? ? dropbear_ ", "T")
	f.Add("hi there", "T")
	f.Add("hi T x y", "T")
	f.Fuzz(func(t *testing.T, line, token string) {
		h, ok := parseHello(line, token)
		if ok && len(h.Shell)+len(h.User) > len(line) {
			t.Error("more than there was")
		}
	})
}

func TestParseHello(t *testing.T) {
	got, ok := parseHello("hi T 123 Linux ann 192.0.2.1 50000 192.0.2.2 22 dropbear_2022.83 /opt/my shell", "T")
	want := hello{PID: 123, System: "Linux", User: "ann", Client: "192.0.2.1", ClientPort: "50000", Server: "192.0.2.2", ServerPort: "22", Daemon: "dropbear_2022.83", Shell: "/opt/my shell"}
	if !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	for _, line := range []string{"hi T", "hi T 1 Linux ann", "hi T x Linux ann 1 2 3 4 - /bin/sh"} {
		if h, ok := parseHello(line, "T"); ok {
			t.Errorf("%q: %+v", line, h)
		}
	}
}

func TestReadLine(t *testing.T) {
	r := bufio.NewReaderSize(strings.NewReader("short\n"+strings.Repeat("x", 100)+"\nlast\nrest"), 16)
	var got []string
	for {
		line, err := readLine(r)
		if err == io.EOF {
			break
		}
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{"short", "", "last", "rest"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// FuzzMarker splits a stream with a marker in it at any place.
func FuzzMarker(f *testing.F) {
	f.Add("out", "late", 255, uint8(3))
	f.Add("\x1e\x1e", "\x1e", 0, uint8(1))
	f.Fuzz(func(t *testing.T, before, after string, status int, size uint8) {
		status &= 255
		m := newMarker()
		var out bytes.Buffer
		w := m.filter(&out)
		stream := before + "\x1e" + m.token + " " + itoa(status) + "\x1e" + after
		for len(stream) > 0 {
			n := min(int(size)+1, len(stream))
			if _, err := io.WriteString(w, stream[:n]); err != nil {
				t.Fatal(err)
			}
			stream = stream[n:]
		}
		if err := w.(*markerWriter).flush(); err != nil {
			t.Fatal(err)
		}
		if got, ok := m.status(); !ok || got != status || out.String() != before+after {
			t.Errorf("status %d %v, output %q, want %d, %q", got, ok, out.String(), status, before+after)
		}
	})
}

func TestDestinationOf(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"ssh", "-F", "x", "-M", "--", "web1"}, "web1"},
		{[]string{"ssh", "-l", "ann", "-p", "2222", "--", "web1"}, "ann@web1:2222"},
		{[]string{"ssh", "-l", "ann", "--", "2001:db8::1"}, "ann@2001:db8::1"},
		{[]string{"ssh", "web1"}, ""},
		{[]string{"ssh", "--"}, ""},
		{nil, ""},
	} {
		if got := destinationOf(test.args); got != test.want {
			t.Errorf("%q: %q, want %q", test.args, got, test.want)
		}
	}
}

func TestSignalName(t *testing.T) {
	for status, want := range map[int]string{0: "", 1: "", 128: "", 129: "HUP", 130: "INT", 137: "KILL", 143: "TERM", 255: ""} {
		if got := signalName(status); got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}
