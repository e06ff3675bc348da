package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

// sql rates each statement of a text by what it does to data, not by the words in its strings.
func (c *call) sql(s str) {
	if s.tainted(fromNet) {
		c.rate(Irreversible, "remote-code", "runs statements fetched from the network")
	}
	if !s.known() {
		c.rate(Stateful, "sql", "part of the statement is not known")
	}
	for _, text := range dynamicSQL(s.s) {
		for _, st := range statements(text) {
			if tier, why := statement(st); tier == Irreversible {
				c.rate(tier, "sql", "as text that is executed: "+why)
			}
		}
	}
	list := statements(s.s)
	if len(list) > maxStatements {
		c.rate(Stateful, "sql", "more statements than are read one by one")
		if sqlLoss.MatchString(s.s) {
			c.rate(Irreversible, "sql", "some of them may drop data")
		}
		list = list[:maxStatements]
	}
	for _, st := range list {
		tier, why := statement(st)
		c.rate(tier, "sql", why)
		if sqlReads.MatchString(st) {
			c.shows = true
		}
		if m := sqlProgram.FindStringSubmatch(st); m != nil {
			c.rate(Stateful, "sql", "runs a program on the server")
			c.rate(Irreversible, "sql", "gives data to a program on the server")
		}
	}
}

// maxStatements are rated one by one; of those behind them only the words are looked at.
const maxStatements = 1000

var sqlLoss = lazyregexp.New(`(?i)\b(drop|truncate|delete|update|alter|purge|shutdown|program|remove|execute|exec)\b`)

var sqlExecutes = lazyregexp.New(`(?i)\b(execute|exec|immediate|prepare|sp_executesql|dblink_exec|dblink|cron\.schedule\w*|query_to_xml)\b`)

// sqlString is a string of SQL: quoted, with doubled quotes inside, or between dollar tags.
var sqlString = lazyregexp.New(`'((?:[^']|'')*)'|\$([A-Za-z_]*)\$((?s:.*?))\$([A-Za-z_]*)\$`)

// dynamicSQL returns the strings of a text that executes strings. The shell has made a number of "$$", so that what stands
// between such tags is found too.
func dynamicSQL(s string) []string {
	if !sqlExecutes.MatchString(s) {
		return nil
	}
	var out []string
	for _, m := range sqlString.FindAllStringSubmatch(s, 100) {
		for _, text := range []string{m[1], m[3]} {
			if text == "" {
				continue
			}
			text = strings.ReplaceAll(text, "''", "'")
			out = append(out, text)
			for _, inner := range sqlString.FindAllStringSubmatch(text, 20) {
				out = append(out, strings.ReplaceAll(inner[1]+inner[3], "''", "'"))
			}
		}
	}
	return out
}

// statements splits SQL at semicolons outside of strings, without comments and with every string emptied.
func statements(s string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if t := strings.TrimSpace(b.String()); t != "" {
			out = append(out, t)
		}
		b.Reset()
	}
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		switch ch := s[i]; {
		case strings.HasPrefix(rest, "--") || ch == '#' && (i == 0 || s[i-1] == ' ' || s[i-1] == '\n'):
			i += len(rest) - 1
			if j := strings.IndexByte(rest, '\n'); j >= 0 {
				i += j - len(rest) + 1
			}
			b.WriteByte(' ')
		case strings.HasPrefix(rest, "/*!"): // MySQL runs what such a comment holds
			i += 2
			for i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
				i++
			}
			b.WriteByte(' ')
		case strings.HasPrefix(rest, "/*"):
			j := strings.Index(rest[2:], "*/")
			if j < 0 {
				j = len(rest) - 4
			}
			i += max(j, 0) + 3
			b.WriteByte(' ')
		case strings.HasPrefix(rest, "*/"):
			i++
		case ch == '\'' || ch == '"' || ch == '`':
			j := i + 1
			for j < len(s) && s[j] != ch {
				if s[j] == '\\' && ch == '\'' {
					j++
				}
				j++
			}
			if ch == '\'' {
				b.WriteString("''")
			} else {
				b.WriteString(s[i:min(j+1, len(s))])
			}
			i = j
		case ch == '$' && dollarTag.MatchString(rest):
			tag := dollarTag.FindString(rest)
			j := strings.Index(rest[len(tag):], tag)
			if j < 0 {
				j = len(rest) - 2*len(tag)
			}
			b.WriteString(" " + strings.ReplaceAll(rest[len(tag):len(tag)+max(j, 0)], ";", " ") + " ")
			i += max(j, 0) + 2*len(tag) - 1
		case ch == ';':
			flush()
		case ch == '\\' && i+1 < len(s) && (s[i+1] == 'G' || s[i+1] == 'g'):
			flush()
			i++
		default:
			b.WriteByte(ch)
		}
	}
	flush()
	return out
}
