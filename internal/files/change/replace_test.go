package change

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReplace(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		r          Replacement
		want       string
		crlf       bool
	}{
		{"one", "a b a", Replacement{Old: "b", New: "c"}, "a c a", false},
		{"two", "a b a", Replacement{Old: "a", New: "", Count: 2}, " b ", false},
		{"none at the end", "x\ny", Replacement{Old: "y", New: "z"}, "x\nz", false},
		{"lines", "x\ny\nz\n", Replacement{Old: "x\ny\n", New: "q\n"}, "q\nz\n", false},
		{"crlf", "x\r\ny\r\nz\r\n", Replacement{Old: "x\ny\n", New: "q\nr\n"}, "q\r\nr\r\nz\r\n", true},
		{"crlf given", "x\r\ny\r\n", Replacement{Old: "x\r\ny", New: "q"}, "q\r\n", false},
		{"crlf without an end", "x\r\ny", Replacement{Old: "y", New: "a\nb"}, "x\r\na\r\nb", true},
		{"mixed ends are left alone", "x\r\ny\nz\n", Replacement{Old: "y\nz", New: "a\nb"}, "x\r\na\nb\n", false},
		{"dollars mean nothing", "a", Replacement{Old: "a", New: "$1\\1"}, "$1\\1", false},
		{"bytes", "a\xff\x00b", Replacement{Old: "b", New: "c"}, "a\xff\x00c", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, crlf, err := tt.r.Apply([]byte(tt.text))
			if err != nil || string(got) != tt.want || crlf != tt.crlf {
				t.Errorf("%q, %v, %v; want %q, %v", got, crlf, err, tt.want, tt.crlf)
			}
		})
	}
}

func TestMismatch(t *testing.T) {
	for _, tt := range []struct {
		name, text, old string
		count           int
		want            *MismatchError
		hint            string
	}{
		{"too many", "a\nb a\n\na", "a", 1, &MismatchError{Found: 3, Want: 1, Lines: []int{1, 2, 4}}, "count=3"},
		{"too few", "a\n", "a", 2, &MismatchError{Found: 1, Want: 2, Lines: []int{1}}, "count=1"},
		{"blanks", "x\n  Port   22\n", "Port 22", 1, &MismatchError{Want: 1, Near: []Near{{2, "  Port   22", "only blanks or line ends are different"}}}, "exactly"},
		{"case", "x\nport 22\n", "Port 22", 1, &MismatchError{Want: 1, Near: []Near{{2, "port 22", "upper and lower case are different"}}}, "exactly"},
		{"alike", "zzz\nPermitRootLogin yes\n", "PermitRootLogin no", 1, &MismatchError{Want: 1, Near: []Near{{2, "PermitRootLogin yes", "it is only alike"}}}, "exactly"},
		{"second line", "a\nb\n", "a\nc\n", 1, &MismatchError{Want: 1, Near: []Near{{1, "a", "its first line is here, but not with the lines, blanks or line ends that follow in old"}}}, "exactly"},
		{"nothing", "alpha\n", "omega delta", 1, &MismatchError{Want: 1}, "file_read"},
		{"an empty file", "", "x", 1, &MismatchError{Want: 1}, "file_read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Replacement{Old: tt.old, New: "new", Count: tt.count}.Apply([]byte(tt.text))
			var got *MismatchError
			if !errors.As(err, &got) {
				t.Fatalf("%v", err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if !strings.Contains(got.ErrorHint(), tt.hint) {
				t.Errorf("hint %q lacks %q", got.ErrorHint(), tt.hint)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"a line", "a\nb\nc\n", "a\nB\nc\n", "--- /f\n+++ /f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		{"no end", "a", "a\n", "--- /f\n+++ /f\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		{"same", "a", "a", ""},
		{"binary", "a\x00", "b", "binary content differs: 2 bytes before, 1 after\n"},
	} {
		if got := Diff("/f", []byte(tt.before), []byte(tt.after), 1000); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	long := Diff("/f", []byte("a\n"), []byte(strings.Repeat("line\n", 1000)), 200)
	if len(long) > 250 || !strings.HasSuffix(long, "bytes]\n") || !strings.Contains(long, "+line\n[the diff goes on for ") {
		t.Errorf("a long diff is %q", long)
	}
}

// FuzzReplace holds that a replacement that is taken back gives the text that was there, unless the new text was in it already.
func FuzzReplace(f *testing.F) {
	f.Add("a\r\nb\r\n", "a\nb", "c\nd")
	f.Add("x y z", "y", "")
	f.Fuzz(func(t *testing.T, text, old, replacement string) {
		if old == "" {
			return
		}
		changed, crlf, err := Replacement{Old: old, New: replacement}.Apply([]byte(text))
		if err != nil || replacement == "" || crlf {
			return
		}
		back, _, err := Replacement{Old: replacement, New: old}.Apply(changed)
		if err == nil && string(back) != text && !allCRLF(changed) && !allCRLF([]byte(text)) && strings.Count(string(changed), replacement) == 1 && !strings.Contains(text, replacement) {
			t.Errorf("%q: %q -> %q gives %q, back %q", text, old, replacement, changed, back)
		}
	})
}
