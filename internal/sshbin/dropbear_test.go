package sshbin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestDropbearAtOnce puts 64 calls at a time on a dropbear server: each runs once and tells its output and status.
func TestDropbearAtOnce(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root: dropbear takes authorized keys from the account's home alone")
	}
	server := sshtest.Start(t, sshtest.Options{Dropbear: true, Shell: "dash", Ordinary: true})
	// Two engines stand for two processes that share their masters.
	engines := []*Engine{newEngine(t, server.Lab, Options{}), newEngine(t, server.Lab, Options{})}
	var at []*dest.Resolved
	for _, e := range engines {
		at = append(at, resolve(t, e, "target", dest.Options{}))
	}
	log := filepath.Join(server.AccountHome(), "ran")
	const calls = 400
	atOnce(t, calls, 64, func(i int) error {
		res, err := run(t, engines[i%2], at[i%2], Command{Text: fmt.Sprintf("echo %d | tee -a ran; exit %d", i, i%7)})
		if err == nil && (res.out != fmt.Sprintf("%d\n", i) || res.code != i%7) {
			err = fmt.Errorf("output %q, errors %q, exit %d", res.out, res.err, res.code)
		}
		return err
	})
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for line := range strings.Lines(string(data)) {
		times[strings.TrimSpace(line)]++
	}
	for i := range calls {
		if n := times[fmt.Sprint(i)]; n != 1 {
			t.Errorf("call %d ran %d times", i, n)
		}
	}
	if log := server.Log(); strings.Contains(log, "Failed assertion") {
		t.Error("a connection of the server's crashed")
	}
	for i, e := range engines {
		if p, err := e.pool(at[i]); err != nil || !p.apart.Load() {
			t.Error("the server was not recognised")
		}
	}
}

func TestFrail(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]bool{
		"-": false, "": false, "openssh": false, "dropbear_2020.81": false, "dropbear_2022.81": false, "dropbear_2022.82": true, "dropbear_2022.83": true, "dropbear_2022": true,
		"dropbear_2024.85": true, "dropbear_2024.86": true, "dropbear_2025.87": false, "dropbear_": true, "dropbear_1:": true, "dropbear_0.52": false,
	} {
		if got := frail(server); got != want {
			t.Errorf("frail(%q) = %v", server, got)
		}
	}
}
