package localexec

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalNames are the names of the signals without SIG, as kill(1) takes them.
var signalNames = func() map[int]string {
	names := map[int]string{}
	for n := 1; n < 64; n++ {
		if name := unix.SignalName(syscall.Signal(n)); name != "" {
			names[n] = strings.TrimPrefix(name, "SIG")
		}
	}
	return names
}()

// SignalOf is the name, without SIG, of the signal that an exit status stands for (128+n), "" for none.
func SignalOf(status int) string {
	if status <= 128 {
		return ""
	}
	return signalNames[status-128]
}
