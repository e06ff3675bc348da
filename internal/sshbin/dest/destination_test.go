package dest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	key := filepath.Join(t.TempDir(), "my key%")
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host string
		o    Options
		want Destination
	}{
		{"web1", Options{}, Destination{Host: "web1"}},
		{"deploy@web1", Options{}, Destination{Host: "web1", User: "deploy"}},
		{"deploy@web1", Options{User: "deploy"}, Destination{Host: "web1", User: "deploy"}},
		{"a.b@corp.example@web1", Options{}, Destination{Host: "web1", User: "a.b@corp.example"}},
		{"ssh://deploy@web1:2222", Options{}, Destination{Host: "web1", User: "deploy", Port: 2222}},
		{"SSH://web1/", Options{Port: 22}, Destination{Host: "web1", Port: 22}},
		{"ssh://a%40b@[fe80::1%eth0]:22", Options{}, Destination{Host: "fe80::1%eth0", User: "a@b", Port: 22}},
		{"ssh://[::1]", Options{}, Destination{Host: "::1"}},
		{"root@[2001:db8::1]", Options{}, Destination{Host: "2001:db8::1", User: "root"}},
		{"::1", Options{}, Destination{Host: "::1"}},
		{"größe", Options{}, Destination{Host: "größe"}},
		{"_gateway", Options{}, Destination{Host: "_gateway"}},
		{"0x7f.1", Options{}, Destination{Host: "0x7f.1"}},
		{"h", Options{Port: 65535, KnownHosts: "accept-new"}, Destination{Host: "h", Port: 65535, KnownHosts: AcceptNew}},
		{"h", Options{Jump: "b1, bob@b2:2201,[::1]:9,ssh://x@b3"}, Destination{Host: "h", Jump: "b1,bob@b2:2201,[::1]:9,x@b3"}},
		{"h", Options{Jump: "[fe80::1%eth0]"}, Destination{Host: "h", Jump: "[fe80::1%eth0]"}},
		{"h", Options{Jump: "none"}, Destination{Host: "h", Jump: "none"}},
		{"h", Options{KeyPath: key}, Destination{Host: "h", KeyPath: key}},
	} {
		got, err := Parse(c.host, c.o)
		if err != nil || got != c.want {
			t.Errorf("Parse(%q, %+v) = %+v, %v, want %+v", c.host, c.o, got, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, host string
		o          Options
		param      string
	}{
		{"empty", "", Options{}, "host"},
		{"blank", " \t", Options{}, "host"},
		{"dash", "-oProxyCommand=touch x", Options{}, "host"},
		{"dash after the user", "root@-oProxyCommand=x", Options{}, "host"},
		{"dash in a URI", "ssh://-oProxyCommand=x", Options{}, "host"},
		{"space", "a b", Options{}, "host"},
		{"newline", "a\nb", Options{}, "host"},
		{"NUL", "a\x00b", Options{}, "host"},
		{"semicolon", "a;b", Options{}, "host"},
		{"substitution", "$(id)", Options{}, "host"},
		{"backquote", "`id`", Options{}, "host"},
		{"pipe", "a|b", Options{}, "host"},
		{"quote", "a'b", Options{}, "host"},
		{"glob", "web*", Options{}, "host"},
		{"percent", "a%h", Options{}, "host"},
		{"slash", "a/b", Options{}, "host"},
		{"dots", "..", Options{}, "host"},
		{"comma", "a,b", Options{}, "host"},
		{"right-to-left override", "a\u202eb", Options{}, "host"},
		{"zero width", "a\u200bb", Options{}, "host"},
		{"invalid UTF-8", "a\xffb", Options{}, "host"},
		{"long", strings.Repeat("a", 254), Options{}, "host"},
		{"port without a URI", "web1:22", Options{}, "host"},
		{"no host", "root@", Options{}, "host"},
		{"no user", "@web1", Options{}, "user"},
		{"password", "ssh://a:b@web1", Options{}, "user"},
		{"URI path", "ssh://web1/etc", Options{}, "host"},
		{"bad escape", "ssh://%zz@web1", Options{}, "host"},
		{"escaped dash", "ssh://%2doProxyCommand@web1", Options{}, "user"},
		{"address zone", "fe80::1%eth0;id", Options{}, "host"},
		{"half a bracket", "[::1", Options{}, "host"},
		{"URI port", "ssh://web1:x", Options{}, "port"},
		{"URI port zero", "ssh://web1:0", Options{}, "port"},
		{"URI port sign", "ssh://web1:+22", Options{}, "port"},
		{"user dash", "web1", Options{User: "-l"}, "user"},
		{"user substitution", "web1", Options{User: "$(id)"}, "user"},
		{"user space", "web1", Options{User: "a b"}, "user"},
		{"user newline", "web1", Options{User: "a\n"}, "user"},
		{"user not ASCII", "web1", Options{User: "ü"}, "user"},
		{"user backslash", "web1", Options{User: `a\`}, "user"},
		{"user long", "web1", Options{User: strings.Repeat("a", 129)}, "user"},
		{"two users", "a@web1", Options{User: "b"}, "user"},
		{"two ports", "ssh://web1:1", Options{Port: 2}, "port"},
		{"negative port", "web1", Options{Port: -1}, "port"},
		{"great port", "web1", Options{Port: 65536}, "port"},
		{"policy", "web1", Options{KnownHosts: "yes"}, "known_hosts"},
		{"jump dash", "web1", Options{Jump: "-oProxyCommand=x"}, "jump"},
		{"jump empty hop", "web1", Options{Jump: "a,,b"}, "jump"},
		{"jump metacharacter", "web1", Options{Jump: "a;id"}, "jump"},
		{"jump port", "web1", Options{Jump: "a:99999"}, "jump"},
		{"jump long", "web1", Options{Jump: strings.Repeat("a,", 9) + "a"}, "jump"},
		{"key missing", "web1", Options{KeyPath: filepath.Join(dir, "none")}, "key_path"},
		{"key directory", "web1", Options{KeyPath: dir}, "key_path"},
		{"key with a newline", "web1", Options{KeyPath: "/a\nb"}, "key_path"},
		{"key with a variable", "web1", Options{KeyPath: "/${HOME}/k"}, "key_path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(c.host, c.o)
			var e *InvalidError
			if !errors.As(err, &e) {
				t.Fatalf("Parse(%q, %+v) = %+v, %v; want a refusal", c.host, c.o, got, err)
			}
			if e.Param != c.param || e.ErrorHint() == "" {
				t.Errorf("param %q, want %q; error %v, hint %q", e.Param, c.param, err, e.Hint)
			}
			if strings.ContainsAny(err.Error(), "\n\x00\u202e\u200b") {
				t.Errorf("the message shows hidden characters as they are: %q", err.Error())
			}
		})
	}
}

func TestMissingKeyIsNotFound(t *testing.T) {
	_, err := Parse("h", Options{KeyPath: filepath.Join(t.TempDir(), "none")})
	var e *InvalidError
	if !errors.As(err, &e) || e.ErrorCode() != "not_found" {
		t.Errorf("%v", err)
	}
}

func TestString(t *testing.T) {
	for want, d := range map[string]Destination{
		"web1":         {Host: "web1"},
		"me@web1:2222": {Host: "web1", User: "me", Port: 2222},
		"[::1]:22":     {Host: "::1", Port: 22},
	} {
		if got := d.String(); got != want {
			t.Errorf("%+v: %q, want %q", d, got, want)
		}
	}
}

// FuzzParse: whatever is accepted is no option, reaches no shell, and is accepted again in its own spelling.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"web1", "a@b", "ssh://a@[::1]:22/", "-x", "a;b", "ssh://%2d@h", "fe80::1%eth0", "größe"} {
		f.Add(s, "", "")
	}
	f.Add("h", "user@corp", "a,b@c:1,[::1]")
	f.Fuzz(func(t *testing.T, host, user, jump string) {
		d, err := Parse(host, Options{User: user, Jump: jump})
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		for _, s := range []string{d.Host, d.User, d.Jump} {
			if strings.HasPrefix(s, "-") || strings.ContainsAny(s, " \t\n\r\x00'`\"$\\;&<>|(){}*?!#~") {
				t.Errorf("accepted %q", s)
			}
		}
		again, err := Parse(d.Host, Options{User: d.User, Port: d.Port, Jump: d.Jump})
		if err != nil || again != d {
			t.Errorf("%+v is read again as %+v, %v", d, again, err)
		}
	})
}
