package assess

import (
	"path"
	"strings"
)

// place is where a path lies, as far as losing or changing what is there matters.
type place int

const (
	nothing  place = iota // /dev/null and the standard streams
	temp                  // below /tmp, /var/tmp, /dev/shm
	work                  // below the working directory
	personal              // below the caller's home directory
	startup               // what the caller's shells, keys and sessions start with
	system                // anywhere else
	program               // what the system boots and runs from
	vital                 // accounts, boot, remote access: without it nobody gets in
	logs                  // logs and audit trails
	stored                // where databases and services keep their data
	device                // disks and other devices
	kernel                // /proc and /sys
	wide                  // a root of many things: /, ~, ., *, /home, /srv
	anywhere              // not known
)

// absolute resolves a path against the scope's directory. What is relative to an unknown directory keeps its form without
// "./" in front.
func absolute(p string, sc *scope) string {
	if p == "" {
		return ""
	}
	if strings.HasPrefix(p, "/proc/") && procRoot.ReplaceAllString(p, "") == "" {
		return "/"
	}
	if !strings.HasPrefix(p, "/") && !strings.HasPrefix(p, home) && !strings.HasPrefix(p, unk) && sc.dir.s != "" {
		p = sc.dir.s + "/" + p
	}
	if strings.HasPrefix(p, home) {
		rest := path.Clean("/x/x/x/x" + p[len(home):])
		if after, ok := strings.CutPrefix(rest, "/x/x/x/x"); ok {
			return home + after
		}
		return "/home"
	}
	return path.Clean(procRoot.ReplaceAllString(p, ""))
}

// locate says where a path lies. exact reports whether the path names one thing below its place rather than the place
// itself or everything in it.
func locate(a arg, sc *scope) (at place, exact bool) {
	p := absolute(a.s, sc)
	if i := strings.Index(p, unk); i >= 0 {
		return locateUnknown(p, i)
	}
	if a.glob {
		return locateGlob(p, sc)
	}
	return locateKnown(p)
}

func locateKnown(p string) (place, bool) {
	switch {
	case p == "" || p == "." || p == ".." || p == "/" || p == home || strings.HasPrefix(p, "../"):
		return wide, false
	case p == "/dev/null" || p == "/dev/zero" || p == "/dev/full" || isTerminal(p) || strings.HasPrefix(p, "/dev/fd/") || strings.HasPrefix(p, "/dev/pts/") || p == "/dev/stdin" || p == "/dev/random" || p == "/dev/urandom":
		return nothing, true
	case strings.HasPrefix(p, "/dev/shm/"):
		return temp, true
	case strings.HasPrefix(p, "/dev/"):
		return device, true
	case p == "/tmp" || p == "/var/tmp" || p == "/dev/shm":
		return temp, false
	case strings.HasPrefix(p, "/tmp/") || strings.HasPrefix(p, "/var/tmp/") || strings.HasPrefix(p, "/private/tmp/"):
		return temp, true
	case strings.HasPrefix(p, home+"/"):
		return locateHome(p[len(home)+1:])
	case strings.Contains("/"+p+"/", "/.ssh/") || strings.Contains("/"+p, "/.local/libexec/relay-shell"):
		return startup, true // of whatever account
	case !strings.HasPrefix(p, "/"):
		if startsSessions(p) {
			return startup, true
		}
		return work, true
	}
	if rest, ok := homeOf(p); ok {
		if rest == "" {
			return wide, false
		}
		return locateHome(rest)
	}
	for _, rule := range systemPlaces {
		if ok, _ := path.Match(rule.pattern, p); ok || rule.below && strings.HasPrefix(p, strings.TrimSuffix(rule.pattern, "*")) {
			return rule.at, rule.at != wide
		}
	}
	return system, strings.Count(p, "/") > 1
}

// startsSessions tells names that only mean something in a home directory, as the directory that is not known may be one: that
// of a command on another machine is.
func startsSessions(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	switch first {
	case ".ssh", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".kshrc", ".cshrc", ".tcshrc", ".login", ".rhosts", ".shosts", ".pam_environment", ".gnupg":
		return true
	}
	return strings.HasPrefix(p, ".config/systemd/") || strings.HasPrefix(p, ".config/autostart/")
}

// homeOf cuts /home/NAME, /root and /Users/NAME from a path.
func homeOf(p string) (rest string, ok bool) {
	if p == "/root" {
		return "", true
	}
	if rest, ok := strings.CutPrefix(p, "/root/"); ok {
		return rest, true
	}
	for _, top := range []string{"/home/", "/Users/"} {
		if rest, ok := strings.CutPrefix(p, top); ok {
			_, rest, _ = strings.Cut(rest, "/")
			return rest, true
		}
	}
	return "", false
}

func locateHome(rest string) (place, bool) {
	first, _, _ := strings.Cut(rest, "/")
	switch first {
	case ".ssh", ".gnupg", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin",
		".kshrc", ".cshrc", ".tcshrc", ".login", ".xinitrc", ".xsession", ".xprofile", ".pam_environment", ".inputrc", ".vimrc", ".emacs", ".gitconfig", ".netrc", ".forward",
		".kube", ".aws", ".docker", ".npmrc", ".pypirc", ".tmux.conf", ".screenrc", ".rhosts", ".shosts", ".psqlrc", ".my.cnf", ".gdbinit", ".lesskey", ".lessfilter":
		return startup, true
	case ".bash_history", ".zsh_history", ".sh_history", ".ash_history", ".ksh_history", ".histfile": // what the account did
		return logs, true
	case ".config":
		for _, d := range []string{"systemd", "autostart", "fish", "git", "nvim", "environment.d"} {
			if strings.HasPrefix(rest, ".config/"+d) {
				return startup, true
			}
		}
	case ".local":
		if strings.HasPrefix(rest, ".local/libexec/relay-shell") { // the forced command of a restricted key
			return startup, true
		}
	case "*", ".*":
		return wide, false
	}
	return personal, true
}

type placeRule struct {
	pattern string
	below   bool // and everything below it
	at      place
}

// systemPlaces come from hier(7), file-hierarchy(7) and the manuals of the programs that own the files.
var systemPlaces = []placeRule{
	{"/etc/passwd", false, vital}, {"/etc/shadow", false, vital}, {"/etc/group", false, vital}, {"/etc/gshadow", false, vital}, {"/etc/sudoers", false, vital}, {"/etc/sudoers.d/*", true, vital},
	{"/etc/fstab", false, vital}, {"/etc/crypttab", false, vital}, {"/etc/pam.d/*", true, vital}, {"/etc/ssh/ssh_host_*", false, vital}, {"/etc/ld.so.preload", false, vital}, {"/etc/nsswitch.conf", false, vital},
	{"/etc/inittab", false, vital}, {"/etc/hosts.deny", false, vital}, {"/etc/hosts.allow", false, vital}, {"/etc/machine-id", false, vital}, {"/etc/login.defs", false, vital}, {"/etc/security/*", true, vital}, {"/etc/doas.conf", false, vital}, {"/etc/subuid", false, vital},
	{"/etc/master.passwd", false, vital}, {"/etc/spwd.db", false, vital}, {"/etc/pve/*", true, vital}, {"/etc/shadow-", false, vital}, {"/etc/passwd-", false, vital}, {"/etc/ssl/private/*", true, vital}, {"/etc/letsencrypt/*", true, vital},
	{"/etc/kubernetes/*", true, vital}, {"/etc/krb5.keytab", false, vital}, {"/etc/polkit-1/*", true, vital}, {"/etc/audit/*", true, vital}, {"/etc/default/grub", false, system},
	{"/boot/*", true, vital}, {"/efi/*", true, vital}, {"/boot", false, wide}, {"/vmlinuz*", false, vital}, {"/initrd*", false, vital},
	{"/bin/*", true, program}, {"/sbin/*", true, program}, {"/lib/*", true, program}, {"/lib64/*", true, program}, {"/lib32/*", true, program}, {"/usr/bin/*", true, program}, {"/usr/sbin/*", true, program}, {"/usr/lib/*", true, program}, {"/usr/lib64/*", true, program}, {"/usr/libexec/*", true, program},
	{"/var/log", false, wide}, {"/var/log/*", true, logs}, {"/var/audit/*", true, logs}, {"/run/log/*", true, logs}, {"/var/run/utmp", false, logs}, {"/run/utmp", false, logs}, {"/var/account/*", true, logs},
	{"/var/backups/*", true, stored}, {"/var/spool/cron/*", true, stored}, {"/var/spool/postfix/*", true, stored}, {"/var/spool/exim4/*", true, stored}, {"/var/spool/mqueue/*", true, stored}, {"/var/mail/*", true, stored}, {"/var/spool/mail/*", true, stored}, {"/backup/*", true, stored}, {"/backups/*", true, stored},
	{"/var/lib/apt/*", true, system}, {"/var/lib/dhcp/*", true, system}, {"/var/lib/cloud/*", true, system}, {"/var/lib/logrotate/*", true, system}, {"/var/lib/systemd/*", true, system}, {"/var/lib/NetworkManager/*", true, system}, {"/var/lib/node_exporter/*", true, system}, {"/var/lib/alternatives/*", true, system},
	{"/var/lib", false, wide}, {"/var/lib/*", true, stored}, // each service keeps its data below its name
	{"/proc/*", true, kernel}, {"/sys/*", true, kernel},
	{"/*", false, wide}, {"/var/www", false, wide}, {"/usr/bin", false, wide}, {"/usr/lib", false, wide}, {"/usr/local", false, wide}, {"/usr/share", false, wide}, {"/usr/sbin", false, wide}, {"/var/cache", false, system},
}

// locateGlob locates a pattern by its fixed part: "*" and "/srv/*" are everything, "build/*.o" is below build.
func locateGlob(p string, sc *scope) (place, bool) {
	dir, last := path.Split(p)
	if strings.HasPrefix(p, "/") && strings.Trim(last, "*?") != "" {
		for _, rule := range systemPlaces { // /et[c]/pass*
			if rule.at == vital && !rule.below {
				if ok, _ := path.Match(p, rule.pattern); ok {
					return vital, true
				}
			}
		}
	}
	if strings.ContainsAny(dir, "*?[") { // /*/log, /home/*/x
		i := strings.IndexAny(p, "*?[")
		at, _ := locateGlob(p[:strings.LastIndexByte(p[:i], '/')+1]+"*", sc)
		return at, false
	}
	everything := strings.Trim(last, "*?.[]!^") == ""
	dir = strings.TrimSuffix(dir, "/")
	if dir == "" {
		if strings.HasPrefix(p, "/") {
			return wide, false
		}
		if everything {
			return wide, false
		}
		return work, false
	}
	at, exact := locateKnown(dir)
	switch {
	case at == wide && everything && dir != "/var/log":
		return wide, false
	case dir == "/tmp" || dir == "/var/tmp" || dir == "/dev/shm":
		return temp, !everything
	case at == wide:
		child, _ := locateKnown(dir + "/" + strings.Trim(last, "*?"))
		return child, false
	case !exact:
		return at, false
	}
	child, _ := locateKnown(dir + "/" + strings.Trim(last, "*?"))
	return child, false
}

// locateUnknown locates a path of which the part from i on is not known. The unknown part may be empty, or climb.
func locateUnknown(p string, i int) (place, bool) {
	known := p[:i]
	dir, started := known, ""
	if j := strings.LastIndexByte(known, '/'); j >= 0 {
		dir, started = known[:j], known[j+1:]
	} else {
		dir, started = "", known
	}
	switch {
	case known == "":
		return anywhere, false
	case dir == "" && strings.HasPrefix(known, "/"):
		if started == "" {
			return wide, false
		}
		return anywhere, false
	case dir == "" && started != "":
		return work, false
	case dir == "":
		return anywhere, false
	case dir == "/dev" && started == "":
		return device, true
	}
	at, exact := locateKnown(dir)
	if started == "" {
		switch {
		case at == temp && exact, at == work:
			return at, false
		case at == temp:
			return temp, false
		}
		if at == wide {
			return anywhere, false
		}
		return at, false
	}
	if dir == "/tmp" || dir == "/var/tmp" {
		return temp, true
	}
	child, _ := locateKnown(dir + "/" + started + "x")
	return child, at == temp && exact
}
