//go:build !linux

package sshbin

import (
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// processArgs are the arguments of a process, nil if there is none. ps(1) joins them with blanks.
func processArgs(pid int) []string {
	out, err := exec.Command("ps", "-ww", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil
	}
	return strings.Fields(string(out))
}

// processes lists the process ids of this user.
func processes() []int {
	out, err := exec.Command("ps", "-x", "-o", "pid=").Output()
	if err != nil {
		return nil
	}
	var pids []int
	for _, word := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(word); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// cheapState: asking for a process's state costs no process.
const cheapState = false

// processState is the first letter of ps(1)'s state: R running, S sleeping, T stopped…; 0 where there is none.
func processState(pid int) byte {
	out, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	if state := strings.TrimSpace(string(out)); err == nil && state != "" {
		return state[0]
	}
	return 0
}

// processStart is when a process started.
func processStart(pid int) (time.Time, bool) {
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation("Mon Jan _2 15:04:05 2006", strings.TrimSpace(string(out)), time.Local)
	return t, err == nil
}

// allSocketClients counts the connections to each listening unix socket; nil, because that cannot be told here.
func allSocketClients() map[string]int { return nil }
