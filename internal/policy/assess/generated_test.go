package assess_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/policy/assess"
)

// generator writes scripts from a grammar: plain reads in which a dangerous command stands where a shell takes it for data. A few
// random edits then bring it, or the shells, out of step with the parser.
type generator struct {
	*rand.Rand
	depth int
}

func (g *generator) of(choices ...string) string { return choices[g.IntN(len(choices))] }

func (g *generator) danger() string {
	return g.of("rm x", "rm", ";rm x", "\nrm x\n", "$(rm x)", "`rm x`", "|rm x", "rm x #", "&& rm x")
}

func (g *generator) script() string {
	g.depth = 0
	var b strings.Builder
	for range 1 + g.IntN(3) {
		st := g.statement()
		b.WriteString(st)
		if strings.Contains(st, "#") || strings.Contains(st, "<<") {
			b.WriteString("\n")
		} else {
			b.WriteString(g.of("\n", "\n", "; ", " & ", " && ", " || ", " | ", "\n\n", ";\n", " |\n", " &&\n"))
		}
	}
	text := strings.TrimRight(b.String(), " &|;\n") + g.of("", "", "\n", "\n", " #")
	for range max(0, g.IntN(4)-1) {
		text = g.edit(text)
	}
	return text
}

func (g *generator) edit(s string) string {
	if s == "" {
		return s
	}
	i := g.IntN(len(s))
	j := min(len(s), i+1+g.IntN(6))
	switch g.IntN(4) {
	case 0:
		return s[:i] + s[j:]
	case 1:
		return s[:i] + s[i:j] + s[i:j] + s[j:]
	case 2:
		k := g.IntN(len(s) + 1)
		return s[:k] + s[i:j] + s[k:]
	}
	return s[:i] + g.of("'", `"`, `\`, "#", " #", "\n", "`", "$", "(", ")", "{", "}", "[", "]", ";", "|", "&", "<", ">", " ", "\t", "!", "\\\n", "#\\\n", "<<E\n", "\nE\n", "$'", `$"`, "$((", "))", "${", "$(", "=", "*", "~", "-", "E", "<<<", "<(", "&>", "2>", "in", "do", "esac", "fi", "=~", "case", "\r", "\\\r\n") + s[i:]
}

func (g *generator) statement() string {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth > 4 {
		return g.simple()
	}
	switch g.IntN(22) {
	case 0:
		return "if " + g.statement() + "; then " + g.statement() + g.of("\n", "; else "+g.statement()+"; ", ";") + "fi"
	case 1:
		return "for i in " + g.word() + " " + g.word() + "; do " + g.statement() + "\ndone"
	case 2:
		return "while false " + g.word() + "; do " + g.statement() + "\nbreak; done"
	case 3:
		return "case " + g.word() + " in " + g.of("a", "(a", "a|b", "*", "[a)]", `"a)"`) + ") " + g.statement() + g.of(";;", ";&", "\n;;", "\n") + " esac"
	case 4:
		return "{ " + g.statement() + "\n}"
	case 5:
		return "(" + g.statement() + "\n)"
	case 6:
		return "f() { " + g.statement() + "\n}; f " + g.word()
	case 7, 8, 9:
		return g.document()
	case 10:
		return "# " + g.of("", "it's ", `say "`, "`", "$( ") + strings.Trim(g.danger(), "\n") + g.of("", "\\") + "\n" + g.simple()
	case 11:
		return "[[ " + g.word() + " " + g.of("==", "!=", "=~", "<", ">", "-nt") + " " + g.word() + " ]]"
	case 12:
		return "(( " + g.of("1", "x", "1 > 0", "1 << 2", "a[1]", "0x1f", "2#1") + " ))"
	case 13:
		return g.statement() + " | " + g.statement()
	case 14:
		return g.of("! ", "time ", "time -p ", "coproc ", "A=1 ", "command ", "eval ") + g.simple()
	case 15:
		return g.of("a=", "b=", "a+=", "a=(", "declare a=") + g.word()
	}
	return g.simple()
}

func (g *generator) simple() string {
	var b strings.Builder
	b.WriteString(g.of("echo", "echo", "printf %s", "true", "cat", ":", "ls", "test", "e''cho"))
	for range g.IntN(4) {
		b.WriteString(g.of(" ", " ", "  ", " \\\n", "\t"))
		b.WriteString(g.word())
	}
	b.WriteString(g.of("", "", "", "", " # "+strings.Trim(g.danger(), "\n"), " <<< "+g.word(), " < /dev/null", " 2>/dev/null", " >&2", " # \\\n"))
	return b.String()
}

func (g *generator) document() string {
	end := g.of("E", "E", "EOF", "E1")
	quote := g.of(end, "'"+end+"'", `"`+end+`"`, `\`+end)
	op := g.of("<<", "<<-", "<< ")
	tab := ""
	if op == "<<-" || g.IntN(20) == 0 {
		tab = g.of("", "\t")
	}
	return "cat " + op + quote + g.of("", "", " | cat", " # rm", " a") + "\n" +
		g.of("", "\t", "\n", "text\n", "it's ", `"`, "\\\n", "$", end+" \n", " "+end+"\n", "\t"+end+"x\n") + g.of("rm x", "; rm x", "$x rm x", `\$(rm x)`, "' rm x") + "\n" + tab + end
}

func (g *generator) word() string {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth > 6 {
		return "a"
	}
	switch g.IntN(20) {
	case 0, 1:
		return "'" + strings.ReplaceAll(g.danger(), "'", "") + "'"
	case 2, 3:
		return `"` + strings.NewReplacer("$", `\$`, "`", "\\`").Replace(g.danger()) + `"`
	case 4:
		return "$'" + g.of(`\'`, `\n`, `\\`, `\x27`, `\\\'`) + " rm x'"
	case 5:
		return "$(" + g.simple() + ")"
	case 6:
		return "`echo a`"
	case 7:
		return "${x:-" + g.of("a", "'rm x'", `"a b"`, `\}`, "}rm", "a'b'") + "}"
	case 8:
		return g.of(`\;`, `\|`, `\&`, `\#`, "a#rm", `\ rm`, `\'`, `\"`, "\\`", `\$`, `\(`) + g.of("", "rm")
	case 9:
		return g.of("{a,rm}", "{1..3}", "a{b,'rm x'}", "{,rm}", "[a-z]", "[!]]", "*", "?", "~", "@(a|rm)", "!(rm)")
	case 10:
		return g.of("$((1+1))", "$((1<2))", "$[1+1]", "$(( (1) ))", "$((x[1]))")
	case 11:
		return g.of("${x}", "$x", "${#x}", "${x%a}", "${x#'#'}", "${x/a/b}", `"${x:-"rm x"}"`, "${x//\\}/rm}", "$#", "$$", "$!", "$?", "${#}", "$*")
	case 12:
		return `"$(` + g.simple() + `)"`
	case 13:
		return "<(" + g.simple() + ")"
	case 14:
		return g.word() + g.of("", "'a'", `"b"`, "c")
	}
	return g.of("a", "-n", "b.txt", "x", "in", "do", "=", "==", "a=b", "--", "if", "esac")
}

// TestGeneratedScripts runs what the generator writes and the assessment calls a read, in bash and in sh, where programs leave marks
// instead of doing harm: nothing may fire, and bash must have understood every such text to its end.
func TestGeneratedScripts(t *testing.T) {
	box := newBox(t)
	const chunk = 1000
	t.Logf("seed %d", generatedSeed)
	g := &generator{Rand: rand.New(rand.NewPCG(generatedSeed, 0))}
	reads := 0
	for done := 0; done < generatedScripts; done += chunk {
		var texts []string
		for range chunk {
			text := g.script()
			if assess.Assess(assess.Input{Text: text}).Tier == assess.Observe {
				texts = append(texts, text)
			}
		}
		reads += len(texts)
		for _, shell := range []string{"bash", "sh"} {
			fired, refused := box.run(t, shell, texts)
			for _, i := range fired {
				t.Errorf("tier 0, but %s runs something of %q", shell, texts[i])
			}
			if shell == "sh" {
				continue
			}
			for _, i := range refused {
				t.Errorf("tier 0, but bash refuses %q", texts[i])
			}
		}
		if box.looped*50 > generatedScripts/chunk+50 {
			t.Fatal("too many runs without an end")
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("%d scripts, %d of them called reads", generatedScripts, reads)
	if reads*20 < generatedScripts {
		t.Errorf("only %d of %d scripts are called reads: the test shows little", reads, generatedScripts)
	}
}

// box is a place to run texts in: namespaces of its own, marks instead of programs, apart from a few that only read or run others.
type box struct {
	dir    string
	looped int // runs that were given up
}

func newBox(t *testing.T, programs ...string) *box {
	t.Helper()
	b := &box{dir: t.TempDir()}
	for _, d := range []string{"bin", "work"} {
		if err := os.Mkdir(filepath.Join(b.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range dangerous {
		if name == "tee" || name == "dd" { // they may read
			continue
		}
		// without anything to work on they only complain
		marker := "#!/bin/sh\nfor a; do case $a in -*) ;; *) : > \"$MARKS/$N\" ;; esac; done\n"
		if err := os.WriteFile(filepath.Join(b.dir, "bin", name), []byte(marker), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range append(programs, "cat", "ls") {
		real, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, filepath.Join(b.dir, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// syntaxComplaint is what bash says of a text that it does not take; of arithmetic it says more at the end of the line.
var syntaxComplaint = regexp.MustCompile(`syntax error near|syntax error: unexpected (end|EOF)|unexpected EOF|conditional (binary|unary)|in conditional expression|unexpected argument`)

// run runs texts one after the other in a shell. It returns the numbers of those that started something dangerous, and of those whose
// syntax the shell did not take.
func (b *box) run(t *testing.T, shell string, texts []string) (fired, refused []int) {
	t.Helper()
	path, err := exec.LookPath(shell)
	if err != nil {
		t.Fatal(err)
	}
	marks, said := filepath.Join(b.dir, "marks"), filepath.Join(b.dir, "said")
	for _, d := range []string{marks, said} {
		os.RemoveAll(d)
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var script strings.Builder
	script.WriteString("ulimit -t 5 -c 0\n")
	for i, text := range texts {
		fmt.Fprintf(&script, "export N=%d; ( eval '%s' ) </dev/null >/dev/null 2>%s/%d\n", i, strings.ReplaceAll(text, "'", `'\''`), said, i)
	}
	script.WriteString("wait; : > " + marks + "/ran\n")
	before := listing(t, filepath.Join(b.dir, "work"))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", path, "-s")
	cmd.Stdin = strings.NewReader(script.String())
	cmd.Dir = filepath.Join(b.dir, "work")
	cmd.Env = []string{"PATH=" + filepath.Join(b.dir, "bin"), "HOME=" + cmd.Dir, "LC_ALL=C", "MARKS=" + marks}
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		b.looped++ // an edit has made a loop without an end
		return nil, nil
	}
	if _, e := os.Stat(filepath.Join(marks, "ran")); e != nil {
		t.Fatalf("the sandbox did not run to its end: %v\n%s", err, out)
	}
	if after := listing(t, filepath.Join(b.dir, "work")); after != before && shell == "bash" { // sh makes files of [[ a > b ]], which Assess disregards on purpose
		t.Errorf("one of %q leaves files behind: %q", texts, after)
	}
	for i := range texts {
		if _, err := os.Stat(filepath.Join(marks, fmt.Sprint(i))); err == nil {
			fired = append(fired, i)
		}
		words, err := os.ReadFile(filepath.Join(said, fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(words) {
			if syntaxComplaint.Match(line) && !bytes.Contains(line, []byte("error token is")) {
				refused = append(refused, i)
				break
			}
		}
	}
	return fired, refused
}
