// Package nearest guesses what a mistyped name was meant to be.
package nearest

import "strings"

// longest is the number of bytes up to which a name is compared: the work grows with its square.
const longest = 64

// Name returns the one of names that a mistyped name most likely means, whatever the case of its letters, the first of equally near ones; "" when none is
// close: at most a third of its bytes may differ.
func Name(name string, names []string) string {
	if len(name) > longest {
		return ""
	}
	best, distance := "", len(name)/3+1
	for _, n := range names {
		if len(n) >= len(name)+distance || len(name) >= len(n)+distance {
			continue
		}
		if d := edits(strings.ToLower(name), strings.ToLower(n)); d < distance {
			best, distance = n, d
		}
	}
	return best
}

// edits is the optimal string alignment distance in bytes: insertions, deletions, replacements and swapped neighbours.
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
