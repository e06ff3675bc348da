package session

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// hostWorld is a world whose sessions are on a host.
type hostWorld struct {
	*world
	engine   *sshbin.Engine
	resolved *dest.Resolved
}

func newHostWorld(t *testing.T, o sshtest.Options) *hostWorld {
	t.Helper()
	w := newWorld(t)
	server := sshtest.Start(t, o)
	engine, err := sshbin.New(sshbin.Options{ConfigFile: server.Config(), RuntimeDir: server.RuntimeDir(), Env: server.Env(), IdleTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	d, err := dest.Parse("target", dest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := engine.Resolve(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return &hostWorld{w, engine, r}
}

func (w *hostWorld) spawn(command string) string {
	w.t.Helper()
	s, err := w.engine.SpawnArgs(w.t.Context(), w.resolved, sshbin.Command{Text: command, StoreHostKey: true})
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := w.Start(w.t.Context(), Kind, 10, Params{
		Argv: s.Args, Env: s.Env, Dir: "/", Host: &dest.Destination{Host: "target"}, HostName: "target", Riding: &s.Riding,
		Recordings: filepath.Join(w.dir, "rec"), Command: command,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return info.ID
}

// TestSecretOnHost: the terminal on the host is asked, a secret is typed only where it is not shown, and nothing remembers it.
func TestSecretOnHost(t *testing.T) {
	w := newHostWorld(t, sshtest.Options{Ordinary: true})
	other := w.spawn("") // shares the connection
	id := w.spawn(`printf "Name: "; read n; stty -echo; printf "Password: "; read p; stty echo; echo; echo "got ${#p}"; printf "Again: "; read q`)
	if r := w.until(id, `Name: `); r.Status.AwaitingSecret {
		t.Error("a name is said to be a secret")
	}
	var e *keeper.Error
	if err := w.Call(t.Context(), id, OpSend, Send{Data: "battery", Enter: true, Secret: true}, nil); !errors.As(err, &e) || !strings.Contains(e.Message, "shows what is typed") {
		t.Error(err)
	}
	w.call(id, OpSend, Send{Data: "me", Enter: true}, nil)
	if r := w.until(id, `Password: `); !r.Status.AwaitingSecret {
		t.Error("not said to await a secret")
	}
	var screen Seen
	if w.call(id, OpScreen, struct{}{}, &screen); !screen.AwaitingSecret {
		t.Error("the screen does not say so")
	}
	if !w.status(id).AwaitingSecret || w.status(other).AwaitingSecret {
		t.Error("the list does not say which one")
	}
	w.call(id, OpSend, Send{Data: "correct horse", Enter: true, Secret: true}, nil)
	w.until(id, `got 13`)
	w.until(id, `Again: `)
	if w.status(id).AwaitingSecret {
		t.Error("still said to await a secret")
	}
	var at Prompt
	if w.call(id, OpTyped, struct{}{}, &at); strings.Contains(at.Typed.Before+at.Typed.Line, "horse") {
		t.Errorf("%+v", at)
	}
	cast, err := os.ReadFile(filepath.Join(w.dir, "rec", id+".cast"))
	if err != nil || strings.Contains(string(cast), "horse") {
		t.Errorf("%s %v", cast, err)
	}
	// A login shell that bears a mark is told apart, too, and silence alone makes a list say so.
	w.call(other, OpSend, Send{Data: `stty -echo; printf "Secret: "; read x; stty echo`, Enter: true}, nil)
	for deadline := time.Now().Add(30 * time.Second); !w.status(other).AwaitingSecret; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the list does not say that a secret is asked for")
		}
	}
}

// TestSecretUnknown: where the host does not tell which terminal it is, no secret is typed.
func TestSecretUnknown(t *testing.T) {
	w := newHostWorld(t, sshtest.Options{Dropbear: true, Shell: "dash"}) // takes no marks of login shells
	first, second := w.spawn(""), w.spawn("")
	w.until(first, `[#$] `)
	w.until(second, `[#$] `)
	for _, id := range []string{first, second} {
		w.call(id, OpSend, Send{Data: `stty -echo; printf "Pass""word: "; read x; stty echo`, Enter: true}, nil)
		if r := w.until(id, `Password: `); r.Status.AwaitingSecret {
			t.Error("what is not known is said")
		}
		var e *keeper.Error
		if err := w.Call(t.Context(), id, OpSend, Send{Data: "battery", Secret: true}, nil); !errors.As(err, &e) || e.Code != "unsupported" || !strings.Contains(e.Hint, "attach") {
			t.Error(err)
		}
	}
}

func TestIsQuestion(t *testing.T) {
	for output, want := range map[string]bool{
		"Password: ": true, "x\r\n[sudo] password for me: ": true, "Enter passphrase for key '/x': ": true, "\x1b[1mToken\x1b[0m> ": true, "PIN ": true,
		"me@host:~$ ": false, "# ": false, "": false, "Password: \r\n": false, "password\r\n$ ": false, "\x1b]0;pass\x07$ ": false,
	} {
		if got := isQuestion(output); got != want {
			t.Errorf("%q: %v", output, got)
		}
	}
}
