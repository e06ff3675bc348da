package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const (
	denyReboot = "[[rule]]\nname = \"a\"\neffect = \"deny\"\nprogram = [\"reboot\"]\n"
	denyHalt   = "[[rule]]\nname = \"b\"\neffect = \"deny\"\nprogram = [\"halt\"]\n"
)

// TestRulesFileIsReplaced puts what is no rules file in its place, and then the file again: the rules hold all the time, no call waits, and the problem
// is gone with its cause.
func TestRulesFileIsReplaced(t *testing.T) {
	p := writeRules(t, denyReboot)
	e := engine(t, Options{RulesFile: p})
	held := p + ".held"
	other := filepath.Join(t.TempDir(), "other.toml")
	if err := os.WriteFile(other, []byte(denyHalt), 0o600); err != nil {
		t.Fatal(err)
	}
	loose := filepath.Join(t.TempDir(), "loose.toml")
	if err := os.WriteFile(loose, []byte(denyHalt), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(loose, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		place   func() error
		problem bool
		halt    Effect
	}{
		{"nothing", func() error { return nil }, true, Allow},
		{"a directory", func() error { return os.Mkdir(p, 0o700) }, true, Allow},
		{"a pipe", func() error { return syscall.Mkfifo(p, 0o600) }, true, Allow},
		{"a device", func() error { return os.Symlink("/dev/zero", p) }, true, Allow},
		{"a link to itself", func() error { return os.Symlink(p, p) }, true, Allow},
		{"a link to a file that all may write", func() error { return os.Symlink(loose, p) }, true, Allow},
		{"a link to other rules", func() error { return os.Symlink(other, p) }, true, Deny}, // a change, which is told
		{"one that is too long", func() error { return os.WriteFile(p, []byte(strings.Repeat("#", maxRulesFile+1)), 0o600) }, true, Allow},
		{"NUL bytes", func() error { return os.WriteFile(p, make([]byte, 100), 0o600) }, true, Allow},
		{"a first half", func() error { return os.WriteFile(p, []byte(denyHalt[:len(denyHalt)-3]), 0o600) }, true, Allow},
	} {
		if err := os.Rename(p, held); err != nil {
			t.Fatal(err)
		}
		if err := c.place(); err != nil {
			t.Fatal(err)
		}
		effect := func(command string) Effect { return decide(e, Subject{Text: command}, Who{}).Effect }
		if reboot, halt := effect("reboot"), effect("halt"); reboot != Deny || halt != c.halt || len(e.Problems()) > 0 != c.problem {
			t.Errorf("%s: reboot %s, halt %s, problems %q", c.name, reboot, halt, e.Problems())
		}
		_ = os.Remove(p)
		if err := os.Rename(held, p); err != nil {
			t.Fatal(err)
		}
		if reboot, halt := effect("reboot"), effect("halt"); reboot != Deny || halt != Allow || len(e.Problems()) > 0 {
			t.Errorf("after %s: reboot %s, halt %s, problems %q", c.name, reboot, halt, e.Problems())
		}
	}
}

// TestManyRules has 10,000 rules, the last of which counts, and patterns that are slow in other engines.
func TestManyRules(t *testing.T) {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, "[[rule]]\nname=\"r%d\"\neffect=\"deny\"\nargs='^p%d (a|a)*b$'\n", i, i)
	}
	e := engine(t, Options{RulesFile: writeRules(t, b.String())})
	if d := decide(e, Subject{Text: "p9999 " + strings.Repeat("a", 200) + "b"}, Who{}); d.Rule != "r9999" {
		t.Errorf("%+v", d)
	}
	if d := decide(e, Subject{Text: "p9999 " + strings.Repeat("a", 5000) + "c"}, Who{}); d.Effect != Allow {
		t.Errorf("%+v", d)
	}
	for _, hostile := range []string{`(a{1000}){1000}`, `((a{100}){100}){100}`, `(`, `\1`, `(?=a)`, `[z-a]`, "a**", `\p{Nope}`} {
		if _, err := New(Options{RulesFile: writeRules(t, "[[rule]]\nname=\"a\"\neffect=\"deny\"\nargs='"+hostile+"'\n")}); err == nil || !strings.Contains(err.Error(), "rule 1 (a)") {
			t.Errorf("%s: %v", hostile, err)
		}
	}
}

// TestRulesWhileTheyChange decides while the file is replaced over and over by one that has what the rules of the start have, and more.
func TestRulesWhileTheyChange(t *testing.T) {
	p := writeRules(t, denyReboot)
	e := engine(t, Options{RulesFile: p})
	first := e.Version()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				if d := decide(e, Subject{Text: "reboot"}, Who{}); d.Effect != Deny || !strings.HasPrefix(d.RulesVersion, first) {
					t.Errorf("%+v", d)
				}
			}
		})
	}
	for i := range 100 {
		next := filepath.Join(filepath.Dir(p), "next")
		if err := os.WriteFile(next, []byte(strings.Repeat("#", i)+"\n"+denyHalt), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, p); err != nil {
			t.Fatal(err)
		}
	}
	group.Wait()
	if d := decide(e, Subject{Text: "halt"}, Who{}); d.Effect != Deny || d.RulesVersion == first {
		t.Errorf("%+v", d)
	}
}
