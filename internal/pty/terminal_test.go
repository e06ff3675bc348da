package pty

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestProgramHasATerminal(t *testing.T) {
	term := start(t, "/bin/sh", "-c", `test -t 0 && test -t 1 && test -t 2 && (: </dev/tty) && echo tty $TERM; stty size; ps -o sid= -p $$ | tr -d ' '; echo $$; exit 7`)
	if e := ended(t, term); e != (Exit{Code: 7}) {
		t.Errorf("%+v", e)
	}
	lines := strings.Fields(all(term))
	if len(lines) != 6 || lines[0] != "tty" || lines[1] != Term || lines[2] != "40" || lines[3] != "120" || lines[4] != lines[5] || lines[5] != fmt.Sprint(term.Pid()) {
		t.Errorf("%q", all(term))
	}
}

func TestDeathBySignal(t *testing.T) {
	term := start(t, "/bin/sh", "-c", "kill -SEGV $$")
	if e := ended(t, term); e != (Exit{139, "SEGV"}) {
		t.Errorf("%+v", e)
	}
	if err := term.Input(t.Context(), []byte("x")); codeOf(err) != "not_found" {
		t.Errorf("input: %v", err)
	}
	if err := term.Resize(10, 10); codeOf(err) != "not_found" {
		t.Errorf("resize: %v", err)
	}
	if err := term.Signal(syscall.SIGTERM); codeOf(err) != "not_found" {
		t.Errorf("signal: %v", err)
	}
	if _, err := term.LineMode(); codeOf(err) != "not_found" {
		t.Errorf("line mode: %v", err)
	}
	if err := term.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestStartRefuses(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		o    Options
		code string
	}{
		{Options{}, "invalid_argument"},
		{Options{Argv: []string{""}}, "invalid_argument"},
		{Options{Argv: []string{"no-such-program"}, Env: environ}, "not_found"},
		{Options{Argv: []string{dir + "/missing"}}, "not_found"},
		{Options{Argv: []string{plain}}, "permission_denied"},
		{Options{Argv: []string{"/bin/sh"}, Dir: dir + "/missing"}, "not_found"},
		{Options{Argv: []string{"/bin/sh"}, Dir: plain}, "invalid_argument"},
		{Options{Argv: []string{"/bin/sh", "\x00"}}, "invalid_argument"},
		{Options{Argv: []string{"/bin/sh"}, Cols: 1001}, "invalid_argument"},
		{Options{Argv: []string{"/bin/sh"}, Rows: -1}, "invalid_argument"},
		{Options{Argv: []string{"/bin/sh", "-c", strings.Repeat("x", 140000)}}, "too_large"},
	} {
		if _, err := Start(test.o); codeOf(err) != test.code {
			t.Errorf("%.60v: %v, want %s", test.o, err, test.code)
		}
	}
}

// The last line is never lost, and the terminal's EIO never seen.
func TestLastLine(t *testing.T) {
	var wg sync.WaitGroup
	var lost atomic.Int64
	gate := make(chan struct{}, 8)
	for range sessions {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			term := start(t, "/bin/sh", "-c", "seq 500; echo last words")
			<-term.Done()
			if !strings.HasSuffix(all(term), "\r\n500\r\nlast words\r\n") {
				lost.Add(1)
			}
		})
	}
	wg.Wait()
	if n := lost.Load(); n > 0 {
		t.Errorf("lost in %d of %d sessions", n, sessions)
	}
}

func TestConversation(t *testing.T) {
	term := start(t, "/bin/sh", "-c", `while read -r x; do echo "got [$x]"; done; echo end`)
	at := int64(0)
	for _, s := range []string{"one", "zwei é", "日本語"} {
		typed(t, term, s+"\n")
		at = expect(t, term, at, `got \[`+s+`\]`)
	}
	typed(t, term, "\x04")
	ended(t, term)
	if !strings.HasSuffix(all(term), "end\r\n") {
		t.Errorf("%q", all(term))
	}
}

func TestLongLines(t *testing.T) {
	term := start(t, "/bin/sh", "-c", `echo ready; cat | wc -c`)
	expect(t, term, 0, "ready")
	line := strings.Repeat("x", MaxLine)
	typed(t, term, line+"\n")
	if err := term.Input(t.Context(), []byte(line+"x\n")); codeOf(err) != "too_large" {
		t.Fatalf("a line that would be cut: %v", err)
	}
	typed(t, term, line[:4000])
	if err := term.Input(t.Context(), []byte(line[:96])); codeOf(err) != "too_large" {
		t.Fatalf("a line in two parts: %v", err)
	}
	typed(t, term, line[:95]+"\n\x04")
	ended(t, term)
	if want := fmt.Sprint(2 * (MaxLine + 1)); !strings.Contains(all(term), want) {
		t.Errorf("not %s: %q", want, all(term)[max(0, len(all(term))-50):])
	}
}

func TestLongLinesInRawMode(t *testing.T) {
	term := start(t, "/bin/sh", "-c", `stty raw -echo; echo ready; head -c 100000 | wc -c`)
	expect(t, term, 0, "ready")
	typed(t, term, strings.Repeat("x", 100000))
	ended(t, term)
	if !strings.Contains(all(term), "100000") {
		t.Errorf("%q", all(term))
	}
}

func TestInputThatNobodyReads(t *testing.T) {
	term := start(t, "/bin/sh", "-c", `stty raw -echo; echo ready; sleep 1000`)
	expect(t, term, 0, "ready")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := term.Input(ctx, []byte(strings.Repeat("x", 100000))); codeOf(err) != "limit_reached" {
		t.Errorf("got %v", err)
	}
}

func TestSecretPrompt(t *testing.T) {
	term := start(t, "/bin/sh", "-c", `echo ready; read x; stty -echo; printf 'Password: '; read p; stty echo; echo; echo "thanks for ${#p}"; read x; stty raw -echo; echo raw; read y`)
	mode := func() LineMode {
		m, err := term.LineMode()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	at := expect(t, term, 0, "ready")
	if m := mode(); m.Secret() || !m.Echo || !m.Canonical {
		t.Errorf("an ordinary prompt: %+v", m)
	}
	typed(t, term, "\n")
	at = expect(t, term, at, "Password: ")
	if m := mode(); !m.Secret() {
		t.Errorf("a secret prompt: %+v", m)
	}
	typed(t, term, "hunter\n")
	at = expect(t, term, at, "thanks for 6")
	if strings.Contains(all(term), "hunter") {
		t.Error("the secret was echoed")
	}
	if m := mode(); m.Secret() {
		t.Errorf("after it: %+v", m)
	}
	typed(t, term, "\n")
	expect(t, term, at, "raw")
	if m := mode(); m.Secret() || m.Canonical {
		t.Errorf("raw mode: %+v", m)
	}
}

// bash's own line editor switches echo off, but is no prompt for a secret.
func TestLineEditorIsNoSecretPrompt(t *testing.T) {
	term := start(t, "/bin/bash", "--norc", "--noprofile", "-i")
	expect(t, term, 0, `\$ $`)
	if m, err := term.LineMode(); err != nil || m.Secret() || m.Canonical {
		t.Errorf("%+v, %v", m, err)
	}
	// Several lines at once, marked as pasted, are one piece.
	await(t, "bracketed paste", func() bool { return term.Modes().BracketedPaste })
	paste := Paste([]byte("for i in 1 2; do\necho n$i\ndone"), term.Modes())
	typed(t, term, string(paste)+"\r")
	expect(t, term, 0, `(?s)n1\nn2\n.*\$ $`)
	typed(t, term, "\x04")
	if e := ended(t, term); e.Code != 0 {
		t.Errorf("%+v", e)
	}
}

func TestResize(t *testing.T) {
	term := start(t, "/bin/sh", "-c", `trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done`)
	at := expect(t, term, 0, "ready")
	if err := term.Resize(77, 33); err != nil {
		t.Fatal(err)
	}
	expect(t, term, at, "33 77")
	if c, r := term.Size(); c != 77 || r != 33 {
		t.Errorf("%d, %d", c, r)
	}
	if s := term.Screen(); s.Cols != 77 || s.Rows != 33 {
		t.Errorf("%+v", s)
	}
	for _, bad := range [][2]int{{0, 1}, {1, 0}, {1001, 1}, {-1, -1}} {
		if err := term.Resize(bad[0], bad[1]); codeOf(err) != "invalid_argument" {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestSignals(t *testing.T) {
	term := start(t, "/bin/bash", "--norc", "--noprofile", "-i")
	at := expect(t, term, 0, `\$ $`)
	typed(t, term, "sleep 1000; echo status $?\r")
	await(t, "sleep in the foreground", func() bool { g, err := term.foreground(); return err == nil && g != term.Pid() })
	if err := term.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	at = expect(t, term, at, `status 143`)
	keys, err := Keys([]string{"C-c"}, term.Modes())
	if err != nil {
		t.Fatal(err)
	}
	typed(t, term, "sleep 1000\r")
	await(t, "sleep in the foreground", func() bool { g, err := term.foreground(); return err == nil && g != term.Pid() })
	typed(t, term, string(keys))
	expect(t, term, at, `\^C`)
	for name, want := range map[string]syscall.Signal{"TERM": 15, "SIGKILL": 9, "int": 2, "1": 1, "64": 0, "FOO": 0, "": 0, "0": 0} {
		got, err := ParseSignal(name)
		if name != "64" && (got != want || (want == 0) != (err != nil)) {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
}

func TestClose(t *testing.T) {
	const ample, short = time.Minute, 100 * time.Millisecond
	for _, test := range []struct {
		name, text string
		grace      time.Duration
	}{
		{"polite", "echo ready; sleep 1000", ample},
		{"trapping", "trap '' HUP TERM INT; echo ready; while :; do sleep 1; done", short},
		{"stopped", "echo ready; kill -STOP $$", ample},
		{"last words", "trap 'echo bye; exit' HUP; echo ready; while :; do sleep 0.05; done", ample},
		{"not reading its terminal", "exec <&- >/dev/null 2>&1; sleep 1000", ample},
	} {
		t.Run(test.name, func(t *testing.T) {
			term := startWith(t, Options{Argv: []string{"/bin/sh", "-c", test.text}, Env: environ, Grace: test.grace})
			if strings.Contains(test.text, "ready") {
				expect(t, term, 0, "ready")
			}
			if err := term.Close(); err != nil {
				t.Fatal(err)
			}
			if _, ok := term.Exit(); !ok {
				t.Error("not ended")
			}
			if test.name == "last words" && !strings.Contains(all(term), "bye") {
				t.Errorf("%q", all(term))
			}
		})
	}
}

func TestBackgroundProcessesDoNotHoldTheEnd(t *testing.T) {
	for _, child := range []string{"sleep 300", "sh -c 'while :; do echo x; sleep 0.05; done'"} {
		term := start(t, "/bin/sh", "-c", "trap '' HUP; "+child+" & echo pid=$!=done")
		ended(t, term)
		_, rest, _ := strings.Cut(all(term), "pid=")
		number, _, found := strings.Cut(rest, "=done")
		pid, err := strconv.Atoi(number)
		if err != nil || !found {
			t.Fatalf("%q", all(term))
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

func TestTapSeesEverything(t *testing.T) {
	var b strings.Builder
	term := startWith(t, Options{Argv: []string{"/bin/sh", "-c", "seq 20000"}, Env: environ, Buffer: 1000, Tap: func(_ int64, p []byte) { b.Write(p) }})
	ended(t, term)
	if got := b.String(); !strings.HasPrefix(got, "1\r\n2\r\n") || !strings.HasSuffix(got, "\r\n20000\r\n") {
		t.Errorf("%d bytes", len(got))
	}
	if c := term.Output().Read(0, 1<<20); c.Dropped == 0 || c.Dropped+int64(len(c.Data)) != int64(b.Len()) {
		t.Errorf("%d dropped, %d kept of %d", c.Dropped, len(c.Data), b.Len())
	}
}

func TestEnvironment(t *testing.T) {
	for _, test := range []struct{ env, want string }{
		{"TERM=", Term}, {"TERM=dumb", Term}, {"TERM=vt100", "vt100"}, {"COLUMNS=33", Term},
	} {
		term := startWith(t, Options{Argv: []string{"sh", "-c", "echo [$TERM$COLUMNS] $PWD"}, Env: append([]string{test.env}, environ...), Dir: "/"})
		ended(t, term)
		if got := all(term); got != "["+test.want+"] /\r\n" {
			t.Errorf("%s: %q", test.env, got)
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func TestNothingLeaks(t *testing.T) {
	before := 0
	for i := range 30 {
		term, err := Start(Options{Argv: []string{"/bin/sh", "-c", "echo x; sleep 100"}, Env: environ})
		if err != nil {
			t.Fatal(err)
		}
		term.Screen()
		if err := term.Close(); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			before = descriptors(t)
		}
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}
