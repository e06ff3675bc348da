package redact

import "hash"

// assembler writes text with marks in the place of findings. A finding stays open while the next unit may continue it;
// until then what follows it is held back.
type assembler struct {
	marker marker
	out    func(string)
	mac    hash.Hash // of the open finding, nil when there is none
	kind   string
	held   []byte // what stands after the open finding
}

// unit takes a unit of text, which begins at offset base of the text that found refers to. open says that the last
// finding may go on in the next unit.
func (a *assembler) unit(text string, base int, found []finding, open bool) {
	at := 0
	for _, f := range found {
		start, end := max(f.Start-base, at), min(f.End-base, len(text))
		a.text(text[at:start])
		a.secret(f, text[start:end])
		at = end
	}
	a.text(text[at:])
	if !open || len(a.held) > unitMax { // no value has so many blank lines within
		a.close()
	}
}

func (a *assembler) text(s string) {
	if s == "" {
		return
	}
	if a.mac != nil {
		a.held = append(a.held, s...)
		return
	}
	a.out(s)
}

func (a *assembler) secret(f finding, raw string) {
	if f.joins && a.mac != nil {
		measure(a.mac, a.kind, string(a.held))
		a.held = a.held[:0]
		measure(a.mac, a.kind, raw)
		return
	}
	a.close()
	a.mac, a.kind = a.marker.start(), f.Kind
	measure(a.mac, f.Kind, raw)
}

// close writes the mark of the open finding and what was held back after it.
func (a *assembler) close() {
	if a.mac == nil {
		return
	}
	a.out(a.marker.finish(a.kind, a.mac))
	a.mac = nil
	if len(a.held) > 0 {
		a.out(string(a.held))
		a.held = a.held[:0]
	}
}
