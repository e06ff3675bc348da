package sshbin

import (
	"bytes"
	"os"
	"testing"
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
