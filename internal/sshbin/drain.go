package sshbin

import (
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// stillLooks is how many looks in a row must find that nothing has come before the output counts as complete. What sshd has yet to read and the
// master has yet to write moves with each turn of their loops, and each look takes one of both.
const stillLooks = 3

// drain waits after the exit until all output has been read, or until what still comes, or may come, is not the command's own. A pause proves
// nothing where the machine is too busy to run the master or sshd: look asks both for a sign of life, and reports whether it got one. nil is for
// a connection that is lost.
func (s *streams) drain(roundTrip time.Duration, look func() bool) {
	began, before := time.Now(), s.read.Load()
	still, readThen := 0, before
	mark := began
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
		}
		now, read := time.Now(), s.read.Load()
		quiet := quietTime + 2*roundTrip
		pausedSince := time.Unix(0, s.last.Load())
		if pausedSince.Before(began) {
			pausedSince = began
		}
		if rest := quiet - now.Sub(pausedSince); rest > 0 {
			tick.Reset(min(rest, 50*time.Millisecond))
		} else if s.writing.Load() > 0 || s.pending() {
			tick.Reset(10 * time.Millisecond)
		} else {
			if still++; read != readThen {
				still, readThen = 1, read
			}
			if still > stillLooks || look == nil || !look() {
				return
			}
			tick.Reset(0)
		}
		if read-before > ownOutput {
			return
		}
		if s.writing.Load() > 0 { // a slow writer is no child
			mark = now
			continue
		}
		if now.Sub(began) > maxDrain {
			return
		}
		if now.Sub(mark) > talkTime {
			if look == nil || s.behind(look) {
				return
			}
			mark = time.Now()
		}
	}
}

// behind reports whether what still comes is a child's. The way may be slow, so that how much comes, and when, proves nothing; but with each turn
// of its loop sshd sends a whole packet of what it holds, if it holds as much.
func (s *streams) behind(look func() bool) bool {
	for range stillLooks {
		before := s.read.Load()
		if !look() || s.read.Load()-before >= packetSize || s.pending() {
			return false
		}
	}
	return true
}

// handedQuiet is how long a file that the master writes to must not grow, after the exit, before what may still come is not waited for: a
// disk may take that long, and a background child may keep the session open for ever.
const handedQuiet = 5 * time.Second

// drainHanded waits after the exit until the master has written all output to the files that it was given, and closed the session.
func (s *streams) drainHanded(ended <-chan struct{}) {
	if len(s.handed) == 0 {
		return
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for at, since := s.position(), time.Now(); ; {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		if now := s.position(); now != at {
			at, since = now, time.Now()
		} else if time.Since(since) > handedQuiet {
			return
		}
	}
}

// position is how far the master has written: it shares the open files.
func (s *streams) position() (sum int64) {
	for _, f := range s.handed {
		if conn, err := f.SyscallConn(); err == nil {
			_ = conn.Control(func(fd uintptr) {
				at, _ := unix.Seek(int(fd), 0, io.SeekCurrent)
				sum += at
			})
		}
	}
	return sum
}

// pending reports output that has arrived and has not been read, as on a machine too busy to read it.
func (s *streams) pending() bool {
	for _, o := range s.outputs {
		conn, err := o.pipe.SyscallConn()
		if err != nil {
			continue // closed: read to its end
		}
		more := false
		err = conn.Control(func(fd uintptr) {
			poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			n, perr := unix.Poll(poll, 0)
			more = perr == nil && n > 0 && poll[0].Revents&unix.POLLIN != 0
		})
		if err == nil && more {
			return true
		}
	}
	return false
}

// complete reports whether all output has been read to its end.
func (s *streams) complete() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}
