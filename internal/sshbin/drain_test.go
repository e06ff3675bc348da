package sshbin

import (
	"bytes"
	"os"
	"sync"
	"testing"
	"time"
)

// TestDrainLooks has output come only after the master and the server got to run again, as on a machine under heavy load, while a background
// child keeps it open.
func TestDrainLooks(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	s, err := newStreams(&Command{Stdout: &got}, os.Stdin, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	child := duplicate(t, s.stdout)
	defer child.Close()
	s.start()
	looks := 0
	s.drain(0, func() bool {
		if looks++; looks <= 4 {
			if _, err := child.WriteString("late\n"); err != nil {
				t.Error(err)
			}
		}
		return true
	})
	if err := s.finish(); err != nil || got.String() != "late\nlate\nlate\nlate\n" || looks < 4+stillLooks {
		t.Errorf("%q after %d looks, %v", got.String(), looks, err)
	}
}

// TestDrainSlowWay has the rest of a command's output come in drops, as over a slow line, while a background child talks on: what sshd still holds
// comes with its turns, and all of that is waited for.
func TestDrainSlowWay(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	s, err := newStreams(&Command{Stdout: &got}, os.Stdin, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	child := duplicate(t, s.stdout)
	s.start()
	talks, stop := sync.WaitGroup{}, make(chan struct{})
	talks.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				_, _ = child.WriteString(".")
			}
		}
	})
	const packets = 9 // as much as no trickle is, in all
	looks := 0
	s.drain(0, func() bool {
		if looks++; looks <= packets {
			if _, err := child.Write(bytes.Repeat([]byte{'x'}, packetSize)); err != nil {
				t.Error(err)
			}
		}
		return true
	})
	close(stop)
	talks.Wait()
	child.Close()
	if err := s.finish(); err != nil || bytes.Count(got.Bytes(), []byte{'x'}) != packets*packetSize {
		t.Errorf("%d of %d bytes after %d looks, %v", bytes.Count(got.Bytes(), []byte{'x'}), packets*packetSize, looks, err)
	}
}
