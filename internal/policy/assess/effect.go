package assess

import "strings"

// effect is what a program does with something it is given: the kind of an option's value or of an operand.
type effect int

const (
	plain      effect = iota // a word without effect
	readsPath                // a file or directory that is read
	looksAt                  // one whose name, size or owner is looked at, not its content
	creates                  // a file or directory is made; what is there stays
	writes                   // a file's content is replaced
	appends                  // a file grows
	modifies                 // a file is changed in place
	removes                  // one file goes
	removesAll               // a tree goes
	empties                  // a file loses its content
	formats                  // a device or image loses its content
	perms                    // mode, owner or attributes change
	permsAll                 // of a tree
	changesDirectory
	runsCommand // the words from here on are a command
	runsShell   // shell text
	runsJoined  // the words from here on, joined, are shell text
	runsScript  // a file of code
	runsProgram // shell text that names a program nobody sees run
	loads       // a library or plugin
	sql         // SQL
	names       // a host or URL
	signsIn     // a password, token or the like that another machine is given to sign in
)

// pathEffect rates what happens to a path.
func pathEffect(kind effect, a arg, sc *scope) (Tier, string) {
	at, exact := locate(a, sc)
	what := a.show()
	switch kind {
	case creates, writes, appends, modifies, empties:
		return writeEffect(kind, at, exact, what, a, sc)
	case removes:
		return removeEffect(at, exact, what, a)
	case removesAll:
		return removeAllEffect(at, exact, what, a)
	case formats:
		switch at {
		case work, temp, personal:
			return Stateful, "formats the image " + what
		case nothing:
			return Observe, ""
		}
		return Irreversible, "destroys what is on " + what
	case perms, permsAll:
		return permissionEffect(kind, at, exact, what)
	}
	return Observe, ""
}

func writeEffect(kind effect, at place, exact bool, what string, a arg, sc *scope) (Tier, string) {
	switch at {
	case nothing:
		return Observe, ""
	case temp, work, personal:
		return Reversible, "writes " + what
	case startup:
		if strings.HasSuffix(absolute(a.s, sc), "/authorized_keys") && (kind == writes || kind == empties) {
			return Irreversible, "replaces who may log in: " + what
		}
		return Stateful, "changes how sessions start or who may log in: " + what
	case vital:
		if kind == creates && !exact {
			return Stateful, "changes " + what
		}
		return Irreversible, "overwrites " + what + ", which access or booting depends on"
	case program:
		if kind == creates {
			return Stateful, "adds to the programs of the system: " + what
		}
		return Irreversible, "overwrites a program or library of the system: " + what
	case logs:
		if kind == appends || kind == creates {
			return Stateful, "writes into the log " + what
		}
		return Irreversible, "overwrites the log " + what
	case stored:
		if kind == appends || kind == creates {
			return Stateful, "writes into the data of a service: " + what
		}
		return Irreversible, "overwrites the data of a service: " + what
	case device:
		if quietDevice(absolute(a.s, sc)) {
			return Stateful, "writes to the device " + what
		}
		return Irreversible, "overwrites the device " + what
	case kernel:
		p := absolute(a.s, sc)
		for _, s := range []string{"sysrq", "/delete", "/core_pattern", "/modprobe", "/uevent_helper", "/proc/kcore", "/mem", "/unbind", "/remove", "/sys/power/", "/selinux/enforce", "/selinux/disable", "/device/state", "/modules_disabled", "/efivars/"} {
			if strings.Contains(p, s) {
				return Irreversible, "tells the kernel to stop, drop or run something: " + what
			}
		}
		return Stateful, "changes the kernel's settings: " + what
	case wide:
		if exact || kind == creates || kind == writes {
			return Stateful, "writes into " + what
		}
		return Irreversible, "changes everything in " + what
	case anywhere:
		return Stateful, "writes to a path that is not known: " + what
	case system:
		if kind == empties && !exact {
			return Irreversible, "empties " + what
		}
	}
	return Stateful, "writes " + what
}

// quietDevice tells devices that hold no data.
func quietDevice(p string) bool {
	for _, d := range []string{"tty", "lp", "usb/lp", "snd/", "input/", "net/", "ptmx", "console", "kmsg", "watchdog", "dri/", "video", "log"} {
		if strings.HasPrefix(p, "/dev/"+d) {
			return true
		}
	}
	return false
}

func removeEffect(at place, exact bool, what string, a arg) (Tier, string) {
	switch at {
	case nothing:
		return Irreversible, "removes the device " + what
	case temp, work, personal:
		if a.glob || !exact {
			return Stateful, "removes the files " + what
		}
		return Reversible, "removes the file " + what
	case wide:
		if a.glob || !a.known() {
			return Irreversible, "removes everything in " + what
		}
		return Stateful, "removes " + what
	case startup, system, anywhere:
		if at != startup && !a.known() && a.tainted(fromFiles) {
			return Irreversible, "removes each of the files that are found: " + what
		}
		if at == anywhere && a.multi {
			return Irreversible, "removes files that are not known"
		}
		if at == startup && strings.Contains(what, ".ssh") {
			return Irreversible, "removes keys or who may log in: " + what
		}
		return Stateful, "removes " + what
	}
	return Irreversible, "removes " + what + ", which the system, its logs or its data need"
}

func removeAllEffect(at place, exact bool, what string, a arg) (Tier, string) {
	switch {
	case (at == work || at == temp) && (exact || a.glob || !a.known()) && !(at == temp && !exact):
		return Stateful, "removes the tree " + what
	case at == anywhere:
		return Irreversible, "removes a tree that is not known: " + what
	}
	return Irreversible, "removes " + what + " with everything in it"
}

func permissionEffect(kind effect, at place, exact bool, what string) (Tier, string) {
	switch at {
	case nothing:
		return Observe, ""
	case temp, work, personal:
		if kind == permsAll {
			return Stateful, "changes permissions below " + what
		}
		return Reversible, "changes permissions of " + what
	case wide:
		if kind == permsAll {
			return Irreversible, "changes permissions of everything in " + what
		}
	case vital, program, device:
		if kind == permsAll || at == vital {
			return Irreversible, "changes permissions of " + what + ", which access or booting depends on"
		}
	}
	return Stateful, "changes permissions of " + what
}
