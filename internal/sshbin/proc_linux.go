package sshbin

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processArgs are the arguments of a process, nil if there is none.
func processArgs(pid int) []string {
	line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil || len(line) == 0 {
		return nil
	}
	return strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
}

// processes lists the process ids of this user.
func processes() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// cheapState: asking for a process's state costs no process.
const cheapState = true

// processState is the letter of proc(5): R running, S sleeping, T stopped, t traced…; 0 where there is none.
func processState(pid int) byte {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	end := bytes.LastIndexByte(stat, ')') // the name may hold anything
	if end < 0 || end+2 >= len(stat) {
		return 0
	}
	return stat[end+2]
}

// processStart is when a process started; its directory in /proc is made when it is first looked at, so not that.
func processStart(pid int) (time.Time, bool) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return time.Time{}, false
	}
	uptime, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return time.Time{}, false
	}
	return startTime(string(stat), string(uptime), time.Now())
}

// ticks is USER_HZ, which is 100 on every architecture that Go runs on (proc(5), field 22).
const ticks = 100

func startTime(stat, uptime string, now time.Time) (time.Time, bool) {
	end := strings.LastIndexByte(stat, ')') // the name may hold anything
	if end < 0 {
		return time.Time{}, false
	}
	fields := strings.Fields(stat[end+1:])
	words := strings.Fields(uptime)
	if len(fields) < 20 || len(words) == 0 {
		return time.Time{}, false
	}
	start, err := strconv.ParseFloat(fields[19], 64)
	if err != nil {
		return time.Time{}, false
	}
	up, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		return time.Time{}, false
	}
	return now.Add(-time.Duration((up - start/ticks) * float64(time.Second))), true
}

// allSocketClients counts the connections to each listening unix socket, nil if that cannot be told. Accepted sockets bear the
// listener's path in /proc/net/unix and state 03.
func allSocketClients() map[string]int {
	data, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return nil
	}
	clients := map[string]int{}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) == 8 && fields[5] == "03" {
			clients[socketName(fields[7])]++
		}
	}
	return clients
}

// socketName takes off what ssh appends while it makes its socket: the kernel goes on naming the sockets by the path that was bound.
func socketName(bound string) string {
	if i := strings.LastIndexByte(bound, '.'); i >= 0 && len(bound)-i == 17 {
		return bound[:i]
	}
	return bound
}
