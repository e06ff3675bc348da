package target

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestScript runs each form as a login shell would and compares what the script sees.
func TestScript(t *testing.T) {
	large := "# " + strings.Repeat("x", 300<<10) + "\n"
	for _, tt := range []struct {
		name   string
		script Script
		stdin  string
		want   string
		status int
	}{
		{"bash", Script{Interpreter: "bash", Body: "echo 'a b' \"$0\"; [[ -n x ]] && echo ok"}, "", "a b bash\nok\n", 0},
		{"strict stops", Script{Interpreter: "bash", Body: "false\necho no", Strict: true}, "", "", 1},
		{"lax goes on", Script{Interpreter: "bash", Body: "false\necho yes"}, "", "yes\n", 0},
		{"strict pipefail", Script{Interpreter: "bash", Body: "false | true\necho no", Strict: true}, "", "", 1},
		{"strict nounset", Script{Interpreter: "sh", Body: "echo $none", Strict: true}, "", "", 2},
		{"sh", Script{Interpreter: "sh", Body: "#!/bin/sh\necho it\\'s $((1+1))", Strict: true}, "", "it's 2\n", 0},
		{"its own stdin", Script{Interpreter: "sh", Body: "read a; echo got $a; cat", Strict: true}, "one\ntwo\n", "got one\ntwo\n", 0},
		{"python", Script{Interpreter: "python3", Body: "import sys\nprint(sys.stdin.read()[::-1])"}, "abc", "cba\n", 0},
		{"a large one", Script{Interpreter: "bash", Body: large + "cat; echo end", Strict: true}, "in\n", "in\nend\n", 0},
		{"an absolute path", Script{Interpreter: "/bin/cat", Body: "it's $HOME\n`x`\\"}, "", "it's $HOME\n`x`\\\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command("/bin/sh")
			// On the shell's standard input stands what the login shell would be given, and after it the script's own.
			cmd.Args = []string{"sh", "-c", tt.script.Text()}
			if len(cmd.Args[2]) > 100<<10 {
				cmd.Args = []string{"sh", "/dev/fd/3"}
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				go func() { w.WriteString(tt.script.Text()); w.Close() }()
				cmd.ExtraFiles = append(cmd.ExtraFiles, r)
			}
			cmd.Stdin = strings.NewReader(tt.stdin)
			out, err := cmd.Output()
			if string(out) != tt.want || cmd.ProcessState.ExitCode() != tt.status {
				t.Errorf("got %q, status %d, %v; want %q, %d", out, cmd.ProcessState.ExitCode(), err, tt.want, tt.status)
			}
		})
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a b")
	f.Add("it's $HOME `x` \\ \n \x01")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) || len(s) > 1<<16 {
			return // no argument can hold it
		}
		out, err := exec.Command("/bin/sh", "-c", "printf %s "+Quote(s)).Output()
		if err != nil || string(out) != s {
			t.Errorf("%q came out as %q, %v", s, out, err)
		}
	})
}
