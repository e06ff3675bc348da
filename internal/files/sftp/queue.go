package sftp

// gathered is how many bytes of small requests go out in one piece: each write wakes the master, and that sshd, in turn.
const gathered = 32 << 10

// outgoing is a request on its way out. written, if set, is closed once nothing of it is read any more.
type outgoing struct {
	pieces  [][]byte
	written chan struct{}
}

func (o *outgoing) done() {
	if o.written != nil {
		close(o.written)
		o.written = nil
	}
}

// write sends what is queued. It ends with the conversation.
func (c *Client) write() {
	small := make([]byte, 0, 2*gathered)
	for {
		var o outgoing
		select {
		case o = <-c.queue:
		case <-c.dead:
			return
		}
		for more := true; more; {
			more = false
			pieces, large := o.pieces, o.pieces[len(o.pieces)-1]
			if len(large) > gathered {
				pieces = pieces[:len(pieces)-1]
			} else {
				large = nil
			}
			for _, b := range pieces {
				small = append(small, b...)
			}
			if large == nil && len(small) < gathered {
				o.done()
				select {
				case o = <-c.queue:
					more = true
					continue
				default:
				}
			}
			if !c.put(small) || large != nil && !c.put(large) {
				return
			}
			o.done()
			small = small[:0]
		}
	}
}

func (c *Client) put(b []byte) bool {
	if _, err := c.out.Write(b); err != nil {
		c.end(lost(err))
		return false
	}
	return true
}
