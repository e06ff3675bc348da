package failure

import (
	"regexp"
	"slices"
	"strings"
)

// maxMessage bounds a message: a hostile server may send long words (RFC 4253, 11.1).
const maxMessage = 1000

// noise is what ssh says beside a failure.
var noise = regexp.MustCompile(`^(debug\d:|OpenSSH_|@@@|Warning: Permanently added|Authenticated (to|using) |Transferred: sent|Bytes per second:` +
	`|Pseudo-terminal will not|Killed by signal|\*\* |Warning: remote port forwarding|Host key fingerprint is|[+|].*[+|]$|Identity added:)`)

// lines gives the lines of a text without carriage returns and blank ones.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// meaningful joins the lines that are not noise into one.
func meaningful(text string) string {
	var kept []string
	for _, line := range lines(text) {
		if !noise.MatchString(line) {
			kept = append(kept, line)
		}
	}
	return oneLine(kept...)
}

// oneLine joins the lines that say something and bounds what comes out.
func oneLine(parts ...string) string {
	s := strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "; ")
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}

// find returns the last line of text that pattern matches, with its groups. The last: ssh tries one address after
// the other, and the last one's failure is what ends it.
func find(text string, pattern *regexp.Regexp) []string {
	var found []string
	for _, line := range lines(text) {
		if noise.MatchString(line) {
			continue
		}
		if m := pattern.FindStringSubmatch(line); m != nil {
			found = append([]string{line}, m[1:]...)
		}
	}
	return found
}
