package sshbin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/crypto/ssh"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

func TestSpawnArgs(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"dash", "fish"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			server := sshtest.Start(t, sshtest.Options{Shell: shell})
			e := newEngine(t, server.Lab, Options{})
			r := resolve(t, e, "target", dest.Options{})
			for _, c := range []Command{
				{Text: "test -t 0 && pwd && printf \"it's %s\" private && exit 3", Dir: "/usr/bin", StoreHostKey: true},
				{Dir: "/usr/bin", StoreHostKey: true},
				{StoreHostKey: true},
			} {
				spawn, err := e.SpawnArgs(t.Context(), r, c)
				if err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command(spawn.Args[0], spawn.Args[1:]...)
				cmd.Env = append(spawn.Env, "TERM=dumb")
				control, err := pty.Start(cmd)
				if err != nil {
					t.Fatal(err)
				}
				if c.Text == "" {
					_, _ = io.WriteString(control, "pwd; exit 3\r")
				}
				out, _ := io.ReadAll(control) // EIO is the end
				_ = cmd.Wait()
				control.Close()
				want := "/usr/bin"
				if c.Text != "" {
					want += "\r\nit's private"
				} else if c.Dir == "" {
					want = server.AccountHome()
				}
				if cmd.ProcessState.ExitCode() != 3 || !strings.Contains(string(out), want) {
					t.Errorf("%+v: exit %d, output %q", c, cmd.ProcessState.ExitCode(), out)
				}
			}
			if server.Logins() != 1 {
				t.Errorf("%d logins", server.Logins())
			}
			// Without a master the client fails.
			spawn, err := e.SpawnArgs(t.Context(), r, Command{StoreHostKey: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := e.Disconnect(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(spawn.Args[0], spawn.Args[1:]...)
			cmd.Env = spawn.Env
			if err := cmd.Run(); cmd.ProcessState.ExitCode() != 255 || server.Logins() != 1 {
				t.Errorf("without a master: %v, %d logins", err, server.Logins())
			}
		})
	}
}

// TestLogin types a one-time code at a terminal.
func TestLogin(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	line, err := l.Imposter("codes", &ssh.ServerConfig{
		KeyboardInteractiveCallback: func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Code: "}, []bool{true})
			if err != nil || len(answers) != 1 || answers[0] != "424242" {
				return nil, errors.New("wrong code")
			}
			return nil, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Trust(line); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, l, Options{})
	r := resolve(t, e, "codes", dest.Options{})
	if _, err := e.Ready(t.Context(), r, true); code(err) != "login_required" {
		t.Errorf("without a person: %v", err)
	}
	// ssh opens /dev/tty, so it needs the terminal as its controlling one: a process of its own, which is this test again.
	cmd := exec.Command(os.Args[0], "-test.run=^TestLoginHelper$")
	cmd.Env = append(os.Environ(), "SSHBIN_LOGIN="+strings.Join([]string{l.Config(), l.RuntimeDir(), l.Home()}, ":"))
	control, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	var seen bytes.Buffer
	buf := make([]byte, 4096)
	for {
		n, err := control.Read(buf)
		before := bytes.Count(seen.Bytes(), []byte("Code: "))
		seen.Write(buf[:n])
		if bytes.Count(seen.Bytes(), []byte("Code: ")) > before {
			_, _ = io.WriteString(control, "424242\n")
		}
		if err != nil {
			break
		}
	}
	_ = cmd.Wait()
	if !strings.Contains(seen.String(), "logged in") {
		t.Fatalf("the terminal says %q", seen.String())
	}
	if strings.Contains(seen.String(), "Server host key") {
		t.Error("the person sees what is meant for the log")
	}
	list, err := e.Connections(t.Context())
	if err != nil || len(list) != 1 {
		t.Errorf("connections %+v, %v", list, err)
	}
}

// TestLoginHelper is TestLogin's other process.
func TestLoginHelper(t *testing.T) {
	paths := strings.Split(os.Getenv("SSHBIN_LOGIN"), ":")
	if len(paths) != 3 {
		return // nothing to help with
	}
	e, err := New(Options{ConfigFile: paths[0], RuntimeDir: paths[1], Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + paths[2]}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r := resolve(t, e, "codes", dest.Options{})
	// The imposter gives no sessions, so what comes after the login fails; the login itself is what counts.
	if err := e.login(context.Background(), r, e.socketPath(r.Identity, 0), Terminal{os.Stdin, os.Stdout, os.Stderr}); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(os.Stdout, "logged in\n")
}
