package localexec

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
