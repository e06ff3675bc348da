package dest

import (
	"strings"
	"testing"
)

// TestErrorsHoldNoPassword refuses destinations with a password in them, and wants it nowhere in the words.
func TestErrorsHoldNoPassword(t *testing.T) {
	for _, pw := range []string{"hunter2", "p@ss", "a/b", "a,b", "12345x", "x:y", "%41bc", "s p"} {
		for _, o := range []Options{{}, {User: "ops:" + pw}, {Jump: "ops:" + pw + "@jump"}, {Jump: "j1:22,ops:" + pw + "@jump:22"}, {Jump: "ssh://ops:" + pw + "@jump"}} {
			hosts := []string{"web1"}
			if o == (Options{}) {
				hosts = []string{"ops:" + pw + "@web1", "ssh://ops:" + pw + "@web1", "ssh://ops:" + pw + "@web1:22", "SSH://ops:" + pw + "@[::1]:22/"}
			}
			for _, host := range hosts {
				_, err := Parse(host, o)
				if err == nil {
					t.Errorf("%q %+v was taken", host, o)
					continue
				}
				if text := err.Error() + err.(*InvalidError).Hint; strings.Contains(text, pw) || strings.Contains(text, strings.ReplaceAll(pw, "%41", "A")) {
					t.Errorf("%q %+v: %s", host, o, text)
				}
			}
		}
	}
}

func TestHideUserinfo(t *testing.T) {
	for in, want := range map[string]string{
		"web1": "web1", "ops@web1": "ops@web1", "ops@web1:22": "ops@web1:22", "ssh://ops@web1:22/": "ssh://ops@web1:22/", "a@h1:22,b@h2:23": "a@h1:22,b@h2:23",
		"ops:pw@web1": "ops:…@web1", "ssh://ops:pw@web1:22": "ssh://ops:…@web1:22", "::1": "::1", "[::1]:22": "[::1]:22", "a:22@h": "a:…@h", "": "",
	} {
		if got := HideUserinfo(in, false); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := HideUserinfo("ops:pw", true); got != "ops:…" {
		t.Errorf("a login name: %q", got)
	}
}
