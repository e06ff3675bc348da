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
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute) // a second or two, on a machine with nothing else to do
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

// mistaken are texts in which the parser once was out of step with bash or sh, by TestGeneratedScripts.
var mistaken = []string{
	"(b=x\n)\r\n",
	"time -p |echo\n",
	"{ (( 00x1f ))\n}\r\n",
	"[[ b.txt]\n < == ]]\n",
	"[[ * #\\\n< b.tx=~t ]]\n",
	"# `rm x\nls  do\ntime| -p echo = # \\",
	"(cat <<-EOF\n\"\\$(rm x)\n\tEOF\n)\r\n",
	"cat >&2 && time -p & cat \\\n'$(r' | ls",
	"(printf %s  $'\\\\ rm x' <2> /dev/null\n) #",
	"# say \"`rm x`\\\ne''cho  `echo a` <2>/dev/null\ne''cho >&2\n",
	"(f() { cat { cat << \"EOF\"# rm\n$rm x\nEOF\n}; f ${x#'#'}\n)\n",
	"ls\t-n\t${x#'#'} ${#} >&2\ncat << 'EOF'#'\n EOF\n\\$(rm =~x)\nEOF",
	"e''cho \\\n$(cat) #- rm\ncat <<-#\\\n\\EOF # rm\n\\\n; rm x\n\tEOF\n",
	"(echo \\\na{b,'rm'} x'} \"$(echo < /dev/null)\" ${x#'#'} < /dev/null\n) #",
	"test <<< \"$$(echo esac # \\\n)\"\nfor i in \\&rm a; do ls  a#rm #in `rm x`\ndone\n",
	"[[ $(( (1) )) =~ #'#'} ]]\n{ printf %s <<< ${x/a/b}\n}\ncat << \"E\"\n\\\n' rm x\nE\n",
	"[[ \"&& rm x$$(rm \" -nt `echo a` ]] & (test <<< if\n)\n{ [[ esac == \"\\$(rm x)\" ]]\n}",
	"printf %s ${x:-<(\\}} || f() { # say \"rm x\ncat  a{b,,'rm x'} <<< $*\n}; f a{b,'rm x'} #",
	"cat <<-#\\\nEOF a\nit's rm x\nEOF\n{ e''cho # $(rm x)\n}\ncat << 'EOF' | cat\ntext\n' rm x\nEOF",
	"f() { ls \\\n$\\\n$(echo\t$(cat \\\na) \\\n* \\\n$((1<2)))\tesac\n}; f $'\\n r rm x'\n\ne''cho #",
	"eval :\t\"$(echo)\" \"r\"E\" m x\" <2> /dev/null | a=if &&\n(cat <<\"E\" | cat\ntext\nrm x\nE\n)",
	"(( 1 << 2  ))\n(# $( `rm x`\ne''cho\n)\n(# |rm x\ne''cho\t${x//\\}/rm}/rm} $'\\n rm x' # ;rm x\n) #",
	"f() { (( 2#1 ))\n}; f $(true >&2)\n: do \"$(true == \\\na=b \n<\\\n<(test \\\nin  $* >&2))\" ${#} #",
	"[[ $(true =  \\; \"rm x #\" 2>/dev/null) \n!= <(cat '$(rm x)' \\\n${x:-\\}}\t~'a' < /dev/ev/null) ]] #",
	"cat <<-'E' # rm\ntext\n\\$(rm x)\n\tE\n# `rm\n# `rm\nprintf %s \\\n$\\\n$((x[1]))\t`echo a`  x # ;rm x\n",
	"[[ == -nt \\$ ]]\n{ e''cho b.txt \\\n\"\nrm x\n\"\t\\(\n} & e''cho\t\"&& rm x\"\t${x:-${x:-<(}rm}\t= # rm x",
	"[[ $'\\n rm x' != $(echo\t'rm x #' ==) ]]\necho  $((x[1]))  do <<< {,rm}\ncase = in *) () (( 1 << 2 ))\n esac #",
	"printf %s \\\n$# # \\\n\n(f() { time -p e''cho * \\\n<(echo < /dev/null)\t$[1+1]\n}; f a=b\n); [[ $((1<2))\n == $'\\x27 rm x' ]]\n",
	"echo \\\n$\\\n$'\\' ))rm x' ';rm x' [!]] < /dev/null & e''cho  \"$(test  \"rm\" \\\n-n ~ <<< ${x:-}rm})\"\t${x/a/b} $(e''cho\t\";rm x\") >&2 #",
	"f() { if [[ '|rm x' =~ = ]]; then ls -- ${x//\\}/rm} -n\nfi\n}; f $'\\\\\\' rm x' |\n# it's `rm x`\necho\t\"rm x\" < /dev/null\ntest = $(( (1) ))\n",
	"if coproc true  \"rm x #\" < /dev/null; then echo 2>/dev/null;fi\n# `;rm x\ne''cho\ne''cho \"$$(test <(cat # |rm x)'a'\t$(:  a=b $((x[1]))  $))  $(echo) <<< \\;) 2>/dev/null)\" < /dev/null #",
	"echo ${x/a<(/b}", "case x in *) () (cat)\n;; esac", "time -p |echo", `echo "${x:-"a<( b"}"`,
	"echo <<!(rm) a\nrm\n!(rm)", "cat |# \\\n\ntime -p cat a", "sh -c ${b-'rm x'}", "a=; sh -c ${a+'rm x'}",
	"[[ x == @($(rm)) ]]", "[[ x == !(r' rm) ]]' ]]",
	"a[1]='rm x'; sh -c ${a@Q} \"${a[@]}\"",
	"a=(x)#;reboot", "echo $(>/etc/motd)", "echo \"$(2>x)\"", "declare -a a=(b)#; rm x", "[[ $'\\' rm x' == '\nrm x\n' ]] | cat",
}

func TestMistaken(t *testing.T) {
	t.Parallel()
	for _, text := range mistaken {
		if r := assess.Assess(assess.Input{Text: text}); r.Tier == assess.Observe {
			t.Errorf("%q is called a read", text)
		}
	}
}
