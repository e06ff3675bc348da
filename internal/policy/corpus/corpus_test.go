package corpus

import (
	"os"
	"strings"
	"testing"

	"relay-shell/internal/policy/assess"
)

func read(t *testing.T, name string) []Line {
	t.Helper()
	f, err := os.Open("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := Read(f)
	if err != nil {
		t.Fatal(name, err)
	}
	return lines
}

func rate(command string) assess.Result { return assess.Assess(assess.Input{Text: command}) }

// TestTargets holds the assessment against every labelled line there is.
func TestTargets(t *testing.T) {
	for _, name := range []string{"commands.tsv", "own.tsv", "fresh.tsv", "attack.tsv", "fresh2-shell.tsv", "fresh2-programs.tsv", "fresh3-programs.tsv", "fresh4-programs.tsv", "fresh5-shell.tsv", "fresh5-evaders.tsv", "fresh5-corpus.tsv", "fresh5-operators.tsv", "fresh5-families.tsv", "fresh6-corpus.tsv", "fresh6-operators.tsv", "fresh6-evaders.tsv", "fresh6-agents.tsv"} {
		t.Run(name, func(t *testing.T) {
			r := Score(read(t, name), rate)
			if !r.OK() || testing.Verbose() {
				r.Write(t.Output())
			}
			if !r.OK() {
				t.Error("the targets are missed")
			}
		})
	}
}

func TestScore(t *testing.T) {
	lines, err := Read(strings.NewReader("expected_tier\tclass\tcommand\n# remark\n\n0\tread\ta\n3\tdisk\tb\n0\tsensitive-read\tc\n1\tbenign:local\td\n0\tsensitive-read\te\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]assess.Tier{"a": 1, "b": 1, "c": 2, "d": 2, "e": 3}
	r := Score(lines, func(c string) assess.Result { return assess.Result{Tier: got[c], ParseError: "because"} })
	if r.Lines != 5 || r.Under != 1 || r.Over != 3 || r.OK() {
		t.Errorf("%+v", r.Counts)
	}
	if want := [4][4]int{{0, 1, 0, 1}, {0, 0, 1, 0}, {}, {0, 1, 0, 0}}; r.Table != want {
		t.Errorf("table %v, want %v", r.Table, want)
	}
	if len(r.Failed) != 3 {
		t.Errorf("failed: %q", r.Failed)
	}
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"line 5     under want 3 got 1", "missed: 1 of tier 3 are called 1", "disk                            1      1      0"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
	perfect := Score(lines, func(c string) assess.Result { return assess.Result{Tier: map[string]assess.Tier{"b": 3, "d": 1}[c]} })
	if !perfect.OK() {
		t.Errorf("a perfect score is not OK: %+v", perfect)
	}
	under := Score(lines[:1:1], func(string) assess.Result { return assess.Result{} })
	if !under.OK() {
		t.Error("a read at 0 fails")
	}
	two := append([]Line{}, Line{Tier: 2, Class: "x", Command: "y"})
	if r := Score(two, func(string) assess.Result { return assess.Result{Tier: 1} }); r.OK() || len(r.Failed) != 0 {
		t.Errorf("an under-rated line passes: %+v", r)
	}
}

// TestReadTakesFilesOfWindows has a byte order mark, a header, carriage returns and no newline at the end.
func TestReadTakesFilesOfWindows(t *testing.T) {
	lines, err := Read(strings.NewReader("\ufeffexpected_tier\tclass\tcommand\r\n0\tread\tls\r\n\r\n3\tx\treboot\tand why"))
	if err != nil || len(lines) != 2 || lines[0].Command != "ls" || lines[1].Command != "reboot" || lines[1].Number != 4 {
		t.Errorf("%+v, %v", lines, err)
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"4\tx\ty":          "line 1: the expected tier",
		"0\tread\tls\n0 x": "line 2: 1 columns",
		"0\tr\t\\q":        `unknown escape \q`,
		"0\tr\ta\\":        "a backslash at the end",
		"0\tr\t\\u12":      `\u without four`,
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`a\\nb`, `\t\r\n`, `\u202e\u00e9`, "plain", "\x00\x7f\u202e", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if back, err := Decode(Encode(s)); err != nil || back != s {
			t.Errorf("%q came back as %q (%v)", s, back, err)
		}
		if text, err := Decode(s); err == nil {
			if again, err := Decode(Encode(text)); err != nil || again != text {
				t.Errorf("%q: %q, %v", text, again, err)
			}
		}
	})
}
