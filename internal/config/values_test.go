package config

import (
	"math"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	tests := []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"0", 0, true}, {"90", 90 * time.Second, true}, {"30s", 30 * time.Second, true}, {"1h30m", 90 * time.Minute, true},
		{"1.5s", 1500 * time.Millisecond, true}, {"7d", 7 * day, true}, {"2w", 14 * day, true}, {"1d12h", 36 * time.Hour, true}, {"1w1d1s", 8*day + time.Second, true},
		{"", 0, false}, {"-1", 0, false}, {"-1s", 0, false}, {"+1s", 0, false}, {"1d-1h", 0, false}, {"d", 0, false}, {"1.5d", 0, false}, {"1d1w", 0, false},
		{"30 s", 0, false}, {"1y", 0, false}, {"9223372036854775807", 0, false}, {"2000000000w", 0, false}, {"106751d24h", 0, false}, {"inf", 0, false},
	}
	for _, tt := range tests {
		got, err := parseDuration(tt.in)
		if (err == nil) != tt.ok || got != tt.want && tt.ok {
			t.Errorf("%q: %v, %v", tt.in, got, err)
		}
	}
}

func TestParseSize(t *testing.T) {
	tests := []struct {
		in   string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"65536", 65536, true}, {"64KiB", 65536, true}, {"64 kib", 65536, true}, {"64k", 65536, true}, {"64kB", 64000, true},
		{"16MiB", 16 << 20, true}, {"1GB", 1e9, true}, {"1T", 1 << 40, true}, {"512B", 512, true}, {"9223372036854775807", math.MaxInt64, true},
		{"", 0, false}, {"MiB", 0, false}, {"-1", 0, false}, {"1.5MiB", 0, false}, {"1PiB", 0, false}, {"9223372036854775807KiB", 0, false}, {"0x10", 0, false}, {"1 2", 0, false},
	}
	for _, tt := range tests {
		got, err := parseSize(tt.in)
		if (err == nil) != tt.ok || got != tt.want && tt.ok {
			t.Errorf("%q: %v, %v", tt.in, got, err)
		}
	}
}

func TestFormat(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1: "1", 1024: "1KiB", 1000: "1000", 64 << 20: "64MiB", 1 << 40: "1TiB"} {
		if got := formatSize(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	for n, want := range map[int64]string{0: "0s", 90: "90s", 120: "2m", 3600: "1h", 86400: "1d", 86401: "86401s"} {
		if got := formatDuration(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"", "0", "90", "7d", "1w2d3h", "64KiB", "9223372036854775807", "\xff", "−1", "1e9", "(a|b)+", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if d, err := parseDuration(v); err == nil && d < 0 {
			t.Errorf("duration %q is %v", v, d)
		}
		if n, err := parseSize(v); err == nil && n < 0 {
			t.Errorf("size %q is %d", v, n)
		}
		for _, s := range table {
			var c Config
			l := loader{cfg: &c, src: Source{Home: "/home/u", Dir: "/"}}
			_ = l.set(s, "/", value{text: v})
		}
	})
}
