package assess

import (
	"testing"
	"time"
)

// TestStopwatch: waiting costs a text nothing, work does.
func TestStopwatch(t *testing.T) {
	s, release := newStopwatch(50 * time.Millisecond)
	defer release()
	if _, ok := threadTime(); ok {
		s.end = time.Now().Add(-time.Hour)
		if s.over() {
			t.Error("over before anything was done")
		}
	}
	for end := time.Now().Add(time.Minute); !s.over(); {
		if time.Now().After(end) {
			t.Fatal("never over")
		}
	}
}
