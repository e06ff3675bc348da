package view

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"relay-shell/internal/target"
)

// Literal is a text that every match of an RE2 pattern holds, "" if none can be told. What does not hold it need not be read.
func Literal(pattern string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	if text := literal(re.Simplify()); len(text) > 1 && !strings.ContainsAny(text, "\n\x00") {
		return text
	}
	return ""
}

func literal(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return string(re.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literal(re.Sub[0])
	case syntax.OpConcat:
		longest := ""
		for _, sub := range re.Sub {
			if text := literal(sub); len(text) > len(longest) {
				longest = text
			}
		}
		return longest
	}
	return ""
}

// candidatesEnd marks that the script came to its end.
const candidatesEnd = "candidates end"

// CandidateScript is POSIX shell text that lists the regular files below a directory, of at most maxFile bytes, that hold a literal
// text: what find and grep do as exactly here as anywhere. Names with a newline, which grep -l cannot tell, are listed unread.
func CandidateScript(root, literal string, maxFile int64) string {
	find := "find " + target.Quote(root)
	if root == "/" {
		find += ` \( -path /proc -o -path /sys -o -path /dev \) -prune -o`
	}
	newline := "'*\n*'"
	return strings.Join([]string{
		"exec 2>/dev/null; export LC_ALL=C",
		fmt.Sprintf("%s -type f -size -%dc ! -name %s ! -path %s -exec grep -lF -e %s {} +", find, maxFile+1, newline, newline, target.Quote(literal)),
		`echo "#"`,
		fmt.Sprintf(`%s -type f -size -%dc -path %s -exec sh -c 'for f do printf "%%s\0" "$f"; done' sh {} +`, find, maxFile+1, newline),
		`echo "#"`,
		fmt.Sprintf(`%s -type f -size +%dc -exec sh -c 'echo $#' sh {} +`, find, maxFile),
		"echo " + target.Quote(candidatesEnd),
	}, "\n")
}

// ParseCandidates reads what the script printed: the files in order, and how many were too large. ok is false if it did not come to
// its end, so that the files have to be found in another way.
func ParseCandidates(out string) (paths []string, large int, ok bool) {
	rest, ok := strings.CutSuffix(out, candidatesEnd+"\n")
	if !ok {
		return nil, 0, false
	}
	for line := range strings.Lines(rest) {
		rest = rest[len(line):]
		if line == "#\n" {
			break
		}
		paths = append(paths, strings.TrimSuffix(line, "\n"))
	}
	odd, counts, ok := cutLast(rest, "#\n")
	if !ok {
		return nil, 0, false
	}
	for name := range strings.SplitSeq(odd, "\x00") {
		if name != "" {
			paths = append(paths, name)
		}
	}
	for count := range strings.Lines(counts) {
		n, err := strconv.Atoi(strings.TrimSpace(count))
		if err != nil {
			return nil, 0, false
		}
		large += n
	}
	slices.Sort(paths)
	return paths, large, true
}

// cutLast cuts around the last occurrence: what follows it cannot hold it.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", "", false
}
