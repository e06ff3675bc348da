package localexec

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

func TestEnd(t *testing.T) {
	for _, test := range []struct {
		name, id string
		ended    bool
	}{
		{"running", "end-running", false},
		{"its leader has ended", "end-ended", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			text := "(" + note + "sleep 1000) & setsid sh -c '" + note2 + "sleep 1000' & "
			if !test.ended {
				text += "wait"
			}
			cmd := exec.Command("/bin/sh", "-c", text)
			cmd.Env = Mark(append(os.Environ(), "DIR="+dir), test.id)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waited := make(chan struct{})
			go func() { _ = cmd.Wait(); close(waited) }()
			left := pids(t, dir, 2)
			pid := cmd.Process.Pid
			if test.ended {
				<-waited
				pid = 0
			}
			if survivors := End(test.id, pid); survivors != nil {
				t.Errorf("survivors: %v", survivors)
			}
			<-waited
			for _, p := range left {
				if living(p) {
					t.Errorf("process %d lives", p)
				}
			}
		})
	}
	for _, id := range []string{"", "a:b", "nobody-has-it"} {
		if survivors := End(id, 0); survivors != nil {
			t.Errorf("%q: %v", id, survivors)
		}
	}
}
