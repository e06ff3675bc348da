package redact

import "slices"

// Span is a secret's place in a text: bytes [Start, End).
type Span struct {
	Start, End int
	// Kind is the middle of the mark: password, token, private-key, …
	Kind string
}

// The kinds that code refers to. Provider tokens bring their own.
const (
	kindKnown      = "known"
	kindPrivateKey = "private-key"
	kindPassword   = "password"
	kindSecret     = "secret"
	kindToken      = "token"
	kindKey        = "key"
	kindHash       = "hash"
	kindCookie     = "cookie"
	kindAuth       = "authorization"
	kindSignature  = "signature"
)

// finding is a span of one unit of the text.
type finding struct {
	Span
	// joins means that it continues the last finding of the unit before, whatever stands between.
	joins bool
	// rank decides which kind an overlap gets: the more specific has the higher rank.
	rank int
}

const (
	rankName = iota
	rankFormat
	rankToken
	rankKey
	rankKnown
)

// merge sorts findings and unites those that overlap.
func merge(found []finding) []finding {
	if len(found) < 2 {
		return found
	}
	slices.SortStableFunc(found, func(a, b finding) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
	out := found[:1]
	for _, f := range found[1:] {
		last := &out[len(out)-1]
		if f.Start >= last.End {
			out = append(out, f)
			continue
		}
		if f.rank > last.rank {
			last.rank, last.Kind = f.rank, f.Kind
		}
		last.End = max(last.End, f.End)
	}
	return out
}
