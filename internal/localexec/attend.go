package localexec

func (s *supervisor) detach(m message) {
	status, err := pollable(m.files)
	closeAll(m.files)
	if err != nil {
		s.reply(msgDetached, m.seq, err)
		return
	}
	s.mu.Lock()
	c := s.calls[m.seq]
	if c == nil || c.detached != nil {
		s.mu.Unlock()
		status.Close()
		s.reply(msgDetached, m.seq, "no such command")
		return
	}
	c.detached = status
	if c.exited {
		c.tell()
		s.dropLocked(c)
	} else {
		go s.attend(c)
	}
	s.mu.Unlock()
	s.reply(msgDetached, m.seq)
}

// attend ends a detached command that nobody follows any more: who was to follow it has died, or never came to be. Nothing goes on
// unseen. It ends when the status has been told.
func (s *supervisor) attend(c *call) {
	if !deserted(c.detached) {
		return
	}
	s.mu.Lock()
	if c.exited || c.ending {
		s.mu.Unlock()
		return
	}
	c.ending = true
	s.mu.Unlock()
	if len(s.endTree(c)) > 0 {
		insist([]*tree{c.tree})
	}
}
