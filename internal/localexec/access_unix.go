//go:build unix

package localexec

import "golang.org/x/sys/unix"

// accessible says whether this user may execute a file or enter a directory.
func accessible(path string) bool {
	return unix.Faccessat(unix.AT_FDCWD, path, unix.X_OK, unix.AT_EACCESS) == nil
}
