package failure

import (
	"slices"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// maxMessage bounds a message: a hostile server may send long words (RFC 4253, 11.1).
const maxMessage = 1000

// noise is what ssh says beside a failure.
var noise = lazyregexp.New(`^(debug\d:|OpenSSH_|@@@|Warning: Permanently added|Authenticated (to|using) |Transferred: sent|Bytes per second:` +
	`|Pseudo-terminal will not|Killed by signal|\*\* |Warning: remote port forwarding|Host key fingerprint is|[+|].*[+|]$|Identity added:)`)

// located is how a line begins that LogVerbose covers, complaints included: "sshconnect2.c:sign_and_send_pubkey():1629
// (pid=7): signing failed…". Without LogVerbose the function's name alone stands there.
var located = lazyregexp.New(`^[\w.-]+\.c:(\w+)\(\):\d+ \(.*?pid=\d+\): `)

// maxLines bounds the lines that are looked at, from the end: each rule looks at each, and a hostile banner may be made
// of short ones.
const maxLines = 1000

// A text is what one ssh said.
type text struct {
	raw  string
	said []string // its lines, without blank ones and noise
}

func read(raw string) text {
	t := text{raw: raw}
	lines := strings.Split(raw, "\n")
	for _, line := range lines[max(0, len(lines)-maxLines):] {
		line = located.ReplaceAllString(strings.TrimSpace(line), "$1: ")
		if line != "" && !noise.MatchString(line) {
			t.said = append(t.said, line)
		}
	}
	return t
}

// find returns the last line that pattern matches, with its groups. The last: ssh tries one address after the other,
// and the last one's failure is what ends it.
func (t text) find(pattern *lazyregexp.Regexp) []string {
	for _, line := range slices.Backward(t.said) {
		if m := pattern.FindStringSubmatch(line); m != nil {
			return append([]string{line}, m[1:]...)
		}
	}
	return nil
}

// all is everything that was said, on one line.
func (t text) all() string { return oneLine(t.said...) }

// oneLine joins the lines that say something and bounds what comes out.
func oneLine(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(p)
		if b.Len() > maxMessage {
			return strings.ToValidUTF8(b.String()[:maxMessage], "") + "…"
		}
	}
	return b.String()
}
