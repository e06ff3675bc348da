package redact

import "strings"

// Statements of SQL that hold a secret as one of several values.

// insertValues looks at INSERT INTO table (columns) VALUES (values): the names of the columns tell which values are secrets.
func (sc *scanner) insertValues(at, end int) {
	const longest, rows = 4 << 10, 64
	s := sc.s
	close := at
	for close > 0 && isSpace(s[close-1]) {
		close--
	}
	if byteAt(s, close-1) != ')' {
		return
	}
	from := max(0, close-1024)
	open := strings.LastIndexByte(s[from:close-1], '(')
	if open < 0 {
		return
	}
	columns := strings.Split(s[from+open+1:close-1], ",")
	i := end
	for range rows {
		i = run(s, i, isSpace)
		if byteAt(s, i) != '(' || i-end > longest {
			return
		}
		values, next := tuple(s, i+1)
		for n, x := range values[:min(len(values), len(columns))] {
			sc.column(strings.Trim(columns[n], " \t\r\n`\"[]"), x)
		}
		if i = run(s, next, isSpace); byteAt(s, i) != ',' {
			return
		}
		i++
	}
}

// column masks the value of a column whose name says that it is a secret.
func (sc *scanner) column(name string, x extent) {
	if name == "" || len(name) > maxName || x.end <= x.start {
		return
	}
	kind, class := classify(name)
	if class == notSecret || class == queryName {
		return
	}
	if sc.accept(site{kind: kind, class: class, name: name, sep: '=', quoted: true}, x) {
		sc.add(x.start, x.end, kind, rankName)
	}
}

// tuple reads the values from i on, behind a bracket: strings and what stands within the calls of functions. next is the place behind the closing bracket.
func tuple(s string, i int) (values []extent, next int) {
	const most = 64
	for len(values) < most {
		i = run(s, i, isSpace)
		x, ok := quoted(s, i)
		if ok && x.open {
			return values, len(s)
		}
		end := 0
		switch {
		case ok:
			end = argumentEnd(s, x.next)
		default:
			end = argumentEnd(s, i)
			x = calledWith(s, i, end)
		}
		values = append(values, x)
		if byteAt(s, end) != ',' {
			return values, min(end+1, len(s))
		}
		i = end + 1
	}
	return values, i
}

// calledWith is the string that a function is called with in s[i:end]: MD5('…').
func calledWith(s string, i, end int) extent {
	n := run(s[:end], i, isWordByte)
	if n > i && byteAt(s, n) == '(' {
		if x, ok := quoted(s, n+1); ok && !x.open {
			return x
		}
	}
	return extent{start: i, end: i, next: end}
}

// whereNamed looks at UPDATE … SET value = '…' WHERE name = 'smtp_password'.
func (sc *scanner) whereNamed(at, end int) {
	const longest = 256
	s := sc.s
	from := max(0, at-longest)
	set := strings.LastIndex(strings.ToLower(s[from:at]), "value")
	if set < 0 {
		return
	}
	eq := strings.IndexByte(s[end:min(len(s), end+64)], '=')
	if eq < 0 {
		return
	}
	name, ok := quoted(s, skipBlank(s, end+eq+1))
	if !ok || name.open || len(name.text(s)) > maxName {
		return
	}
	if i, ok := valueAt(s, from+set+len("value")); ok {
		if x, ok := quoted(s, i-1); ok && x.end < at {
			sc.column(name.text(s), x)
		}
	}
}

func sqlRules() []rule {
	return []rule{
		{literals: []string{"values (", "values("}, find: func(sc *scanner, at, end int) { sc.insertValues(at, end-1) }},
		{literals: []string{" where "}, find: (*scanner).whereNamed},
	}
}
