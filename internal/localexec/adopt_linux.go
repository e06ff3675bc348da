package localexec

import "golang.org/x/sys/unix"

// adoptOrphans makes this process the parent of orphaned descendants (prctl(2), PR_SET_CHILD_SUBREAPER), so that they are
// collected even where process 1 doesn't do that, as in many containers.
func adoptOrphans() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }
