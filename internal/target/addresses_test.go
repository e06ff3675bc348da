package target

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"

	"relay-shell/internal/sshbin/dest"
)

func TestAddresses(t *testing.T) {
	asked := map[string]int{}
	a := &addresses{known: map[string]answer{}, lookup: func(_ context.Context, host string) ([]string, error) {
		asked[host]++
		switch host {
		case "both.example":
			return []string{"192.0.2.7", "::ffff:192.0.2.8", "2001:db8::1"}, nil
		case "gone.example":
			return nil, &net.DNSError{IsNotFound: true}
		}
		return nil, &net.DNSError{IsTimeout: true}
	}}
	hop := func(host string) dest.Hop { return dest.Hop{Hostname: host, Resolved: &dest.Resolved{Hostname: host}} }
	for _, test := range []struct {
		name string
		r    dest.Resolved
		want []string // all of them are there
		code string
	}{
		{"every address, every spelling", dest.Resolved{Hostname: "both.example"}, []string{"192.0.2.7", "192.0.2.8", "2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001"}, ""},
		{"a name that does not exist", dest.Resolved{Hostname: "gone.example"}, nil, ""},
		{"no answer", dest.Resolved{Hostname: "slow.example"}, nil, "dns"},
		{"the jump host's", dest.Resolved{Hostname: "gone.example", Jump: []dest.Hop{hop("both.example")}}, []string{"192.0.2.7"}, ""},
		{"the second jump host's", dest.Resolved{Hostname: "gone.example", Jump: []dest.Hop{hop("gone.example"), hop("both.example")}}, []string{"192.0.2.7"}, ""},
		{"no answer for the first hop", dest.Resolved{Hostname: "gone.example", Jump: []dest.Hop{hop("slow.example")}}, nil, "dns"},
		{"no answer for a name that only the jump host needs", dest.Resolved{Hostname: "slow.example", Jump: []dest.Hop{hop("both.example")}}, []string{"192.0.2.7"}, ""},
		{"no answer for a name that only the proxy needs", dest.Resolved{Hostname: "slow.example", ProxyCommand: "nc"}, nil, ""},
	} {
		got, err := a.of(t.Context(), &test.r)
		var coded interface{ ErrorCode() string }
		if test.code != "" && (!errors.As(err, &coded) || coded.ErrorCode() != test.code) || test.code == "" && err != nil {
			t.Errorf("%s: error %v, want %q", test.name, err, test.code)
		}
		for _, want := range test.want {
			if !slices.Contains(got, want) {
				t.Errorf("%s: %q misses %s", test.name, got, want)
			}
		}
	}
	if asked["both.example"] != 1 || asked["gone.example"] != 1 || asked["slow.example"] < 2 {
		t.Errorf("asked %v: answers are used again, failures are not", asked)
	}
}
