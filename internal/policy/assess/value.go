package assess

import (
	"path"
	"strings"
)

// unk stands inside a text for any text that is not known before the command runs. NUL can be in no shell word, so it
// never stands for itself. home stands at the start of a path for the caller's home directory.
// nul stands for the byte 0 in what a program prints; shells drop it.
const (
	unk  = "\x00"
	nul  = "\x01"
	home = "\x03"
)

// taint says where a text came from, as far as that matters when it is run or sent.
type taint uint16

const (
	fromNet      taint = 1 << iota // fetched from the network
	fromSecret                     // holds keys, passwords or the like
	fromData                       // the output of a program: may be anything, in any number of words
	fromFiles                      // names of files that exist
	ofSecrets                      // names of files that hold keys, passwords or the like
	fromPieces                     // a part, chosen at run time, of text that stands in the command itself
	ofFile                         // what a file holds that the text names: unseen, but no more than a script is
	fromVariable                   // of a variable whose name says that it is a password or token
)

// anySecret is a secret wherever it came from.
const anySecret = fromSecret | fromVariable

// str is a text of which parts may be unknown.
type str struct {
	s string
	t taint
}

var unknown = str{s: unk}

func lit(s string) str { return str{s: s} }

func (a str) add(b str) str { return str{limit(a.s + b.s), a.t | b.t} }

func (a str) known() bool { return !strings.Contains(a.s, unk) }

func (a str) tainted(t taint) bool { return a.t&t != 0 }

// maxText bounds every text that is worked out, so that doubling variables stay cheap.
const maxText = 1 << 18

func limit(s string) string {
	if len(s) > maxText {
		return s[:maxText] + unk
	}
	return s
}

// arg is one word of a command after expansion.
type arg struct {
	str
	glob  bool // has unquoted *, ? or [
	multi bool // an unquoted unknown: may be no word or many
}

func word(s string) arg { return arg{str: lit(s)} }

func words(ss ...string) []arg {
	out := make([]arg, len(ss))
	for i, s := range ss {
		out[i] = word(s)
	}
	return out
}

// show writes a word for people.
func (a arg) show() string { return show(a.s) }

func show(s string) string {
	return markers.Replace(s)
}

var markers = strings.NewReplacer(unk, "…", home, "~")

// maxShown bounds, in bytes, what of a command is shown.
const maxShown = 2000

func showAll(args []arg) string {
	var b strings.Builder
	for i, a := range args {
		if b.Len() > maxShown {
			return b.String() + " …"
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		s := a.s
		if len(s) > maxShown {
			s = strings.ToValidUTF8(s[:maxShown], "") + "…"
		}
		s = show(s)
		if s == "" || !a.glob && strings.ContainsAny(s, " \t\n'\"*?;|&$<>(){}") {
			s = "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		}
		b.WriteString(s)
	}
	return b.String()
}

// base is the name of the program that a word names.
func base(s string) string { return path.Base(s) }

func hasAny(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
