package policy

import (
	"strings"
	"testing"
)

func TestUnfinished(t *testing.T) {
	for _, text := range []string{"rm -r\\\n", "echo 'a\n", "echo \"a\n", "if true\n", "if true; then\nrm x\n", "cat <<EOF\nx\n", "f() {\n", "( ls\n", "ls |\n", "ls &&\n", "echo $(ls\n", "echo `ls\n", "for x in a\n", "case x in\n", "[[ a\n", "a=(\n"} {
		if !Unfinished(text) {
			t.Errorf("%q is finished", text)
		}
	}
	for _, text := range []string{"ls\n", "echo 'a\nb'\n", "if true; then ls; fi\n", "cat <<EOF\nx\nEOF\n", "f() { ls; }\n", "ls \\\\\n", ")\n", "\n", "ls; fi\n", "# it's\n"} {
		if Unfinished(text) {
			t.Errorf("%q is unfinished", text)
		}
	}
}

func FuzzUnfinished(f *testing.F) {
	f.Add("rm -r\\\n")
	f.Add("cat <<EOF\n")
	f.Fuzz(func(t *testing.T, text string) {
		if Unfinished(text) && strings.TrimSpace(text) == "" {
			t.Errorf("%q is unfinished", text)
		}
	})
}

// TestOr: the worst of what a text may be counts, and deny patterns see all of it.
func TestOr(t *testing.T) {
	s := Subject{Tool: "session_send", Text: "f /srv", Or: []string{"rm -rf /srv"}, Session: true}
	if a := Assess(s); a.Tier != Irreversible {
		t.Errorf("tier %d", a.Tier)
	}
	e, err := New(Options{Deny: `^rm\b`})
	if err != nil {
		t.Fatal(err)
	}
	if _, denied := e.Deny(s); !denied {
		t.Error("the deny pattern did not see it")
	}
	if text := Render(s, Assess(s)); !strings.Contains(text, "rm -rf /srv") {
		t.Error(text)
	}
}
