package view

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLiteral(t *testing.T) {
	for pattern, want := range map[string]string{
		"needle": "needle", "^Port (22|2022)$": "Port ", "(?i)needle": "", "a|b": "", "(foo)+bar": "foo", "x*longer.*no": "longer", "[ab]c": "", "(": "", `\bword\b`: "word", "a": "", `a\nb`: "",
		"(abc)?de": "de", "(?:abc){0}de": "de", "(abc){2,3}": "abc",
	} {
		if got := Literal(pattern); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

// FuzzLiteral holds that whatever matches holds the literal.
func FuzzLiteral(f *testing.F) {
	f.Add("(foo)+b?r", "foofoobr")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return
		}
		if l := Literal(pattern); l != "" && re.MatchString(text) && !strings.Contains(text, l) {
			t.Errorf("%q matches %q without %q", pattern, text, l)
		}
	})
}

func FuzzParseCandidates(f *testing.F) {
	f.Add("/a\n#\n/b\nc\x00#\n3\ncandidates end\n")
	f.Fuzz(func(t *testing.T, out string) {
		if _, large, ok := ParseCandidates(out); ok && !strings.HasSuffix(out, candidatesEnd+"\n") {
			t.Errorf("%q: %d", out, large)
		}
	})
}

func TestCandidates(t *testing.T) {
	dir := t.TempDir() + "/it's $(x)"
	write(t, dir+"/a", "has the needle")
	write(t, dir+"/b", "has none")
	write(t, dir+"/-rf", "needle")
	write(t, dir+"/#", "needle")
	write(t, dir+"/new\nline/#\n", "unread")
	write(t, dir+"/big", strings.Repeat("needle", 100))
	os.Symlink(dir+"/a", dir+"/link")
	out, err := exec.Command("/bin/sh", "-c", CandidateScript(dir, "needle", 100)).Output()
	if err != nil {
		t.Fatal(err)
	}
	paths, large, ok := ParseCandidates(string(out))
	want := []string{dir + "/#", dir + "/-rf", dir + "/a", dir + "/new\nline/#\n"}
	slices.Sort(want)
	if d := cmp.Diff(want, paths); d != "" || large != 1 || !ok {
		t.Errorf("%s large=%d ok=%v\n%q", d, large, ok, out)
	}
	if _, _, ok := ParseCandidates(string(out[:len(out)-1])); ok {
		t.Error("an end that was cut off is one")
	}
}
