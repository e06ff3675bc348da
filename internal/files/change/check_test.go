package change

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/target"
)

func TestMentioned(t *testing.T) {
	for _, tt := range []struct{ check, name, want string }{
		{"nginx -t -c {}", "/etc/nginx.conf", "nginx -t -c /etc/nginx.conf"},
		{`nginx -t -c '{}' "{}" \{}`, "/etc/nginx.conf", `nginx -t -c '/etc/nginx.conf' "/etc/nginx.conf" \/etc/nginx.conf`},
		{"test -s {} && cat <{} | grep -q x", "/a b", "test -s '/a b' && cat <'/a b' | grep -q x"},
		{"x --file={} {}", "/$(id)", "x --file='/$(id)' '/$(id)'"},
		{"cat $(ls {})", "/$(id)", "cat $(ls '/$(id)')"},
		{"if grep {} {}; then false; fi", "/it's", `if grep "/it's" "/it's"; then false; fi`},
	} {
		if got, err := Mentioned(tt.check, tt.name, target.Quote); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v", tt.check, got, err)
		}
	}
	for _, check := range []string{
		"cat '{}'", `cat "{}"`, `cat "--x={}"`, `cat \{}`, "cat `ls {}`", "sh -c 'cat {}'", "cat <<E\n{}\nE", `cat "$(ls {})"`, "cat ${x:-{}}", "cat $'{}'", "cat {} '{}'", "echo $((1+{}))", "cat {} ; (", "true # {}", "echo $'\\{}'",
	} {
		if got, err := Mentioned(check, "/a $(id)", target.Quote); err == nil || code(err) != "invalid_argument" {
			t.Errorf("%s: %q, %v", check, got, err)
		}
	}
}

// TestCheckNames: whatever a file is called, its name is no command.
func TestCheckNames(t *testing.T) {
	for _, base := range []string{"a b", "$(touch PWNED)", "`touch PWNED`", "';touch PWNED;'", `";touch PWNED;"`, "a\ntouch PWNED\n", "{}"} {
		for _, check := range []string{"grep -q new {}", "cd DIR && grep -q new '{}'", `cd DIR && grep -q new "{}"`, "cd DIR && sh -c 'grep -q new {}'", "cd DIR && grep -q new \\{}"} {
			p, dir := place(t)
			name := put(t, dir+"/"+base, "old")
			_, err := Apply(context.Background(), p, Request{Path: name, Make: to("new"), Check: strings.ReplaceAll(check, "DIR", dir)})
			if bare := check == "grep -q new {}"; (err == nil) != bare || err != nil && code(err) != "invalid_argument" {
				t.Errorf("%q, %s: %v", base, check, err)
			}
			if _, err := os.Stat(dir + "/PWNED"); err == nil {
				t.Errorf("%q, %s: the name was run", base, check)
			}
			only(t, dir, base)
		}
	}
}

// TestCheckHangs: the change ends with its context, and leaves nothing.
func TestCheckHangs(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f", "old")
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := Apply(ctx, p, Request{Path: name, Make: to("new"), Check: "test -s {} && exec sleep 600", RevertAfter: time.Hour})
	if err == nil || ctx.Err() == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if got(t, name) != "old" {
		t.Error("the file was changed")
	}
	only(t, dir, "f")
}
