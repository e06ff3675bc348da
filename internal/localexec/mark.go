package localexec

import "golang.org/x/sys/unix"

// Whoever starts a command by other means, such as on a terminal, can have its tree ended all the same: with the mark in its
// environment, and the starting process marked if it starts nothing else.

// Mark returns an environment with the mark of an id in it, for a command that is started by other means.
func Mark(env []string, id string) []string { return marked(env, id) }

// MarkSelf marks this process and everything it starts from now on, for a process that holds one command alone. It
// does nothing on systems that have no such mark.
func MarkSelf(id string) { _, _ = setLimit(limitFor(id)) }

// End ends the tree of a marked command and describes what is left of it. The command leads the session pid; pid is 0 if
// it has ended and been waited for. This process itself is spared, whatever marks it carries. An empty or impossible id finds
// nothing.
func End(id string, pid int) (survivors []string) {
	if id == "" || !checkID(id) {
		return nil
	}
	t := newTree(id, pid)
	t.limit = limitFor(id)
	if pid <= 0 {
		t.root = -1
		t.collected()
	}
	return t.end()
}

// Signal sends a signal, by its name without SIG, to every process of the tree of a marked command and says to how many. The
// command leads the session pid.
func Signal(id string, pid int, name string) (int, error) {
	sig := unix.SignalNum("SIG" + name)
	if sig == 0 {
		return 0, refuse("invalid_argument", "TERM, KILL, INT, HUP, QUIT, STOP, CONT, USR1 or USR2", "%q is not a signal", name)
	}
	if id == "" || !checkID(id) {
		return 0, nil
	}
	t := newTree(id, pid)
	t.limit = limitFor(id)
	found := t.members()
	for _, p := range found {
		p.signal(sig)
	}
	return len(found), nil
}
