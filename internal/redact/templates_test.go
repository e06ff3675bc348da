package redact

import (
	_ "embed"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

// secretTemplates are texts with one secret each, a line each; macros are those of maker.fill. ⏎ stands for a newline, ⇥ for a
// tab, ␍ for a carriage return, ␛ for an escape. After ~ what stands around the secret may be masked too.
//
//go:embed testdata/secrets.txt
var secretTemplates string

// ordinaryTemplates are texts that look like secrets and are none.
//
//go:embed testdata/ordinary.txt
var ordinaryTemplates string

// maker makes random secrets from a fixed seed, so that a failure can be repeated and no secret stands in this repository.
type maker struct{ *rand.Rand }

func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 7))} }

const (
	lowers   = "abcdefghijklmnopqrstuvwxyz"
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits   = "0123456789"
	base62   = lowers + capitals + digits
)

func (m maker) from(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[m.IntN(len(alphabet))]
	}
	return string(b)
}

// password is what people choose: a word, digits, a sign, letters.
func (m maker) password() string {
	return m.from(capitals, 1) + m.from(lowers, 3+m.IntN(5)) + m.from(digits, 3) + m.from("-_!#%.+", 1) + m.from(base62, 4)
}

// fill replaces the macros of a template: {p} a password, {b62:40}, {hex:32}, {HEX:40}, {cap:16}, {b64:43}, {b32:16}, {url:22}, {num:10},
// {low:20}. The last macro in double braces, {{p}}, is the secret; without one the first is.
func (m maker) fill(template string) (text, secret string) {
	marked := strings.Contains(template, "{{")
	var b strings.Builder
	for i := 0; i < len(template); {
		if template[i] != '{' {
			b.WriteByte(template[i])
			i++
			continue
		}
		double := strings.HasPrefix(template[i:], "{{")
		open, close := "{", "}"
		if double {
			open, close = "{{", "}}"
		}
		n := strings.Index(template[i:], close)
		if n < 0 {
			b.WriteString(template[i:])
			break
		}
		v, ok := m.macro(template[i+len(open) : i+n])
		if !ok {
			b.WriteByte(template[i])
			i++
			continue
		}
		if double || !marked && secret == "" {
			secret = v
		}
		b.WriteString(v)
		i += n + len(close)
	}
	return b.String(), secret
}

func (m maker) macro(name string) (string, bool) {
	kind, count, _ := strings.Cut(name, ":")
	n := 0
	for _, c := range []byte(count) {
		n = n*10 + int(c-'0')
	}
	switch kind {
	case "p":
		return m.password(), true
	case "words":
		return m.from(lowers, 5) + " " + m.from(lowers, 6) + " " + m.from(digits, 2) + m.from(lowers, 4), true
	case "b62":
		return m.from(base62, n), true
	case "hex":
		return m.from("0123456789abcdef", n), true
	case "HEX":
		return m.from("0123456789ABCDEF", n), true
	case "cap":
		return m.from(capitals+digits, n), true
	case "b32":
		return m.from(capitals+"234567", n), true
	case "b64":
		return m.from(base62+"+/", n), true
	case "url":
		return m.from(base62+"-_", n-2) + m.from(base62, 2), true
	case "num":
		return m.from(digits, n), true
	case "low":
		return m.from(lowers+digits, n), true
	case "uuid":
		const h = "0123456789abcdef"
		return m.from(h, 8) + "-" + m.from(h, 4) + "-4" + m.from(h, 3) + "-a" + m.from(h, 3) + "-" + m.from(h, 12), true
	case "pem":
		var b strings.Builder
		for range 4 {
			b.WriteString(m.from(base62+"+/", 64) + "\n")
		}
		return b.String() + m.from(base62+"+/", 42) + "==", true
	case "w": // a weak one
		return m.from(lowers, 5+m.IntN(4)) + m.from(digits, 1+m.IntN(3)), true
	case "sp": // with every sign that a single quote holds
		return m.from(base62, 4) + m.from("@$&*?;^#%!", 1) + m.from(base62, 4) + m.from("()<>|~+=,.", 1) + m.from(base62, 4), true
	case "sp2": // with signs that XML holds as they are
		return m.from(base62, 6) + m.from("@$*?;^#%!", 1) + m.from(base62, 6), true
	case "p2": // with signs that an URL holds as they are
		return m.from(base62, 5) + m.from("-_.!~", 1) + m.from(base62, 6) + m.from(digits, 1), true
	case "pct": // percent-encoded
		return m.from(base62, 5) + "%40" + m.from(base62, 4) + "%23" + m.from(base62, 3), true
	case "ph": // a phrase
		return m.from(lowers, 6) + " " + m.from(lowers, 4) + " " + m.from(lowers, 7) + " " + m.from(lowers, 5), true
	case "dash":
		return m.from(lowers, 6) + "-" + m.from(lowers, 4) + "-" + m.from(lowers, 7) + "-" + m.from(lowers, 5), true
	case "kw": // a generated key with signs
		return m.from(base62, 5) + m.from(base62+"!@#%^&*(-_=+)[]{}|:;<>,.?/ ~", n-8) + m.from(base62, 3), true
	case "b64p":
		return base64.StdEncoding.EncodeToString([]byte(m.password())), true
	case "jwt":
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
			base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"`+m.from(lowers, 8)+`","iat":17`+m.from(digits, 8)+`}`)) + "." + m.must("url:43"), true
	case "any": // whatever people and generators make
		return m.anyPassword(), true
	case "jpem":
		return strings.ReplaceAll(m.must("pem"), "\n", `\n`), true
	}
	return "", false
}

// anyPassword is of one of the kinds that people choose or let a program make.
func (m maker) anyPassword() string {
	words := []string{"maple", "velvet", "sonnet", "ribbon", "drizzle", "copper", "walrus", "hollow", "lantern", "gravel", "bishop", "otter", "canyon", "quarry", "cinder", "basalt"}
	word := func() string { return words[m.IntN(len(words))] }
	title := func() string { w := word(); return strings.ToUpper(w[:1]) + w[1:] }
	switch m.IntN(9) {
	case 0:
		return word() + "-" + word() + "-" + word() + "-" + m.from(digits, 2)
	case 1:
		return word() + "_" + word() + "_" + m.from(digits, 4)
	case 2:
		return title() + m.from(digits, 3) + m.from("!%-_#", 1) + m.from(base62, 4)
	case 3:
		return word() + m.from("!_.", 1) + title() + m.from(digits, 2)
	case 4:
		return m.from(base62, 15+m.IntN(8))
	case 5:
		return m.from(base62, 3) + m.from(base62+",!(:+%&*", 10) + m.from(base62, 3)
	case 6:
		return title() + m.from(digits, 4)
	case 7:
		return m.from(base62, 8)
	}
	return m.from(lowers+digits, 12)
}

func (m maker) must(name string) string { s, _ := m.macro(name); return s }

// TestTemplates fills each template with random values and wants the secret wholly gone and the rest untouched.
func TestTemplates(t *testing.T) {
	r := New(Options{})
	for _, template := range strings.Split(strings.TrimSpace(secretTemplates), "\n") {
		template = strings.NewReplacer(`⏎`, "\n", `⇥`, "\t", `␍`, "\r", `␛`, "\x1b").Replace(template)
		template, whole := strings.CutPrefix(template, "~") // its surroundings are masked too
		missed := 0
		for seed := range uint64(8) {
			text, secret := newMaker(seed).fill(template)
			got := r.String(text)
			head, tail, _ := strings.Cut(text, secret)
			// What stands around the secret stays; a key's body may be cut at its lines.
			if strings.Contains(got, secret) || leaks(got, secret) ||
				!whole && strings.Count(got, markOpen) == 1 && !strings.Contains(secret, "\n") && (!strings.HasPrefix(got, strings.TrimRightFunc(head, isTokenRune)) || !strings.HasSuffix(got, strings.TrimLeftFunc(tail, isTokenRune))) {
				if missed++; missed == 1 {
					t.Errorf("template %s\n  in  %q\n  got %q", template, text, got)
				}
			}
			if again := r.String(got); again != got {
				t.Errorf("template %s\n not idempotent: %q\n then %q", template, got, again)
				break
			}
		}
	}
}

// isTokenRune is what may belong to the secret beside its random part.
func isTokenRune(c rune) bool {
	return c < 0x80 && isEncoded(byte(c)) || strings.ContainsRune("$:{},", c)
}

// leaks tells whether a part of the secret that says something about it is left.
func leaks(got, secret string) bool {
	for n := 6; n+6 <= len(secret); n++ {
		if strings.Contains(got, secret[n:]) || strings.Contains(got, secret[:n]) {
			return true
		}
	}
	return false
}

// TestOrdinary wants text without secrets left alone.
func TestOrdinary(t *testing.T) {
	r := New(Options{})
	for _, template := range strings.Split(strings.TrimSpace(ordinaryTemplates), "\n") {
		template = strings.NewReplacer(`⏎`, "\n", `⇥`, "\t", `␍`, "\r").Replace(template)
		for seed := range uint64(8) {
			text, _ := newMaker(seed).fill(template)
			if got := r.String(text); got != text {
				t.Errorf("template %s\n  in  %q\n  got %q", template, text, got)
				break
			}
		}
	}
}
