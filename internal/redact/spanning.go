package redact

// resume continues a finding that reached the end of the last window. The result is empty where there is none.
func (e *engine) resume(text string, core, end int) finding {
	span := e.carry.span
	if !span.on {
		return finding{Span: Span{Start: core, End: core}}
	}
	at := core + span.rest
	if span.more && at < end {
		at = run(text, at, func(c byte) bool { return c > ' ' && !isQuote(c) })
	}
	f := finding{Span: Span{Start: core, End: min(at, end), Kind: span.kind}, joins: true, rank: rankKnown}
	e.carry.span = spanning{}
	if at > end || at == end && span.more && end < len(text) {
		e.carry.span = spanning{on: true, rest: at - end, more: span.more && at == len(text), kind: span.kind}
	}
	return f
}

// cut ends the last finding at the end of the unit and notes how much of it is still to come. text is the whole window:
// what reaches its end, if the line does not, goes on at least to the next blank or quote.
func (e *engine) cut(found []finding, text string, end int) {
	if len(found) == 0 {
		return
	}
	last := &found[len(found)-1]
	if last.End <= end {
		return
	}
	e.carry.span = spanning{
		on:   true,
		rest: last.End - end,
		more: last.End == len(text) && text[len(text)-1] != '\n',
		kind: last.Kind,
	}
	last.End = end
}
