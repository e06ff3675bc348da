package sshtest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// LogPath is the file to which the server logs (sshd at LogLevel VERBOSE).
func (s *Server) LogPath() string { return filepath.Join(s.dir, "log") }

// Log is everything that the server has logged so far.
func (s *Server) Log() string {
	data, _ := os.ReadFile(s.LogPath()) // not there yet: nothing logged
	return string(data)
}

var (
	loginLine    = regexp.MustCompile(`(?m)Accepted \S+ for |auth succeeded for `)
	connectLine  = regexp.MustCompile(`(?m)^(Connection from |\[\d+\] .*Child connection from )`)
	sessionLine  = regexp.MustCompile(`(?m)^Starting session: `)
	startupsLine = regexp.MustCompile(`(?m)beginning MaxStartups throttling|drop connection #\d+ from `)
)

// Logins counts successful authentications since the first start.
func (s *Server) Logins() int { return len(loginLine.FindAllString(s.Log(), -1)) }

// Attempts counts TCP connections that the server accepted and served, logged in or not.
func (s *Server) Attempts() int { return len(connectLine.FindAllString(s.Log(), -1)) }

// Sessions counts the shells, commands and subsystems that sshd started.
func (s *Server) Sessions() int { return len(sessionLine.FindAllString(s.Log(), -1)) }

// Throttled counts the lines in which sshd says that MaxStartups made it drop connections.
func (s *Server) Throttled() int { return len(startupsLine.FindAllString(s.Log(), -1)) }

// Connections counts the connections that are open now: the listener's child processes.
func (s *Server) Connections() int { return len(children()[s.proc.pid]) }

// Running reports whether a process on the server has text among its arguments, in its tree or escaped from it. Tests ask again and again
// on a busy machine, so most processes are told apart by one look.
func (s *Server) Running(text string) bool {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		line, _ := os.ReadFile(path)
		if !strings.Contains(strings.ReplaceAll(string(line), "\x00", " "), text) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if s.marks(pid) || slices.Contains(descendants(s.proc.pid), pid) {
			return true
		}
	}
	return false
}
