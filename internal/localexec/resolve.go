package localexec

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// statTimeout is how long a file system may take to say whether a directory or program exists. One that hangs (a dead
// network mount) would otherwise hold up the starting of every other command too: the fork waits for chdir and exec.
const statTimeout = 5 * time.Second

// stat is os.Stat with a deadline. The goroutine of a stat that hangs ends with the hanging.
func stat(path string) (fs.FileInfo, error) {
	type answer struct {
		info fs.FileInfo
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		info, err := os.Stat(path)
		done <- answer{info, err}
	}()
	timer := time.NewTimer(statTimeout)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.info, a.err
	case <-timer.C:
		return nil, refuse("unreachable", "its file system hangs, perhaps a dead network mount", "%s did not answer within %v", path, statTimeout)
	}
}

// checkDir says why a working directory can't be one.
func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse("not_found", "pass a directory that exists, or none", "cwd %s does not exist", dir)
	case errors.Is(err, fs.ErrPermission):
		return refuse("permission_denied", "this user may not enter one of its parents", "cwd %s is not accessible", dir)
	case errors.Is(err, syscall.ENAMETOOLONG):
		return refuse("invalid_argument", "a path has at most 4095 bytes, a name in it 255", "cwd is too long for a path: %d bytes", len(dir))
	case errors.Is(err, syscall.ENOTDIR):
		return refuse("not_found", "a file stands where the path has a directory", "cwd %s does not exist", dir)
	case err != nil:
		return err
	case !info.IsDir():
		return refuse("invalid_argument", "cwd is the directory to run in", "cwd %s is not a directory", dir)
	case !accessible(dir):
		return refuse("permission_denied", "this user may not enter it", "cwd %s is not accessible", dir)
	}
	return nil
}

// FindProgram says why there is no program of this name for a command in dir with this environment, nil if there is one.
func FindProgram(name, dir string, env []string) error {
	_, err := findProgram(name, dir, env)
	return err
}

// findProgram finds the file of a program as a shell in dir with this environment would.
func findProgram(name, dir string, env []string) (string, error) {
	if name == "" {
		return "", refuse("invalid_argument", "pass the program first", "the program's name is empty")
	}
	if strings.Contains(name, "/") {
		return name, checkProgram(name, dir)
	}
	path := lookup(env, "PATH")
	var denied error
	for _, d := range filepath.SplitList(path) {
		if d == "" {
			d = "."
		}
		candidate := d + "/" + name
		err := checkProgram(candidate, dir)
		if err == nil {
			return candidate, nil
		}
		if code(err) != "not_found" && denied == nil {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", refuse("not_found", "install it, name it with its path, or set PATH in env; shell built-ins and syntax need use_shell", "%s is not in PATH (%s)", name, path)
}

func code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.code
	}
	return ""
}

// checkProgram says why a file can't be executed. A relative path is relative to dir.
func checkProgram(path, dir string) error {
	full := path
	if !filepath.IsAbs(path) {
		full = filepath.Join(dir, path)
	}
	info, err := stat(full)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return refuse("permission_denied", "this user may not enter one of its directories", "%s is not accessible", path)
	case code(err) == "unreachable":
		return err
	case err != nil:
		return refuse("not_found", "check the path; a relative one is relative to cwd", "%s does not exist", path)
	case info.IsDir():
		return refuse("invalid_argument", "name a program", "%s is a directory", path)
	case !accessible(full):
		return refuse("permission_denied", "make it executable (chmod +x) or name its interpreter", "%s is not executable", path)
	}
	return nil
}
