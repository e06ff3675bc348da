package forward

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Spec{
		"L:8080:db:5432":                 {Direction: Local, Port: 8080, Host: "db", HostPort: 5432},
		"l:0:127.0.0.1:80":               {Direction: Local, Port: 0, Host: "127.0.0.1", HostPort: 80},
		"L:0.0.0.0:80:a.b-c_d:1":         {Direction: Local, Bind: "0.0.0.0", Port: 80, Host: "a.b-c_d", HostPort: 1},
		"L:[::1]:8080:[2001:db8::1]:443": {Direction: Local, Bind: "::1", Port: 8080, Host: "2001:db8::1", HostPort: 443},
		"R:*:2222:localhost:22":          {Direction: Remote, Bind: "*", Port: 2222, Host: "localhost", HostPort: 22},
		"R:0:web:80":                     {Direction: Remote, Host: "web", HostPort: 80},
		"D:1080":                         {Direction: Dynamic, Port: 1080},
		"D:localhost:0":                  {Direction: Dynamic, Bind: "localhost"},
		"D:[fe80::1%eth0]:1080":          {Direction: Dynamic, Bind: "fe80::1%eth0", Port: 1080},
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v", text, got, err)
			continue
		}
		if again, err := Parse(got.String()); err != nil || again != got {
			t.Errorf("%q became %q, %v", text, got.String(), err)
		}
	}
	for _, text := range []string{
		"", "L", "L:", "X:1:a:1", "L:80", "L:80:a", "L:a:80", "L:80:a:0", "L:80:a:65536", "L:65536:a:1", "L:-1:a:1", "L:1:2:a:1", "L:host:80:a:1",
		"L::80:a:1", "L:80::1", "L:80:-oProxyCommand=x:1", "L:80:a b:1", "L:80:a;b:1", "L:80:$(x):1", "L:80:a\n:1", "L:::1:80:a:1", "L:[::1:80:a:1",
		"L:[::1]x:80:a:1", "L:[1.2.3.4]:80:a:1", "L:80:[name]:1", "L:80:[::1%$(x)]:1", "D", "D:", "D:x", "D:1:2:3", "D:80:a:1", "L:80:a:1:", "D:/tmp/s:80",
		"L:+1:a:1", "L:0x50:a:1", "L:080000:a:1", "[::1]:1:a:1", "L:80:\x00:1",
	} {
		var bad *SpecError
		if got, err := Parse(text); !errors.As(err, &bad) {
			t.Errorf("Parse(%q) = %+v, %v", text, got, err)
		}
	}
}

func TestLoopback(t *testing.T) {
	for text, want := range map[string]bool{
		"D:1": true, "D:localhost:1": true, "D:127.0.0.1:1": true, "D:[::1]:1": true, "D:[::ffff:127.0.0.1]:1": true, "D:*:1": false,
		"D:0.0.0.0:1": false, "D:[::]:1": false, "D:10.0.0.1:1": false,
	} {
		s, err := Parse(text)
		if err != nil || s.Loopback() != want {
			t.Errorf("%s: %v, %v", text, s.Loopback(), err)
		}
	}
}

func TestDenies(t *testing.T) {
	deny := regexp.MustCompile(`169\.254\.169\.254|^10\.0\.0\.1:22$`)
	for target, want := range map[[2]string]bool{
		{"169.254.169.254", "80"}: true, {"2852039166", "80"}: true, {"0xa9fea9fe", "80"}: true, {"::ffff:169.254.169.254", "80"}: true,
		{"10.0.0.1", "22"}: true, {"10.0.0.1", "80"}: false, {"example.org", "80"}: false,
	} {
		if denies(deny, target[0], target[1]) != want {
			t.Errorf("%v: %v", target, !want)
		}
	}
	if denies(nil, "a", "1") {
		t.Error("nothing denies")
	}
}

// FuzzParse: what is accepted reads back the same and holds nothing that a shell or ssh could take for more than a name.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"L:8080:db:5432", "R:*:0:[::1]:1", "D:[fe80::1%e]:0", "L:[::1]:1:a:1", "L:::", "D:]", "L:[]:1:a:1"} {
		f.Add(s)
	}
	name := regexp.MustCompile(`^[A-Za-z0-9._:%*-]*$`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(s.String())
		if err != nil || again != s {
			t.Fatalf("%q: %+v became %q: %+v, %v", text, s, s.String(), again, err)
		}
		if !name.MatchString(s.Host) || !name.MatchString(s.Bind) || s.Host != "" && s.Host[0] == '-' || s.Port < 0 || s.Port > 65535 {
			t.Fatalf("%q: %+v", text, s)
		}
	})
}

// client is a SOCKS client that has said everything beforehand.
type client struct {
	io.Reader
	bytes.Buffer
}

func (c *client) Read(p []byte) (int, error)  { return c.Reader.Read(p) }
func (c *client) Write(p []byte) (int, error) { return c.Buffer.Write(p) }

func TestReadRequest(t *testing.T) {
	for in, want := range map[string]string{
		"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50rest":              "127.0.0.1 80",
		"\x05\x02\x02\x00\x05\x01\x00\x03\x02db\x15\x38":                        "db 5432",
		"\x05\x01\x00\x05\x01\x00\x03\x03::1\x00\x50":                           "::1 80",
		"\x05\x01\x00\x05\x01\x00\x04" + string(make([]byte, 15)) + "\x01\x00P": "::1 80",
	} {
		host, port, err := readRequest(&client{Reader: bytes.NewBufferString(in)})
		if err != nil || host+" "+itoa(port) != want {
			t.Errorf("%q: %s %d, %v", in, host, port, err)
		}
	}
	for in, want := range map[string]byte{
		"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50": replyCommand,
		"\x05\x01\x00\x05\x01\x00\x09\x7f\x00\x00\x01\x00\x50": replyAddress,
		"\x05\x01\x00\x05\x01\x00\x03\x03a b\x00\x50":          replyHostUnreachable,
		"\x05\x01\x00\x05\x01\x00\x03\x00\x00\x50":             replyHostUnreachable,
		"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x00": replyFailure,
	} {
		var refused *socksError
		if _, _, err := readRequest(&client{Reader: bytes.NewBufferString(in)}); !errors.As(err, &refused) || refused.reply != want {
			t.Errorf("%q: %v", in, err)
		}
	}
	for _, in := range []string{"", "\x05", "GET / HTTP/1.1\r\n", "\x04\x01\x00P\x7f\x00\x00\x01\x00", "\x05\x01\x02", "\x05\x01\x00\x05\x01\x00\x01\x7f"} {
		if host, _, err := readRequest(&client{Reader: bytes.NewBufferString(in)}); err == nil {
			t.Errorf("%q: %s", in, host)
		}
	}
}

// FuzzReadRequest: whatever a client says, the target is a name or an address.
func FuzzReadRequest(f *testing.F) {
	f.Add([]byte("\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50"))
	f.Add([]byte("\x05\x01\x00\x05\x01\x00\x03\x02db\x15\x38"))
	f.Add([]byte("GET / HTTP/1.1"))
	name := regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)
	f.Fuzz(func(t *testing.T, in []byte) {
		host, port, err := readRequest(&client{Reader: bytes.NewReader(in)})
		if err == nil && (!name.MatchString(host) || port < 1 || port > 65535) {
			t.Fatalf("%q: %q %d", in, host, port)
		}
	})
}
