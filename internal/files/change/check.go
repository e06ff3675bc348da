package change

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Mentioned is a check with a path in place of each {}. A path of which every character stands for itself goes in wherever {} is. Any other is quoted,
// and then {} has to be a word, or part of one, outside of quotes: in them its name would be read by a shell as text, or as a command.
func Mentioned(check, name string, quote func(string) string) (string, error) {
	if check == "" || harmless(name) {
		return strings.ReplaceAll(check, "{}", name), nil
	}
	open, err := openPlaces(check)
	if err != nil {
		return "", &Error{Code: "invalid_argument", Message: "the check cannot be read as a command of sh: " + err.Error(), Hint: "pass one command line with {} as the path: visudo -c -f {}"}
	}
	var b strings.Builder
	for at := 0; ; {
		i := strings.Index(check[at:], "{}")
		if i < 0 {
			return b.String() + check[at:], nil
		}
		i += at
		if !slices.Contains(open, i) {
			return "", &Error{Code: "invalid_argument", Message: "the path needs quoting, and {} in the check is in quotes or behind a backslash", Hint: "write {} bare, without quotes: it is quoted for you"}
		}
		b.WriteString(check[at:i] + quote(name))
		at = i + 2
	}
}

// harmless names mean themselves to a shell, in whatever quotes.
func harmless(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.,:+@%-") == ""
}

// openPlaces are the offsets of the {} that stand outside of quotes and of everything else that reads them in its own way.
func openPlaces(check string) ([]int, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(check), "")
	if err != nil {
		return nil, err
	}
	var open []int
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DblQuoted, *syntax.SglQuoted, *syntax.ParamExp, *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.ExtGlob:
			return false
		case *syntax.CmdSubst:
			return !n.Backquotes
		case *syntax.Redirect:
			return n.Hdoc == nil
		case *syntax.Lit:
			start, end := int(n.Pos().Offset()), int(n.End().Offset())
			for at := start; at < end; at++ {
				if strings.HasPrefix(check[at:end], "{}") && (at == 0 || check[at-1] != '\\') {
					open = append(open, at)
				}
			}
		}
		return true
	})
	return open, nil
}
