package redact

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
)

// ordinary texts of about a megabyte, as commands print them.
func ordinaryTexts() map[string]string {
	m := newMaker(21)
	raw := []byte(m.from(base62, 768<<10))
	for i := range raw {
		raw[i] = byte(m.IntN(256))
	}
	var log, listing, source, doc strings.Builder
	for log.Len() < 1<<20 {
		log.WriteString("2026-03-01T12:00:00.123Z web1 sshd[912]: Accepted publickey for deploy from 10.0.0.5 port 51234 ssh2: ED25519 SHA256:" + m.from(base62, 43) + "\n")
		log.WriteString("2026-03-01T12:00:01.001Z web1 app[77]: level=info msg=\"request done\" path=/v1/items/" + m.from(digits, 6) + " status=200 user=" + m.from(lowers, 6) + " token_type=bearer\n")
	}
	for listing.Len() < 1<<20 {
		listing.WriteString("-rw-r--r-- 1 root root " + m.from(digits, 5) + " Jan  1 00:00 " + m.from(lowers, 12) + ".conf\n")
	}
	for source.Len() < 1<<20 {
		source.WriteString("\tif token := r.Header.Get(\"X-Token\"); token != \"\" && len(password) > " + m.from(digits, 1) + " {\n\t\treturn key.String(), nil // the key of " + m.from(lowers, 8) + "\n\t}\n")
	}
	records := []map[string]any{}
	for range 4000 {
		records = append(records, map[string]any{"id": m.must("uuid"), "name": m.from(lowers, 10), "sha256": m.must("hex:64"),
			"port": m.IntN(65536), "labels": []string{"web", "prod"}, "url": "https://h" + m.from(digits, 3) + ".example/x?q=" + m.from(lowers, 5)})
	}
	indented, _ := json.MarshalIndent(records, "", "  ")
	packed, _ := json.Marshal(records)
	doc.WriteString(base64.StdEncoding.EncodeToString(raw))
	var wrapped strings.Builder
	for b64 := doc.String(); b64 != ""; b64 = b64[min(76, len(b64)):] {
		wrapped.WriteString(b64[:min(76, len(b64))] + "\n")
	}
	return map[string]string{"log": log.String(), "listing": listing.String(), "source": source.String(), "json": string(indented),
		"json-line": string(packed), "base64-line": doc.String(), "base64": wrapped.String()}
}

func BenchmarkString(b *testing.B) {
	r := New(Options{})
	for name, text := range ordinaryTexts() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r.String(text)
			}
		})
	}
}

func BenchmarkWriter(b *testing.B) {
	r := New(Options{})
	text := []byte(ordinaryTexts()["log"])
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		w := r.NewWriter(io.Discard)
		for p := text; len(p) > 0; p = p[min(4096, len(p)):] {
			w.Write(p[:min(4096, len(p))])
		}
		w.Close()
	}
}

// TestHostileTexts repeats what each rule likes to read and wants every text to be done in seconds, where a quadratic case
// takes minutes. The tag slow makes it two megabytes each.
func TestHostileTexts(t *testing.T) {
	r := New(Options{Known: []string{"aaaaaaaab"}})
	fragments := []string{
		"a", "\\", "\"", "'", "`", "=", "{", "(", "<", "$", "$(", "${", "://", "://a:", "a@", "@", "\x1b[", "\x1b[31m", "\x1b]8;;", "‹secret:", "‹",
		"password", "password=", "password:", "password='", "password=\"", "password=$(", "password=\\\"", "--password ", "--password\n", "token=",
		"token=$a=", "token=a;", "key", "-key-", "api_key=x,", "secret: |\n", " secret: |\n  x\n", "mysql ", "mysql -p", "mysql 'mysql ", "mysql \"mysql ",
		"mysql \\\"mysql ", "[\"mysql\",", "\"mysql\",", "sudo -S ", "echo a|", "echo ", "(echo a;", "echo 'a' | sudo -S x;", "chpasswd <<E\n", "curl -u ",
		"curl -u a:b\\\n", "Authorization: ", "\"Authorization\": \"", "Authorization: Digest a=\"", "Bearer ", "Basic ", "Cookie: ", "Cookie: a=", ";a=",
		"eyJ", "eyJhbGci.", "eyJ.eyJ.", "sk-", "ghp_", "AKIA", "AKIA" + "AAAAAAAAAAAAAAAA", "Q~", ":AA", "1:AA", "-us1", "_mmk", "JQQJ99", ".atlasv1.",
		"-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA", "private key", "Private-Lines: 9\n",
		"LS0tLS1CRUdJTi", "$6$", "$2b$10$", "'*", ":::", ":99999:", "a:5432:", ":5432:a:a:", "identified by ", "create user identified ", "login a password ",
		"login a\n", "login ", "send \"", "password send \"", ".login(\"", ".auth('a',", "convertto-securestring ", "define('password',", "\"name\":\"password\",",
		"name: password\n", "<password>", "<<a|", "\\\n", "\r", "\t", " ", "\n", "\x00", "\xff", "the password is ", "password is generated: ", ":587 a:",
		"postgres://a:b@c/", "oracle:thin:a/", "\\n", "\"\\n", "a\\u001b[", "net use ", "vault kv put a b=", "openssl passwd ", "aaaaaaaa",
		`{"kty":"`, `"kty":"RSA","d":"a",`, "> AUTH a ", "AUTH ", " on >", ":pserver:a:", "&u=&p=", ": PSK ", "username a secret ", "createUser a MD5 ",
		"tokens: [", "tokens: ['a',", "Your new password:", "password is ", "api key ", "\"random_password\"", "password%3D", "${PASSWORD:", "token==\"",
		"<(echo a", "--password-command \"echo ", "yes ", "recovery code: ", "пароль: ", "secrets set a=b ", "PRIVATE+KEY+a+00000000+", "eyJhdXRocyI6", "password: \n",
		"reset?", "/reset/", "pass: abcd ", "pre-shared-key ", "a:B1!aaaa@", "connect ", "PASS a ", "values ('a','b'),", "a0=\"", "::", "password->", "export PASSWORD=maple ", "token=getenv(", `" "`, " / ", "password: maple ",
		"admin:", "echo a | cat |", "cat ", "{\"value\":\"a\",\"name\":\"password\"}",
	}
	for _, f := range fragments {
		for _, end := range []string{"", "\n"} {
			text := strings.Repeat(f+end, hostileSize/len(f+end)+1)[:hostileSize]
			began := time.Now()
			out := r.String(text)
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("%q: %v", f+end, d)
			} else if d > 300*time.Millisecond {
				t.Logf("%q: %v, %d bytes", f+end, d, len(out))
			}
		}
	}
}

func BenchmarkRules(b *testing.B) {
	for b.Loop() {
		newRules(All)
	}
}

func BenchmarkShort(b *testing.B) {
	r := New(Options{})
	text := "systemctl restart nginx && curl -s -u admin:$PASS https://web1.example/health"
	b.ReportAllocs()
	for b.Loop() {
		r.String(text)
	}
}
