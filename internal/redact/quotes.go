package redact

// quoteMark is a quote as it is written at one level of quoting: "" in a shell, \" within JSON, \\\" within JSON within
// JSON.
type quoteMark struct {
	slashes int
	quote   byte
}

// quoteMarkAt is the quote at i and its length with the backslashes before it; the length is 0 where none stands.
func quoteMarkAt(s string, i int) (quoteMark, int) {
	n := 0
	for byteAt(s, i+n) == '\\' {
		n++
	}
	if c := byteAt(s, i+n); c == '"' || c == '\'' {
		return quoteMark{n, c}, n + 1
	}
	return quoteMark{}, 0
}

// nesting is the quotes that enclose a place, the outermost first.
type nesting struct {
	marks [4]quoteMark
	n     int
}

// see notes a quote: it closes the level that was opened with the same mark, or opens one.
func (q *nesting) see(m quoteMark) {
	for i := q.n - 1; i >= 0; i-- {
		if q.marks[i] == m || m.quote == '\'' && q.marks[i] == (quoteMark{0, '\''}) {
			q.n = i
			return
		}
	}
	if q.n < len(q.marks) && (q.n > 0 || m.slashes == 0) {
		q.marks[q.n] = m
		q.n++
	}
}

// has tells whether m closes one of the levels.
func (q *nesting) has(m quoteMark) bool {
	for i := 0; i < q.n; i++ {
		if q.marks[i] == m || m.quote == '\'' && q.marks[i] == (quoteMark{0, '\''}) {
			return true
		}
	}
	return false
}

// escaped tells whether the place is within double quotes of JSON or a shell, where \n may be written for a newline.
func (q *nesting) escaped() bool {
	for i := 0; i < q.n; i++ {
		if q.marks[i].quote == '"' {
			return true
		}
	}
	return false
}

// quotesTo advances the scanner's view of the quotes to i. Places are asked for from left to right.
func (sc *scanner) quotesTo(i int) nesting {
	if i < sc.quotesAt {
		return sc.quotes
	}
	j := sc.quotesAt
	for j < i {
		switch c := sc.s[j]; {
		case c == '\n' && !(j > 0 && sc.s[j-1] == '\\'):
			sc.quotes = nesting{}
			j++
		case c == '\\' || c == '"' || c == '\'':
			m, n := quoteMarkAt(sc.s, j)
			switch {
			case n == 0:
				j++
				if c == '\\' && j < i {
					j++
				}
			case m == quoteMark{0, '\''} && isContraction(sc.s, j) && !sc.quotes.has(m):
				j += n
			default:
				sc.quotes.see(m)
				j += n
			}
		default:
			j++
		}
	}
	sc.quotesAt = j
	return sc.quotes
}

// isContraction tells whether the apostrophe at i is one of English and not a quote: don't, it's, we'll.
func isContraction(s string, i int) bool {
	if !isAlpha(byteAt(s, i-1)) {
		return false
	}
	j := run(s, i+1, isAlpha)
	switch s[i+1 : j] {
	case "s", "t", "re", "ve", "ll", "d", "m":
		return !isQuote(byteAt(s, j))
	}
	return false
}
