package redact

import (
	"crypto/rand"
	"strings"
)

// Profile is how much is masked.
type Profile string

const (
	// All masks everything that looks like a secret: for the audit trail, logs, errors and recordings. It is the zero value.
	All Profile = "all"
	// Keys masks private keys and the tokens that providers mark as theirs: for output that somebody works with.
	Keys Profile = "keys"
	// Off masks known values only.
	Off Profile = "off"
)

// Options configure a [Redactor]. The zero value works.
type Options struct {
	// Key keys the digits in the marks; at least 32 bytes, one per installation. nil means random for this process, so that
	// marks of two runs cannot be compared.
	Key []byte
	// Known are values to mask wherever they occur, see [Redactor.AddKnown].
	Known []string
}

// Redactor masks secrets in text. It is safe for concurrent use.
type Redactor struct {
	profile Profile
	marker  marker
	known   *knownValues // shared between the profiles of one redactor
}

// New returns a redactor for the profile [All].
func New(o Options) *Redactor {
	key := append([]byte(nil), o.Key...)
	if len(key) == 0 {
		key = make([]byte, 32)
		rand.Read(key) // never fails, see crypto/rand
	}
	r := &Redactor{profile: All, marker: marker{key: key}, known: &knownValues{}}
	r.AddKnown(o.Known...)
	return r
}

// ForOutput returns a redactor with the same key and the same known values that masks as much as p says. An unknown
// profile masks all.
func (r *Redactor) ForOutput(p Profile) *Redactor {
	if p != Keys && p != Off {
		p = All
	}
	return &Redactor{profile: p, marker: r.marker, known: r.known}
}

// Key is what [Options] Key makes another process of this installation make the same marks by. It must not be written anywhere.
func (r *Redactor) Key() []byte { return r.marker.key }

// AddKnown makes r mask exact values, such as those that the server itself injected, in the forms in which programs
// usually repeat them: as they are, escaped for JSON, HTML, a URL or a shell, in base64 (of a text that holds them too) or hexadecimal. Lines of a value of several lines are masked
// each for itself. Values of one to three bytes are masked only where they stand as a word; blank ones are ignored.
func (r *Redactor) AddKnown(values ...string) { r.known.add(values) }

// String returns s with every secret replaced by a mark; s itself if there is none. Whatever surrounds a secret stays as
// it is. Applying String to its result changes nothing.
func (r *Redactor) String(s string) string {
	e := r.engine()
	at := e.skip(s, 0, true)
	if at == len(s) {
		return s
	}
	var b strings.Builder
	a := assembler{marker: r.marker, out: func(t string) { b.WriteString(t) }}
	changed := false
	for at < len(s) {
		next, found, _ := e.step(s, at, true)
		if !changed && len(found) > 0 {
			changed = true
			b.Grow(len(s))
			b.WriteString(s[:at])
		}
		open := e.open()
		next = e.skip(s, next, true)
		if changed {
			a.unit(s[at:next], at, found, open)
		}
		at = next
	}
	if !changed {
		return s
	}
	a.close()
	return b.String()
}

// Bytes is [Redactor.String] for bytes. It returns b itself, not a copy, if nothing is masked.
func (r *Redactor) Bytes(b []byte) []byte {
	s := string(b)
	if out := r.String(s); out != s {
		return []byte(out)
	}
	return b
}

// Find returns what [New] with zero options would mask in s, in order and without overlaps. Offsets are bytes.
func Find(s string) []Span {
	r := Redactor{profile: All, known: &knownValues{}}
	return r.spans(s)
}

// spans is what String masks.
func (r *Redactor) spans(s string) []Span {
	e := r.engine()
	var spans []Span
	for at := e.skip(s, 0, true); at < len(s); {
		next, found, _ := e.step(s, at, true)
		for _, f := range found {
			if n := len(spans); f.joins && n > 0 {
				spans[n-1].End = f.End
				continue
			}
			spans = append(spans, f.Span)
		}
		at = e.skip(s, next, true)
	}
	return spans
}

func (r *Redactor) engine() *engine {
	return &engine{rules: rulesFor(r.profile), known: r.known.set.Load()}
}
