package assess

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// ioset is what the redirections of a command do.
type ioset struct {
	stdin    str
	fed      bool
	captured bool // stdout goes to a file
	net      bool // a descriptor is a network connection
	files    []outfile
	ratings  []rating
}

type outfile struct {
	path     arg
	appended bool
}

// rating is one finding about a command.
type rating struct {
	tier Tier
	rule string
	why  string
}

func (m *machine) redirect(redirs []*syntax.Redirect, sc *scope) ioset {
	var io ioset
	for _, r := range redirs {
		m.doubtRedirect(r)
		switch r.Op {
		case syntax.Hdoc, syntax.DashHdoc:
			io.stdin, io.fed = m.hereDoc(r, sc), true
			m.descriptor(r, io.stdin)
		case syntax.WordHdoc:
			m.extended(r.Word, sc)
			io.stdin, io.fed = m.text(r.Word, sc).add(lit("\n")), true
			m.descriptor(r, io.stdin)
		case syntax.RdrIn:
			from := m.target(r.Word, sc)
			io.stdin, io.fed = m.reads(from, sc, &io), true
			if io.stdin.s == unk && from.known() && !strings.HasPrefix(from.s, "/dev/") && !m.pipes[absolute(from.s, sc)] {
				io.stdin.t |= ofFile
			}
			m.descriptor(r, io.stdin)
		case syntax.DplIn:
			m.duplicateIn(&io, m.target(r.Word, sc), sc)
		case syntax.RdrInOut:
			t := m.target(r.Word, sc)
			m.writes(&io, t, modifies, "<>", sc)
			io.stdin, io.fed = m.reads(t, sc, &io), true
		case syntax.DplOut:
			t := m.target(r.Word, sc)
			if !isDescriptor(t.s) {
				m.capturing(&io, r, t, sc)
			} else if sc.fds&fromNet != 0 && t.s != "1" && t.s != "2" {
				io.net = true
			}
		default:
			m.capturing(&io, r, m.target(r.Word, sc), sc)
		}
	}
	return io
}

// descriptor remembers what can be read from a descriptor other than the input, by its name below /dev/fd.
func (m *machine) descriptor(r *syntax.Redirect, content str) {
	if r.N != nil && isDescriptor(r.N.Value) && r.N.Value != "0" {
		m.files["/dev/fd/"+r.N.Value] = content
		m.files["/proc/self/fd/"+r.N.Value] = content
	}
}

func isDescriptor(s string) bool {
	return s == "-" || s != "" && strings.Trim(s, "0123456789-") == ""
}

// capturing is a redirection of output to a file.
func (m *machine) capturing(io *ioset, r *syntax.Redirect, t arg, sc *scope) {
	kind := writes
	appended := r.Op == syntax.AppOut || r.Op == syntax.AppAll || r.Op == syntax.AppClob
	if appended {
		kind = appends
	}
	m.writes(io, t, kind, r.Op.String(), sc)
	if r.N == nil || r.N.Value == "1" {
		io.captured = !isTerminal(t.s)
		io.files = append(io.files, outfile{t, appended})
	}
}

func isTerminal(p string) bool {
	switch p {
	case "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd/1", "/dev/fd/2":
		return true
	}
	return false
}

func (m *machine) target(w *syntax.Word, sc *scope) arg {
	fs := m.field(w, sc)
	if len(fs) == 1 {
		return fs[0]
	}
	if len(fs) == 0 {
		return word("")
	}
	return arg{str: unknown}
}

func (m *machine) writes(io *ioset, t arg, kind effect, op string, sc *scope) {
	if strings.HasPrefix(t.s, "/dev/tcp/") || strings.HasPrefix(t.s, "/dev/udp/") {
		io.net = true
		io.ratings = append(io.ratings, rating{Stateful, "network", "opens a network connection through " + t.show()})
		return
	}
	if _, ok := m.files[t.s]; ok && strings.HasPrefix(t.s, "/dev/fd/63-") {
		return
	}
	t = m.followed(t, sc)
	tier, why := pathEffect(kind, t, sc)
	if tier > Observe {
		io.ratings = append(io.ratings, rating{tier, "redirect", why})
	}
}

// reads is what reading a file gives.
func (m *machine) reads(t arg, sc *scope, io *ioset) str {
	if strings.HasPrefix(t.s, "/dev/tcp/") || strings.HasPrefix(t.s, "/dev/udp/") {
		io.net = true
		io.ratings = append(io.ratings, rating{Stateful, "network", "opens a network connection through " + t.show()})
		return str{unk, fromNet}
	}
	return m.content(t, sc)
}

// content is what a file holds as far as the text wrote it itself.
func (m *machine) content(t arg, sc *scope) str {
	p := absolute(t.s, sc)
	if c, ok := m.files[p]; ok && t.known() {
		return c
	}
	switch p {
	case "/dev/null":
		return lit("")
	case "/dev/stdin", "/proc/self/fd/0", "/dev/fd/0":
		if sc.fed {
			return sc.stdin
		}
	}
	out := str{unk, fromData | t.t&anySecret}
	if sensitivePath(p) {
		m.sensitive = true
		out.t |= fromSecret
	}
	return out
}

func (m *machine) duplicateIn(io *ioset, t arg, sc *scope) {
	if t.s == "-" || t.s == "0" {
		return
	}
	if sc.fds&fromNet != 0 {
		io.net = true
	}
	io.stdin, io.fed = str{unk, fromData | sc.fds}, true
}

func (m *machine) hereDoc(r *syntax.Redirect, sc *scope) str {
	if r.Hdoc == nil {
		return lit("")
	}
	quoted := false
	for _, p := range r.Word.Parts {
		switch x := p.(type) {
		case *syntax.SglQuoted, *syntax.DblQuoted:
			quoted = true
		case *syntax.Lit:
			quoted = quoted || strings.Contains(x.Value, `\`)
		}
	}
	var parts []arg
	for _, p := range r.Hdoc.Parts {
		if l, ok := p.(*syntax.Lit); ok {
			s := l.Value
			if r.Op == syntax.DashHdoc {
				s = untab(s)
			}
			if !quoted {
				s = unescapeDouble(s)
			}
			parts = append(parts, word(s))
			continue
		}
		parts = append(parts, arg{str: m.text(&syntax.Word{Parts: []syntax.WordPart{p}}, sc)})
	}
	return concat(parts)
}

func untab(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], "\t")
	}
	return strings.Join(lines, "\n")
}

// outputs notes what the redirections of a compound command do, and keeps what it printed into files.
func (m *machine) outputs(io ioset, out str, text string, sc *scope) {
	for _, r := range io.ratings {
		m.note(Reason{Text: text, Rule: r.rule, Tier: r.tier, Why: r.why})
	}
	if io.net && lineProtocols.MatchString(out.s) {
		m.note(Reason{Text: text, Rule: "network", Tier: Irreversible, Why: "sends a command that loses what is there"})
	}
	if io.net && out.tainted(anySecret) {
		m.note(Reason{Text: text, Rule: "exfiltration", Tier: Irreversible, Why: "sends secrets over the network"})
	}
	m.capture(io, out, sc)
}

func (m *machine) capture(io ioset, out str, sc *scope) {
	for _, f := range io.files {
		m.wrote(f.path, out, f.appended, sc)
	}
}

// wrote remembers the content of a file, and reads it as code if the system will run it by itself. A name that is not known may be
// that of another file when it comes again: then it counts beside what cannot be seen.
func (m *machine) wrote(path arg, content str, appended bool, sc *scope) {
	p := absolute(path.s, sc)
	if appended {
		if old, ok := m.files[p]; ok {
			content = old.add(content)
		}
	}
	if !path.known() && content.s == "" {
		return
	}
	m.files[p] = content
	if autorun(p) && content.s != "" && content.s != unk {
		m.scheduled(content, sc)
	}
}
