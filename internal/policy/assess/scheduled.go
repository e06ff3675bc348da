package assess

import (
	"slices"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// cronTime is one of the times in front of a line of a crontab.
var cronTime = lazyregexp.New(`(?i)^(\*|\?|[0-9]+|[a-z]{3}|L|W|#|[-/,~])+$`)

// autorun reports whether the system runs what a file says by itself.
func autorun(p string) bool {
	for _, pre := range []string{"/etc/cron", "/var/spool/cron", "/etc/profile", "/etc/rc", "/etc/init.d/", "/etc/systemd/", "/lib/systemd/", "/usr/lib/systemd/", "/etc/update-motd.d/", "/etc/bash", "/etc/zsh", "/etc/NetworkManager/dispatcher.d/", "/etc/apt/apt.conf.d/", "/etc/logrotate.d/", "/etc/udev/", "/etc/network/if-"} {
		if strings.HasPrefix(p, pre) {
			return true
		}
	}
	if rest, ok := strings.CutPrefix(p, home+"/"); ok {
		at, _ := locateHome(rest)
		return at == startup
	}
	if rest, ok := homeOf(p); ok {
		at, _ := locateHome(rest)
		return at == startup
	}
	return false
}

// scheduled reads the content of such a file: shell text, crontab lines and the commands of unit files.
func (m *machine) scheduled(content str, sc *scope) {
	for _, line := range strings.Split(content.s, "\n") {
		line = strings.TrimSpace(strings.TrimLeft(line, unk)) // behind what crontab -l prints
		if line == "" || line[0] == '#' {
			continue
		}
		if key, v, ok := strings.Cut(line, "="); ok && strings.HasPrefix(key, "Exec") {
			line = strings.TrimLeft(v, "-@:+!")
		}
		worst := Observe
		var found *machine
		for _, text := range cronForms(line) {
			sub := m.probe(func(p *machine) { p.shell(str{text, content.t}, sc.fork()) })
			if sub.tier > worst && sub.tier == Irreversible {
				worst, found = sub.tier, sub
			}
		}
		if found != nil {
			m.note(Reason{Text: line, Rule: "scheduled", Tier: Irreversible, Why: "the system will run it: " + worstOf(found)})
		}
	}
}

// cronForms returns a line as it is or, if it begins with times, without these, and without the user who may stand behind them.
func cronForms(line string) []string {
	forms := []string{line}
	fields := strings.Fields(line)
	skip := 0
	switch {
	case strings.HasPrefix(line, "@"):
		skip = 1
	case len(fields) > 5 && !slices.ContainsFunc(fields[:5], func(f string) bool { return !cronTime.MatchString(f) }):
		skip = 5
	}
	if skip > 0 {
		forms = forms[:0]
		for _, n := range []int{skip, skip + 1} {
			if len(fields) > n {
				forms = append(forms, strings.Join(fields[n:], " "))
			}
		}
	}
	return forms
}
