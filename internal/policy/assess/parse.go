package assess

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Bounds within which a text is parsed. The parser and this package follow nesting by recursion, and a Go stack that
// overflows ends the process, so depth has to be known before: every opening takes at least one of the bytes or words that
// count as openers here, and one opening costs the parser about 3 kB of stack.
const (
	maxLength  = 1 << 20 // bytes
	maxNesting = 150     // openers less closers, as written
	maxOpeners = 40_000  // openers in all, whatever closes them
)

// tooNested says why a text must not be parsed, or nothing.
func tooNested(text string) string {
	if len(text) > maxLength {
		return fmt.Sprintf("longer than %d bytes", maxLength)
	}
	openers, depth := 0, 0
	start := -1
	endWord := func(end int) {
		if start < 0 {
			return
		}
		switch text[start:end] {
		case "if", "while", "until", "for", "case", "select", "time", "coproc", "function", "elif", "not", "do":
			openers++
		}
		start = -1
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= 'a' && c <= 'z' {
			if start < 0 {
				start = i
			}
			continue
		}
		endWord(i)
		switch c {
		case '(', '{', '[':
			openers++
			depth++
		case '`':
			openers++
		case ')', '}', ']':
			depth--
		case '!', '~', '?', '<', '|', '&':
			openers++ // prefix operators, ternaries and lists of commands recurse as well
		case '\n':
			depth = max(min(depth, maxNesting), 0)
		}
		if depth > maxNesting {
			return fmt.Sprintf("nested more than %d deep", maxNesting)
		}
	}
	endWord(len(text))
	if openers > maxOpeners {
		return fmt.Sprintf("more than %d openings", maxOpeners)
	}
	return ""
}

// parse parses shell text. With an error comes what could be read before it, if anything.
func parse(lang syntax.LangVariant, text string, options ...syntax.ParserOption) (file *syntax.File, err error) {
	defer func() {
		if p := recover(); p != nil { // a fault of the parser is the text's fault: it must not end the server
			file, err = nil, fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	if why := tooNested(text); why != "" {
		return nil, tooComplexError(why)
	}
	p := syntax.NewParser(append(options, syntax.Variant(lang))...)
	file = &syntax.File{}
	for st, e := range p.StmtsSeq(strings.NewReader(text)) {
		if e != nil {
			return file, e
		}
		file.Stmts = append(file.Stmts, st)
	}
	return file, nil
}

// wholeLines leaves out statements on the line on which the fault behind them begins: a shell reads a line to its end before it runs
// anything of it.
func wholeLines(stmts []*syntax.Stmt, text string) []*syntax.Stmt {
	for n := len(stmts); n > 0; n-- {
		next := len(text)
		if n < len(stmts) {
			next = int(stmts[n].Pos().Offset())
		}
		behind := text[min(int(stmts[n-1].End().Offset()), next):next]
		if n == len(stmts) {
			behind = behind[:len(behind)-len(strings.TrimLeft(behind, " \t;&\n"))]
		}
		if strings.Contains(behind, "\n") {
			return stmts[:n]
		}
	}
	return nil
}

type tooComplexError string

func (e tooComplexError) Error() string { return string(e) }

// document parses text as the body of a here-document, so that only its substitutions count.
func document(lang syntax.LangVariant, text string) (w *syntax.Word, err error) {
	defer func() {
		if p := recover(); p != nil {
			w, err = nil, fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	if why := tooNested(text); why != "" {
		return nil, tooComplexError(why)
	}
	return syntax.NewParser(syntax.Variant(lang)).Document(strings.NewReader(text))
}

// maxDocuments bounds the here-documents of a text that are closed for it.
const maxDocuments = 8

// closeDocuments puts the missing ends under here-documents that the end of a text leaves open, as shells do.
func closeDocuments(lang syntax.LangVariant, text string, err error) (string, bool) {
	done := false
	for range maxDocuments {
		if err == nil {
			return text, done
		}
		_, rest, ok := strings.Cut(err.Error(), "unclosed here-document `")
		end, _, closed := strings.Cut(rest, "`")
		if !ok || !closed {
			return text, done
		}
		text, done = text+"\n"+end+"\n", true
		_, err = parse(lang, text)
	}
	return text, false
}
