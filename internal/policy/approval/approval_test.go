package approval

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
)

var request = Request{Tool: "ssh_exec", Bytes: []byte(`{"command":"rm -rf /srv"}`), Targets: []string{"root@db1:22"}, Dir: "/", Env: []string{"A=b"}, Principal: "alice"}

// clock is a time that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newStore(t *testing.T, o Options) (*Store, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	o.Now = c.now
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func ask(t *testing.T, s *Store, r Request, human bool) Waiting {
	t.Helper()
	w, err := s.Ask(r, Shown{Tool: r.Tool, Command: "rm -rf /srv"}, human)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestDigestBindsEverything(t *testing.T) {
	seen := map[string]string{request.Digest(): "itself"}
	for name, change := range map[string]func(*Request){
		"tool": func(r *Request) { r.Tool = "shell_exec" }, "bytes": func(r *Request) { r.Bytes = append([]byte{' '}, r.Bytes...) },
		"target": func(r *Request) { r.Targets = []string{"root@db2:22"} }, "more targets": func(r *Request) { r.Targets = []string{"root@db1:22", ""} },
		"dir": func(r *Request) { r.Dir = "" }, "env": func(r *Request) { r.Env = []string{"A=c"} }, "env split": func(r *Request) { r.Env = []string{"A", "=b"} },
		"principal": func(r *Request) { r.Principal = "bob" }, "moved bytes": func(r *Request) { r.Tool, r.Bytes = "ssh_exec{", r.Bytes[1:] },
	} {
		r := request
		change(&r)
		d := r.Digest()
		if other, ok := seen[d]; ok {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[d] = name
	}
}

func TestTokenFlow(t *testing.T) {
	s, _ := newStore(t, Options{})
	w := ask(t, s, request, false)
	if again := ask(t, s, request, false); again.Token != w.Token {
		t.Error("the identical request got another token")
	}
	if got, _, _ := s.Redeem(request, false); got != Pending {
		t.Errorf("before it is armed: %v", got)
	}
	if s.Arm("bogus") {
		t.Error("armed a bogus token")
	}
	for range 2 {
		if !s.Arm(w.Token) {
			t.Error("arming is not idempotent")
		}
	}
	other := request
	other.Dir = "/tmp"
	if got, _, _ := s.Redeem(other, false); got != Unasked {
		t.Errorf("another directory: %v", got)
	}
	if got, _, _ := s.Redeem(request, false); got != Approved {
		t.Errorf("armed: %v", got)
	}
	if got, _, _ := s.Redeem(request, false); got != Unasked {
		t.Errorf("used twice: %v", got)
	}
	if s.Arm(w.Token) {
		t.Error("a used token was armed")
	}
}

func TestExpiry(t *testing.T) {
	s, c := newStore(t, Options{TTL: time.Minute})
	w := ask(t, s, request, false)
	s.Arm(w.Token)
	c.t = c.t.Add(61 * time.Second)
	if got, _, _ := s.Redeem(request, false); got != Unasked {
		t.Errorf("an expired approval: %v", got)
	}
}

func TestLimit(t *testing.T) {
	s, c := newStore(t, Options{Limit: 3})
	var tokens []string
	for i := range 5 {
		r := request
		r.Dir = strings.Repeat("x", i)
		c.t = c.t.Add(time.Second)
		tokens = append(tokens, ask(t, s, r, false).Token)
	}
	if n := len(s.Waiting()); n != 3 {
		t.Errorf("%d wait", n)
	}
	if s.Arm(tokens[0]) || !s.Arm(tokens[4]) {
		t.Error("the wrong ones were evicted")
	}
}

func TestClientCannotAnswerForAPerson(t *testing.T) {
	s, _ := newStore(t, Options{Dir: t.TempDir()})
	w := ask(t, s, request, true)
	if s.Arm(w.Token) {
		t.Error("the client armed a question for a person")
	}
}

func TestTooFast(t *testing.T) {
	s, c := newStore(t, Options{})
	w := ask(t, s, request, true)
	c.t = c.t.Add(500 * time.Millisecond)
	if err := s.Answer(w.Token, w.Asked, Answer{Approve: true}); !errors.Is(err, ErrTooFast) {
		t.Errorf("got %v", err)
	}
	if err := s.Answer(w.Token, w.Asked, Answer{Approve: false, Reason: "no"}); err != nil {
		t.Errorf("a fast decline: %v", err)
	}
	if got, _, a := s.Redeem(request, true); got != Declined || a.Reason != "no" {
		t.Errorf("declined: %v %+v", got, a)
	}
}

var yes = Answer{Approve: true}

func TestSealedState(t *testing.T) {
	s, c := newStore(t, Options{})
	w := ask(t, s, request, true)
	state, err := s.Seal(w)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Unseal(state, request, yes); !errors.Is(err, ErrTooFast) {
		t.Errorf("too fast: %v", err)
	}
	c.t = c.t.Add(time.Second)
	other := request
	other.Targets = nil
	if _, _, err := s.Unseal(state, other, yes); !errors.Is(err, ErrOther) {
		t.Errorf("another request: %v", err)
	}
	b := []byte(state)
	b[len(b)/2] ^= 1
	if _, _, err := s.Unseal(string(b), request, yes); err == nil {
		t.Error("a changed state was accepted")
	}
	strange, _ := newStore(t, Options{})
	if _, _, err := strange.Unseal(state, request, yes); err == nil {
		t.Error("another server accepted the state")
	}
	if got, _, err := s.Unseal(state, request, yes); err != nil || got != Approved {
		t.Errorf("got %v %v", got, err)
	}
	if _, _, err := s.Unseal(state, request, yes); err == nil {
		t.Error("the state worked twice")
	}
}

// passphrase makes a verifier and its key with one derivation for all tests.
func passphrase(t *testing.T) (*Verifier, *Key) {
	t.Helper()
	data, err := SetPassphrase(nil, []byte("a long enough phrase"))
	if err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(t.TempDir(), "approval.json")
	if err := os.WriteFile(p, data, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := LoadVerifier(filepath.Join(t.TempDir(), "none"), p)
	if err != nil {
		t.Fatal(err)
	}
	if !v.Advisory {
		t.Error("a file of this user's own is not advisory")
	}
	k, err := v.Unlock([]byte("a long enough phrase"))
	if err != nil {
		t.Fatal(err)
	}
	return v, k
}

func TestPassphrase(t *testing.T) {
	v, _ := passphrase(t)
	if _, err := v.Unlock([]byte("another phrase here")); !errors.Is(err, ErrWrong) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if _, err := SetPassphrase(nil, []byte("short")); err == nil {
		t.Error("a short passphrase was accepted")
	}
	if _, err := LoadVerifier(filepath.Join(t.TempDir(), "none")); !errors.Is(err, ErrNoKey) {
		t.Errorf("no file: %v", err)
	}
}

func TestAnswerFromAnotherProcess(t *testing.T) {
	v, key := passphrase(t)
	dir := t.TempDir()
	s, c := newStore(t, Options{Dir: dir, Verifier: v})
	w := ask(t, s, request, true)
	info, err := os.Stat(pendingPath(dir, w.Token))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("pending file: %v %v", info, err)
	}

	seen, err := Find(dir, w.Token[:6], c.now())
	if err != nil {
		t.Fatal(err)
	}
	c.t = c.t.Add(5 * time.Second)
	if err := Sign(dir, seen, key, Answer{Approve: true, By: "operator", At: c.now()}); err != nil {
		t.Fatal(err)
	}
	withAnswer := readAll(t, dir)
	if got, _, a := s.Redeem(request, true); got != Approved || a.By != "operator" {
		t.Fatalf("got %v %+v", got, a)
	}
	if got, _, _ := s.Redeem(request, true); got != Unasked {
		t.Errorf("used twice: %v", got)
	}

	// Whoever can write the directory can bring the files back; the answer is still used up.
	restore(t, dir, withAnswer)
	if got, _, _ := s.Redeem(request, true); got == Approved {
		t.Error("replayed files approved the request again")
	}
}

func TestForgedAnswers(t *testing.T) {
	v, key := passphrase(t)
	_, otherKey := passphrase(t)
	dir := t.TempDir()
	s, c := newStore(t, Options{Dir: dir, Verifier: v})
	w := ask(t, s, request, true)
	c.t = c.t.Add(5 * time.Second)
	seen, err := Find(dir, w.Token, c.now())
	if err != nil {
		t.Fatal(err)
	}
	notApproved := func(how string) {
		t.Helper()
		if got, _, _ := s.Redeem(request, true); got != Pending {
			t.Errorf("%s: %v", how, got)
		}
	}
	if err := os.WriteFile(answerPath(dir, w.Token), []byte(`{"answer":{"approve":true,"by":"me","at":"2026-11-21T12:00:05Z"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	notApproved("an unsigned answer")
	if err := Sign(dir, seen, otherKey, Answer{Approve: true, At: c.now()}); err != nil {
		t.Fatal(err)
	}
	notApproved("another passphrase")

	swapped := *seen
	swapped.raw = []byte(strings.Replace(string(seen.raw), "rm -rf /srv", "ls -la /srv", 1))
	if err := Sign(dir, &swapped, key, Answer{Approve: true, At: c.now()}); err != nil {
		t.Fatal(err)
	}
	notApproved("the person saw another command")

	if err := Sign(dir, seen, key, Answer{Approve: true, At: w.Asked.Add(100 * time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
	notApproved("too fast")

	none, _ := newStore(t, Options{Dir: t.TempDir()})
	ask(t, none, request, true)
	if got, _, _ := none.Redeem(request, true); got != Pending {
		t.Errorf("without a verifier: %v", got)
	}
}

func TestRestartKeepsQuestionsOnly(t *testing.T) {
	v, key := passphrase(t)
	dir := t.TempDir()
	s, c := newStore(t, Options{Dir: dir, Verifier: v})
	w := ask(t, s, request, true)
	c.t = c.t.Add(2 * time.Second)
	seen, err := Find(dir, w.Token, c.now())
	if err != nil {
		t.Fatal(err)
	}
	if err := Sign(dir, seen, key, Answer{Approve: true, At: c.now()}); err != nil {
		t.Fatal(err)
	}

	again, c2 := newStore(t, Options{Dir: dir, Verifier: v})
	c2.t = c.t
	if got, _, _ := again.Redeem(request, true); got != Pending {
		t.Fatalf("after a restart: %v", got)
	}
	c2.t = c2.t.Add(2 * time.Second)
	seen, err = Find(dir, w.Token, c2.now())
	if err != nil {
		t.Fatal(err)
	}
	if err := Sign(dir, seen, key, Answer{Approve: true, At: c2.now()}); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := again.Redeem(request, true); got != Approved {
		t.Errorf("answered anew: %v", got)
	}
}

func TestListPassesOverStrangeFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.pending": "{}", "b.pending": "not json", "c.pending": `{"token":"../x","digest":"d","human":true}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "d.pending")); err != nil {
		t.Fatal(err)
	}
	if got, err := List(dir, time.Now()); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

func FuzzUnseal(f *testing.F) {
	s, err := Open(Options{})
	if err != nil {
		f.Fatal(err)
	}
	w, err := s.Ask(request, Shown{}, true)
	if err != nil {
		f.Fatal(err)
	}
	state, err := s.Seal(w)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add(state[:20])
	f.Fuzz(func(t *testing.T, guess string) {
		if guess == state {
			return
		}
		if got, _, _ := s.Unseal(guess, request, yes); got == Approved {
			t.Errorf("%q approved", guess)
		}
	})
}

func readAll(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = data
	}
	return out
}

func restore(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzShown wants the question to show nothing that a terminal obeys, wherever it stands, and every line of it to be one.
func FuzzShown(f *testing.F) {
	for _, text := range []string{"ls", "a\x1b]0;x\x07b", "\u202e\u2066", "x\r\nwhy: harmless", strings.Repeat("x\u200b", 9000), "\xff"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, text, other string) {
		got := Shown{Tool: other, Target: text, Dir: text, Why: text, Command: text + "\n" + other, Who: other, Client: text}.Text()
		for _, r := range got {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Fatalf("%U is shown as itself", r)
			}
		}
		if len(got) > maxShown+1<<20 {
			t.Fatalf("%d bytes", len(got))
		}
		for _, name := range []string{"tool:", "where:", "in:", "asks:", "why:"} {
			if strings.Count("\n"+got, "\n"+name) > 1+strings.Count("\n"+text+"\n"+other, "\n"+name) {
				t.Fatalf("a second %s in\n%s", name, got)
			}
		}
	})
}
