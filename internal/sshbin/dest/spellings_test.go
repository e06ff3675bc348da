package dest

import (
	"net/netip"
	"slices"
	"testing"
)

func TestSpellings(t *testing.T) {
	for host, want := range map[string][]string{
		"Web1.":                  {"Web1.", "web1"},
		"2130706433":             {"2130706433", "127.0.0.1"},
		"0x7f000001":             {"0x7f000001", "127.0.0.1"},
		"0X7F.1":                 {"0X7F.1", "0x7f.1", "127.0.0.1"},
		"0177.0.0.1":             {"0177.0.0.1", "127.0.0.1"},
		"127.1":                  {"127.1", "127.0.0.1"},
		"10.1.2":                 {"10.1.2", "10.1.0.2"},
		"10.0.0.5":               {"10.0.0.5"},
		"0":                      {"0", "0.0.0.0", "127.0.0.1"},
		"::ffff:10.0.0.5":        {"::ffff:10.0.0.5", "10.0.0.5"},
		"::ffff:a00:5":           {"::ffff:a00:5", "::ffff:10.0.0.5", "10.0.0.5"},
		"FE80::1%eth0":           {"FE80::1%eth0", "fe80::1%eth0", "fe80::1", "fe80:0000:0000:0000:0000:0000:0000:0001"},
		"0:0:0:0:0:0:0:1":        {"0:0:0:0:0:0:0:1", "::1", "0000:0000:0000:0000:0000:0000:0000:0001"},
		"::":                     {"::", "0000:0000:0000:0000:0000:0000:0000:0000", "::1"},
		"256.1.1.1":              {"256.1.1.1"},
		"4294967296":             {"4294967296"},
		"1.2.3.4.5":              {"1.2.3.4.5"},
		"08.1.1.1":               {"08.1.1.1"},
		"99999999999999999999.1": {"99999999999999999999.1"},
	} {
		if got := Spellings(host); !slices.Equal(got, want) {
			t.Errorf("Spellings(%q) = %q, want %q", host, got, want)
		}
	}
}

func FuzzSpellings(f *testing.F) {
	for _, s := range []string{"127.1", "0x", "::ffff:1.2.3.4", "a.b", "...", "0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		names := Spellings(host)
		if len(names) == 0 || names[0] != host {
			t.Errorf("%q: %q does not begin with what was given", host, names)
		}
		if addr, err := netip.ParseAddr(host); err == nil && !slices.Contains(names, addr.Unmap().WithZone("").String()) {
			t.Errorf("%q: %q lacks the canonical address", host, names)
		}
	})
}
