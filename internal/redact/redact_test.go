package redact

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"
)

// fresh is a random secret of a shape, so that none stands in this repository: a small letter stands for a random small
// letter, a capital for a capital, 0 for a digit; everything else stands for itself.
func fresh(shape string) string {
	b := []byte(shape)
	var r [1]byte
	for i, c := range b {
		rand.Read(r[:])
		switch {
		case isLower(c):
			b[i] = 'a' + r[0]%26
		case isUpper(c):
			b[i] = 'A' + r[0]%26
		case isDigit(c):
			b[i] = '0' + r[0]%10
		}
	}
	return string(b)
}

func TestMark(t *testing.T) {
	r := New(Options{Key: []byte(strings.Repeat("k", 32))})
	secret := fresh("Aaaaaaa000-aAaa")
	got := r.String("DB_PASSWORD=" + secret + " ./run")
	if strings.Contains(got, secret) || !strings.HasPrefix(got, "DB_PASSWORD=‹secret:password:") || !strings.HasSuffix(got, "› ./run") {
		t.Fatalf("got %q", got)
	}
	if !HasMark(got) || HasMark("DB_PASSWORD=x ./run") || HasMark("‹secret:password:12›") {
		t.Error("HasMark is wrong")
	}
	digits := got[len(got)-len("› ./run")-8 : len(got)-len("› ./run")]
	if _, err := hex.DecodeString(digits); err != nil {
		t.Errorf("digits %q", digits)
	}
	if again := r.String(`password: "` + secret + `"`); !strings.Contains(again, digits) {
		t.Errorf("equal secrets have different marks: %q and %q", got, again)
	}
	if other := New(Options{}).String("DB_PASSWORD=" + secret); strings.Contains(other, digits) {
		t.Error("another key gives the same mark")
	}
	if same := r.String(got); same != got {
		t.Errorf("not idempotent: %q", same)
	}
	if s := "nothing to see here\n"; r.String(s) != s {
		t.Error("touched text without a secret")
	}
}

func TestKnown(t *testing.T) {
	secret := fresh("aaa 000 aaa")
	r := New(Options{Known: []string{secret}})
	r.ForOutput(Off).AddKnown("ab", "two\nlines of it", " ", "")
	for in, want := range map[string]string{
		"it is " + secret + ".": "it is ‹›.",
		"ab cab ab":             "‹› cab ‹›",
		"lines of it":           "‹›",
		"percent " + strings.ReplaceAll(secret, " ", "%20"): "percent ‹›",
		"nothing": "nothing",
	} {
		for _, p := range []Profile{All, Keys, Off} {
			if got := unmarked(r.ForOutput(p).String(in)); got != want {
				t.Errorf("%s: %q became %q, want %q", p, in, got, want)
			}
		}
	}
}

// unmarked leaves ‹› of every mark.
func unmarked(s string) string {
	for i := strings.Index(s, markOpen); i >= 0; i = strings.Index(s, markOpen) {
		s = s[:i] + "‹›" + s[i+markLen(s[i:]):]
	}
	return s
}

func TestProfiles(t *testing.T) {
	m := newMaker(31)
	r := New(Options{})
	for _, c := range []struct {
		template string
		keys     bool // whether the profile Keys masks it
	}{
		{"ghp_{b62:36}", true}, {"AKIA{b32:16}", true}, {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx{b62:20}.{{url:43}}", true},
		{"-----BEGIN RSA PRIVATE KEY-----\n{pem}\n-----END RSA PRIVATE KEY-----", true},
		{"PrivateKey = {b64:43}=", true}, {"aws_secret_access_key={b64:40}", true},
		{"client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ{b64:200}", true},
		{"password: {p}", false}, {"mysql -p{p}", false}, {"postgres://a:{p}@h/x", false}, {"Cookie: sid={hex:32}", false},
	} {
		text, secret := m.fill(c.template)
		if got := r.String(text); strings.Contains(got, secret) {
			t.Errorf("all: %s is left", c.template)
		}
		if got := r.ForOutput(Keys).String(text); strings.Contains(got, secret) == c.keys {
			t.Errorf("keys: %s: masked %v", c.template, !c.keys)
		}
		if got := r.ForOutput(Off).String(text); got != text {
			t.Errorf("off: %s is touched", c.template)
		}
		if got := r.ForOutput("?").String(text); strings.Contains(got, secret) {
			t.Errorf("an unknown profile leaves %s", c.template)
		}
	}
}

// TestSurroundings wants everything but the secret to stay, byte by byte.
func TestSurroundings(t *testing.T) {
	r := New(Options{})
	p := newMaker(41).password()
	for _, text := range []string{
		`curl -H "Authorization: Bearer ¤" https://x && echo ok`,
		`mysql -p'¤' -e 'select 1'; ls`,
		`{"password":"¤","host":"db"}`,
		`{"cmd":"mysql -p¤ -e \"select 1\""}`,
		`DB_PASSWORD=¤ && ./run`,
		`export A_PASSWORD="¤"; next`,
		`echo 'bob:¤' | chpasswd && echo done`,
		`https://bob:¤@h/x?y=z#f`,
		`Server=db;Password=¤;Encrypt=true`,
		"password: ¤\r\nuser: bob\r\n",
		"\x1b[31mpassword\x1b[0m=\x1b[1m¤\x1b[0m end",
		`--password ¤ --host db`,
		"<password>¤</password>",
		`x "password": "¤", "y": 1`,
		"Authorization: Bearer ¤\r\nHost: x\r\n",
		"nc -p 9000; sshpass -p ¤ ssh -p 22 h",
	} {
		for _, secret := range []string{p, newMaker(42).must("words")} {
			if secret != p && !strings.Contains(text, "\"¤\"") && !strings.Contains(text, "'¤'") && !strings.Contains(text, ">¤<") {
				continue // blanks only within quotes
			}
			in := strings.ReplaceAll(text, "¤", secret)
			if got, want := unmarked(r.String(in)), strings.ReplaceAll(text, "¤", "‹›"); got != want {
				t.Errorf("%q\n became %q\n want   %q", in, got, want)
			}
		}
	}
	if in := "--password --host db"; r.String(in) != in {
		t.Errorf("%q became %q", in, r.String(in))
	}
}
