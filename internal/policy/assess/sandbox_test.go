package assess_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/policy/assess"
	"relay-shell/internal/policy/corpus"
)

// TestNothingFires runs the lines that are called tier 0 where every other program that the tables know leaves a mark instead of
// doing its work, in a user, mount and network namespace of its own. Nothing that changes something may have been started.
func TestNothingFires(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	bin, marks, work := filepath.Join(dir, "bin"), filepath.Join(dir, "marks"), filepath.Join(dir, "work")
	for _, d := range []string{bin, marks, work} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	marker := "#!/bin/sh\n: > '" + marks + "'/\"${0##*/}\"\n"
	for _, name := range dangerous {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(marker), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var script strings.Builder
	for _, l := range labelled(t, corpora...) {
		if assess.Assess(assess.Input{Text: l.Command}).Tier == assess.Observe && runnable(l) {
			script.WriteString("( eval '" + strings.ReplaceAll(l.Command, "'", `'\''`) + "' ) </dev/null >/dev/null 2>&1\n")
		}
	}
	script.WriteString(": > '" + filepath.Join(dir, "ran") + "'\n")
	lines := filepath.Join(dir, "lines") // more than one argument may hold
	if err := os.WriteFile(lines, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	before := listing(t, work)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--mount-proc", bash, "--noprofile", "--norc", lines)
	cmd.Dir = work
	cmd.Env = []string{"PATH=" + bin, "HOME=" + work, "LC_ALL=C"}
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil || strings.Contains(string(out), "unshare") {
			t.Fatalf("the sandbox did not run: %v\n%s", err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err != nil {
		t.Fatalf("the sandbox did not run to its end: %v", err)
	}
	fired, err := os.ReadDir(marks)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fired {
		t.Errorf("a line of tier 0 started %s", f.Name())
	}
	if after := listing(t, work); after != before {
		t.Errorf("a line of tier 0 left files behind: %q", after)
	}
}

// dangerous are programs that no reading line starts, wrappers for them, and what would hide one.
var dangerous = strings.Fields("rm mkfs mkfs.ext4 dd shred reboot shutdown halt poweroff init telinit kill killall pkill userdel useradd usermod mv cp ln tee truncate touch mkdir chmod chown install wipefs sgdisk cryptsetup lvremove vgremove unlink rmdir sudo su doas pkexec python3 python perl ruby node php dropdb")

// runnable leaves out what would only wait, and what starts dangerous programs to look or to ask for help.
func runnable(l corpus.Line) bool {
	switch l.Class {
	case "benign:dry-run", "benign:help", "benign:inspect":
		return false
	}
	for _, w := range []string{"dd if=", "dd status", "tee ", "sleep", "watch", "tail -f", "tail -F", "-f ", "while", "until", "ping", "python", "ruby", "perl", "node", "php", "sudo", "yes", "--help", "crontab", "cryptsetup", "wipefs", "sgdisk", "journalctl", "--version", "-V", "-v"} {
		if strings.Contains(l.Command, w) {
			return false
		}
	}
	return true
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestParserAgreesWithBash compares what parses with `bash -n`: a text that bash refuses must not be called a plain read.
func TestParserAgreesWithBash(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Fatal(err)
	}
	lines := labelled(t, "commands.tsv")
	for _, extra := range []string{"ls )", "ls (", "if ls", "echo 'a", `echo "a`, "ls | ", "ls &&", "for x", "case x in", "{ ls", "ls }", "$(ls", "`ls", "((1", "[[ a", "echo ${x", "function", "ls ;; ls", "<<E\nls", "a=(1", "! ", "ls > ", "coproc", "echo $((1+", "then ls"} {
		lines = append(lines, corpus.Line{Command: extra})
	}
	for _, l := range lines {
		r := assess.Assess(assess.Input{Text: l.Command})
		if r.Tier > assess.Observe {
			continue
		}
		cmd := exec.Command("bash", "--noprofile", "--norc", "-n", "-c", l.Command)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("bash refuses %q, which is called tier 0: %s", l.Command, out)
		}
	}
}
