package output

// stream remembers the beginning and the end of one stream of bytes.
type stream struct {
	head, tail []byte
	// next is where the ring in tail goes on, once it is full.
	next             int
	headMax, tailMax int
	total            int64
}

// newStream makes a stream that remembers budget bytes in all.
func newStream(budget int) stream {
	half := (budget + 1) / 2
	return stream{headMax: half, tailMax: budget - half}
}

func (s *stream) write(p []byte) {
	s.total += int64(len(p))
	if room := s.headMax - len(s.head); room > 0 {
		n := min(room, len(p))
		s.head = append(s.head, p[:n]...)
		p = p[n:]
	}
	if len(p) >= s.tailMax {
		s.tail = append(s.tail[:0], p[len(p)-s.tailMax:]...)
		s.next = 0
		return
	}
	if room := s.tailMax - len(s.tail); room > 0 && len(p) > 0 {
		n := min(room, len(p))
		s.tail = append(s.tail, p[:n]...)
		p = p[n:]
	}
	for len(p) > 0 {
		n := copy(s.tail[s.next:], p)
		p = p[n:]
		s.next = (s.next + n) % s.tailMax
	}
}

// whole says whether everything is remembered.
func (s *stream) whole() bool { return s.total == int64(len(s.head)+len(s.tail)) }

// end is the remembered end, in order.
func (s *stream) end() []byte {
	return append(append(make([]byte, 0, len(s.tail)), s.tail[s.next:]...), s.tail[:s.next]...)
}

// all is everything remembered, in order; there is a gap behind the head unless whole.
func (s *stream) all() []byte {
	return append(append(make([]byte, 0, len(s.head)+len(s.tail)), s.head...), s.end()...)
}
