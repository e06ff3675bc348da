package assess_test

import (
	"math/rand/v2"
	"testing"

	"relay-shell/internal/policy/assess"
)

// flow writes scripts that put texts together and run them: what a variable holds there must be what the assessment takes it to hold, or
// not known.
type flow struct{ generator }

func (g *flow) name() string { return g.of("a", "b", "c") }

func (g *flow) lit() string {
	return g.of("rm", "rm", "echo", "echo", "ls", "true", "r", "m", "x", "rm x", "echo x", "xrm", "rmx", "RM", "echo rm x", "a", "b", "1")
}

func (g *flow) word() string {
	g.depth++
	defer func() { g.depth-- }()
	v := g.name()
	if g.depth > 4 {
		return "$" + v
	}
	switch g.IntN(34) {
	case 0, 1, 2:
		return "'" + g.lit() + "'"
	case 3:
		return g.of("echo", "true", "rm", "x")
	case 4, 5, 6:
		return "$" + v
	case 7, 8:
		return `"$` + v + `"`
	case 9:
		return "${" + v + "}" + g.of("m", "x")
	case 10:
		return "${" + v + g.of("#", "##", "%", "%%") + g.of("x", "?", "*x", "x*", "r", "echo ", "[a-z]") + "}"
	case 11:
		return "${" + v + g.of("/x/", "//x/", "/x", "//x", "/#x/r", "/%x/m", "/echo/rm", "/[e]cho/rm", "/e*o/rm", "//[xe]/", "/o/m") + "}"
	case 12:
		return "${" + v + g.of(":0:2", ":1", ": -2", ":0:-1", ":5", ":1:2") + "}"
	case 13:
		return "${" + v + g.of(",,", "^^", ",", "^", "@L", "@U", "@Q", "@E") + "}"
	case 14:
		return "${" + v + g.of(":-", "-", ":+", "+", ":=", "=") + g.of("rm", "echo", "'rm x'", "$b") + "}"
	case 15:
		return "$(echo " + g.word() + ")"
	case 16:
		return `"$(printf ` + g.of("%s", "%b", "'%s\\n'", "'%.2s'", "'%s %s'", "'%5s'", "'%-3s'") + " " + g.word() + g.of("", " "+g.word()) + `)"`
	case 17:
		return "$(cat <<< " + g.word() + ")"
	case 18:
		return g.of("{rm,x}", "{echo,rm}", "{r,x}m", "r{m,}", "{a..c}")
	case 19:
		return g.of("$1", "$2", `"$@"`, "$*", `"$*"`, "${@:2}", "${@:1:1}", "$#", "${1}x")
	case 20:
		return g.of("${a[0]}", `"${a[@]}"`, "${a[*]}", "${a[1]}", "${a[-1]}", "${a[@]:1}", `"${a[@]:0:1}"`, "${#a[@]}", "${!a[@]}", "${a[@]/x/rm}", "${a[$b]}", "${a[1-1]}")
	case 21:
		return g.of("${!c}", "${!b}", "$((1))", "$((b))", "${#a}", "$?", "$_")
	case 22:
		return g.of(`$'\162m'`, `$'rm'`, `r\m`, `r""m`, `\echo`, `$'\x72m'`, `"r"m`)
	case 23:
		return "`echo " + g.of("rm", "echo", "$a", "$b") + "`"
	case 24:
		return "$(" + g.statement() + ")"
	}
	return g.lit()
}

func (g *flow) statement() string {
	g.depth++
	defer func() { g.depth-- }()
	v := g.name()
	if g.depth > 3 {
		return v + "=" + g.word()
	}
	switch g.IntN(44) {
	case 0, 1, 2, 3, 4, 5:
		return v + g.of("=", "=", "=", "+=") + g.word()
	case 6:
		return v + g.of("=", "+=") + "(" + g.word() + " " + g.word() + ")"
	case 7:
		return g.of("a[1]=", "a[0]=", "a[b]=", "a[2]+=") + g.word()
	case 8:
		return g.of("set -- ", "set ") + g.word() + " " + g.word()
	case 9:
		return g.of("shift", "unset "+v, "IFS=x", "IFS=", "IFS=o", "unset IFS", "declare -u a", "declare -l b", "declare -n c=a", "c=a", "c=b", "set -f", "b=1", "b=0", "declare -A a", "declare -i b", "readonly c=rm", "export a")
	case 10:
		return "read " + g.of("", "-r ") + g.of(v, "a b", "-a a", "", "a b c") + " <<< " + g.word()
	case 11:
		return "printf -v " + v + " " + g.of("%s", "%s%s", "'%b'", "'%s x'") + " " + g.word() + " " + g.word()
	case 12, 13:
		return "for " + v + " in " + g.word() + " " + g.word() + "; do " + g.statement() + "; done"
	case 14:
		return "case " + g.word() + " in " + g.of("rm", "echo", "*x", "$b", "r*") + ") " + g.statement() + g.of(";;", ";&", ";;&") + " *) " + g.statement() + ";; esac"
	case 15:
		return "f() { " + g.of("local "+v+"="+g.word()+"; ", "") + g.statement() + "; }; f " + g.word() + " " + g.word()
	case 16:
		return "[ " + g.word() + " = " + g.word() + " ] " + g.of("&&", "||") + " " + g.statement()
	case 17:
		return "if [[ " + g.word() + " == " + g.word() + " ]]; then " + g.statement() + "; else " + g.statement() + "; fi"
	case 18:
		return "( " + g.statement() + " )"
	case 19:
		return g.statement() + " | " + g.statement()
	case 20, 21:
		return "eval " + g.word() + " " + g.word()
	case 22:
		return "while read " + g.of("", "-r ") + v + "; do " + g.statement() + "; done <<< " + g.word()
	case 23:
		return "sh -c " + g.word() + " " + g.word() + " " + g.word()
	case 24:
		return "echo " + g.word() + " | " + g.of("sh", "bash", "xargs", "while read a; do $a x; done", "cat", "bash -s x")
	case 25:
		return g.of("command ", "env ", "nice ", "exec ", "builtin ", "time ", "! ") + g.word() + " x"
	case 26:
		return "xargs " + g.of("", "-n1 ", "-I{} ", "-0 ") + g.word() + g.of("", " {}", " x") + " <<< " + g.word()
	case 27:
		return "trap " + g.word() + " EXIT"
	case 28:
		return "mapfile " + g.of("", "-t ", "-n 1 ") + "a <<< " + g.word()
	case 29:
		return v + "=" + g.word() + " " + g.word() + " x"
	case 30:
		return ". <(echo " + g.word() + ")"
	case 31:
		return "export " + v + "; sh -c '$" + v + " x'"
	case 32:
		return "cat << E" + g.of(" | sh", "", " | cat") + "\n" + g.word() + " x\nE\n"
	case 33:
		return ": ${" + v + ":=" + g.word() + "}"
	case 34:
		return "until " + g.statement() + "; do break; done"
	case 35:
		return g.of("(( b = 0 ))", "(( b++ ))", "let b=1", "(( b = 1 ? 0 : 1 ))")
	case 36:
		return "echo " + g.word() + " " + g.word()
	}
	return g.word() + " x"
}

func (g *flow) script() string {
	g.depth = 0
	text := ""
	for range 2 + g.IntN(4) {
		text += g.statement() + g.of("\n", "\n", "; ", " && ", " || ", "\n")
	}
	return text + ":"
}

// TestGeneratedFlows runs what flow writes and the assessment calls a read: nothing may fire.
func TestGeneratedFlows(t *testing.T) {
	box := newBox(t, "sh", "bash", "env", "nice", "xargs")
	const chunk = 1000
	t.Logf("seed %d", generatedSeed)
	g := &flow{generator{Rand: rand.New(rand.NewPCG(generatedSeed, 1))}}
	reads := 0
	for done := 0; done < generatedScripts; done += chunk {
		var texts []string
		for range chunk {
			if text := g.script(); assess.Assess(assess.Input{Text: text}).Tier == assess.Observe {
				texts = append(texts, text)
			}
		}
		reads += len(texts)
		fired, _ := box.run(t, "bash", texts)
		for _, i := range fired {
			t.Errorf("tier 0, but bash runs something of %q", texts[i])
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("%d scripts, %d of them called reads", generatedScripts, reads)
	if reads*50 < generatedScripts {
		t.Errorf("only %d of %d scripts are called reads: the test shows little", reads, generatedScripts)
	}
}
