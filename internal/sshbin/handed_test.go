package sshbin

import (
	"os"
	"path/filepath"
	"testing"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestHandedFile has the master write a command's output to a file: all of it is there when the call returns, though the exit status
// comes before the last bytes.
func TestHandedFile(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		r := resolve(t, e, "target", dest.Options{})
		for range 5 {
			f, err := os.Create(filepath.Join(t.TempDir(), "f"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			const size = 20 << 20
			exit, err := e.Run(t.Context(), r, Command{Text: "head -c 20971520 /dev/zero", Stdout: f})
			if err != nil || exit.Code == nil || *exit.Code != 0 {
				t.Fatalf("%+v, %v", exit, err)
			}
			if info, err := f.Stat(); err != nil || info.Size() != size {
				t.Errorf("the file has %d bytes, want %d", info.Size(), size)
			}
		}
		// A child in the background keeps the session open; the call does not wait for it for ever.
		f, err := os.Create(filepath.Join(t.TempDir(), "f"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := e.Run(t.Context(), r, Command{Text: "echo x; sleep 300 &", Stdout: f}); err != nil {
			t.Error(err)
		}
	})
}
