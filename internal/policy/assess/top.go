package assess

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// Version names the tables and the reading of them. It is part of every audit record.
const Version = "1"

// Assess reads an input as bash and as a POSIX shell and returns the higher of both.
func Assess(in Input) Result {
	res := assessAs(in, syntax.LangBash)
	if in.Text == "" && (in.Script == "" || !isShell(in.Interpreter)) || res.Refused || res.Tier == Irreversible || !differs(in.Text+in.Script) {
		return res
	}
	posix := assessAs(in, syntax.LangPOSIX)
	faulty := posix.ParseError != "" && res.ParseError == ""
	res.raise(posix, faulty)
	if plain := plainDollars.Replace(in.Text + in.Script); faulty && plain != in.Text+in.Script {
		// The fault may be no more than an expansion that such a shell knows when it gets there: the quotes matter all the same.
		quoted := in
		quoted.Text, quoted.Script = plainDollars.Replace(in.Text), plainDollars.Replace(in.Script)
		res.raise(assessAs(quoted, syntax.LangBash), true)
	}
	return res
}

// raise takes over what another reading of the same text found, if that is worse. A shell stops at a fault that bash does not see: only
// what it runs before that counts.
func (r *Result) raise(other Result, faulty bool) {
	if faulty {
		other.Reasons = slices.DeleteFunc(other.Reasons, func(r Reason) bool { return r.Rule == "parse" || r.Rule == "bounds" || r.Rule == "opaque" })
		other.Tier = Observe
		for _, r := range other.Reasons {
			other.Tier = max(other.Tier, r.Tier)
		}
	}
	// A stray file is the least that a POSIX shell makes of bash's own constructs ([[ a > b ]], (( n > 5 ))): that alone would only
	// blur what bash does.
	if other.Tier > r.Tier && (other.Tier > Reversible || slices.ContainsFunc(other.Reasons, func(r Reason) bool { return r.Tier == Reversible && r.Rule != "redirect" })) {
		r.Tier, r.Reasons = other.Tier, other.Reasons
	}
	r.Sensitive = r.Sensitive || other.Sensitive
}

// plainDollars writes $'…' and $"…" as a shell reads them that does not know them: a dollar, and quotes.
var plainDollars = strings.NewReplacer("$'", `\$'`, `$"`, `\$"`)

// differs reports whether a text may mean something else to a POSIX shell than to bash.
func differs(text string) bool {
	for _, s := range []string{"{", "$'", `$"`, "[[", "((", "<(", ">(", "&>", "|&", "function", "coproc", "select", "time", "<<<", "=(", "declare", "local", "let", "typeset", ">&"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

func isShell(interpreter string) bool {
	switch base(interpreter) {
	case ".", "bash", "sh", "dash", "ash", "ksh", "zsh", "mksh", "busybox":
		return true
	}
	return false
}

func assessAs(in Input, lang syntax.LangVariant) Result {
	watch, release := newStopwatch(maxTime)
	defer release()
	m := newMachine(lang, watch)
	m.expressions = lang == syntax.LangPOSIX && strings.Contains(in.Text+in.Script, "((")
	sc := newScope()
	sc.dir = lit(in.Dir)
	sc.hasArgs = false
	switch {
	case in.AnyStdin:
		sc.stdin, sc.fed = str{unk, fromData}, true
	case in.Stdin != "":
		sc.stdin, sc.fed = lit(in.Stdin), true
	}
	for _, v := range in.Env {
		sc.setText(v.Name, lit(v.Value))
		m.environment(v.Name, lit(v.Value), sc)
	}
	switch {
	case in.Text != "":
		m.guarded(in.Text, sc)
	case len(in.Argv) > 0:
		m.argv(in.Argv, sc)
	case in.Script != "":
		m.script(in, sc)
	}
	for _, t := range m.traps {
		m.shell(t, sc.fork())
	}
	m.uncalled(sc)
	if m.commands > manyCommands || len(in.Text)+len(in.Script) > manyBytes {
		m.complex("more commands than anybody reads")
	}
	return Result{
		Tier: m.tier, Sensitive: m.sensitive, Reasons: m.reasons,
		ParseError: m.parseErr, TooComplex: m.tooMuch != "", Refused: m.refused,
	}
}

// From these on a text is at least stateful and a person should see it: padding hides what matters.
const (
	manyCommands = 50
	manyBytes    = 10_000
)

// guarded follows a text from outside, after a look at its characters.
func (m *machine) guarded(text string, sc *scope) {
	clean, why := hidden(text)
	if why != "" {
		m.note(Reason{Text: text, Rule: "characters", Tier: Stateful, Why: why})
	}
	if tooLong := tooNested(clean); tooLong != "" {
		m.refused = true
		m.tooMuch = tooLong
		m.note(Reason{Text: firstOf(clean), Rule: "bounds", Tier: Irreversible, Why: tooLong})
		return
	}
	m.source(lit(clean), sc)
}

func firstOf(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

func (m *machine) argv(argv []string, sc *scope) {
	args := make([]arg, len(argv))
	for i, s := range argv {
		clean, why := hidden(s)
		if why != "" {
			m.note(Reason{Text: s, Rule: "characters", Tier: Stateful, Why: why})
		}
		args[i] = word(clean)
	}
	m.commands++
	c := &call{m: m, sc: sc, args: args, text: showAll(args), stdin: sc.stdin, fed: sc.fed}
	c.run()
}

// script follows a script that an interpreter is given as a file.
func (m *machine) script(in Input, sc *scope) {
	if isShell(in.Interpreter) {
		sc.hasArgs = true
		m.guarded(in.Script, sc)
		return
	}
	clean, why := hidden(in.Script)
	if why != "" {
		m.note(Reason{Text: firstOf(clean), Rule: "characters", Tier: Stateful, Why: why})
	}
	m.commands++
	name := base(in.Interpreter)
	c := &call{m: m, sc: sc, args: append(words(name, "-c"), arg{str: lit(clean)}), text: in.Interpreter, stdin: sc.stdin, fed: sc.fed}
	if g := lookup(name); g != nil && g.attrs["hook"] == "interpreter" {
		c.rate(Stateful, "script", "a script in another language")
		c.code(name, lit(clean))
	} else {
		c.rate(Irreversible, "script", "a script for an interpreter that is not known")
	}
	c.finish(len(m.reasons))
}

// hidden returns the text without what a shell or a person does not see, and says what that was. The markers of unknown text
// must not come from outside.
func hidden(text string) (clean, why string) {
	if !utf8.ValidString(text) {
		why = "it is not valid UTF-8"
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '\r' && strings.HasPrefix(text[i:], "\r\n"):
			if i > 0 && text[i-1] == '\\' { // the backslash protects this, and so the line ends here
				b.WriteByte(' ')
			}
			if i+2 < len(text) || endsSyntax(b.String()) {
				why = "its lines end in carriage returns, which a shell takes for part of the words"
			}
			continue
		case r == '\r':
			why = "it has a carriage return"
			b.WriteByte('\n')
			continue
		case r < 0x20 && r != '\t' && r != '\n' || r == 0x7f:
			why = "it has control characters"
			continue
		case r >= 0x80 && r < 0xa0, unicode.Is(unicode.Bidi_Control, r), zeroWidth(r):
			why = "it has characters that nobody sees"
		case r == 0xa0 || r > 0x7f && unicode.Is(unicode.Zs, r):
			why = "it has a space that is none to a shell"
		}
		b.WriteRune(r)
	}
	return b.String(), why
}

// endsSyntax reports whether a text ends in a word or sign of the shell itself, which what is attached to it changes.
func endsSyntax(text string) bool {
	last := text[strings.LastIndexAny(text, " \t\n;&|()<>{}")+1:]
	return last == "" || reservedWords[last]
}

func zeroWidth(r rune) bool {
	return r >= 0x200b && r <= 0x200d || r == 0x2060 || r == 0xfeff || r == 0x00ad || r == 0x180e || r >= 0xe0000 && r <= 0xe007f || unicode.Is(unicode.Cf, r)
}
