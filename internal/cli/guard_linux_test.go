package cli

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFill writes into a pipe that holds it, and into one that does not, where waiting would be for ever.
func TestFill(t *testing.T) {
	data := bytes.Repeat([]byte("x"), 60<<10)
	for _, room := range []int{64 << 10, 4 << 10} {
		var ends [2]int
		if err := unix.Pipe(ends[:]); err != nil {
			t.Fatal(err)
		}
		got, err := unix.FcntlInt(uintptr(ends[1]), unix.F_SETPIPE_SZ, room)
		if err != nil {
			t.Fatal(err)
		}
		err = fill(ends[1], data)
		unix.Close(ends[0])
		unix.Close(ends[1])
		if full := got < len(data); (err != nil) != full || full && !strings.Contains(err.Error(), "too many pipes") {
			t.Errorf("%d bytes into a pipe of %d: %v", len(data), got, err)
		}
	}
}
