package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// DirError says which directory cannot be used and what would make it usable.
type DirError struct {
	Path, Reason, Remedy string
	err                  error
}

func (e *DirError) Error() string { return "directory " + e.Path + ": " + e.Reason + "; " + e.Remedy }

func (e *DirError) Unwrap() error { return e.err }

// ErrorCode is the contract's code.
func (e *DirError) ErrorCode() string { return "permission_denied" }

// ErrorHint says what would help.
func (e *DirError) ErrorHint() string { return e.Remedy }

// Prepare makes the directories that the settings name, mode 0700, and checks that nobody else can tamper with them: each
// must belong to the user, and no other user may be able to replace one of its parents. It is called once at the start; what
// exists and is good is left alone. A failure is a *DirError.
func Prepare(c *Config) error {
	for _, d := range []struct{ path, setting string }{
		{c.StateDir, "STATE_DIR"}, {c.RuntimeDir, "RUNTIME_DIR"},
	} {
		if err := privateDir(d.path, d.setting, c.uid); err != nil {
			return err
		}
	}
	return auditDir(filepath.Dir(c.AuditPath), c.uid)
}

// privateDir makes path a directory of our own.
func privateDir(path, setting string, uid int) error {
	fail := dirFailure(path, setting)
	if err := makeDirs(path, uid); err != nil {
		return fail(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fail(err)
	}
	owner, known := ownerOf(info)
	switch {
	case !info.IsDir():
		return fail(errors.New("is not a directory"))
	case known && owner != uid:
		return fail(fmt.Errorf("belongs to uid %d, not to uid %d", owner, uid))
	case info.Mode()&os.ModeSticky != 0:
		return fail(errors.New("is a shared temporary directory"))
	case info.Mode().Perm()&0o077 == 0:
		return nil
	}
	// An empty directory was made for us; in one that holds other things the operator has chosen the mode.
	entries, err := os.ReadDir(path)
	if err != nil {
		return fail(err)
	}
	if len(entries) == 0 {
		if err := os.Chmod(path, 0o700); err != nil {
			return fail(err)
		}
		return nil
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fail(fmt.Errorf("can be written by others (mode %04o)", info.Mode().Perm()))
	}
	return nil
}

// auditDir makes the log's directory. One that exists may belong to somebody else (/var/log is a sensible place), so only
// tampering is ruled out; that the file can be written is seen when it is opened.
func auditDir(path string, uid int) error {
	fail := dirFailure(path, "AUDIT_PATH")
	if err := makeDirs(path, uid); err != nil {
		return fail(err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fail(err)
	case !info.IsDir():
		return fail(errors.New("is not a directory"))
	case info.Mode().Perm()&0o002 != 0 && info.Mode()&os.ModeSticky == 0:
		return fail(fmt.Errorf("can be written by everybody (mode %04o)", info.Mode().Perm()))
	}
	return nil
}

// makeDirs makes path and the parents that are missing, and follows the way from the root: a directory in which others may
// create names must not hold a step of the way that is theirs.
func makeDirs(path string, uid int) error {
	steps := strings.Split(strings.Trim(path, "/"), "/")
	at, shared := "/", false
	for _, name := range steps {
		at = filepath.Join(at, name)
		info, err := os.Lstat(at)
		if errors.Is(err, os.ErrNotExist) {
			if info, err = makeDir(at); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if err := checkStep(at, info, shared, uid); err != nil {
			return err
		}
		if info, err = os.Stat(at); err != nil {
			return err
		}
		shared = info.Mode().Perm()&0o002 != 0
		if shared && info.Mode()&os.ModeSticky == 0 && at != path {
			return fmt.Errorf("lies below %s, which everybody can write to", at)
		}
	}
	return nil
}

// makeDir makes one directory. Somebody else may make it first: then that one is looked at like any other.
func makeDir(path string) (os.FileInfo, error) {
	err := os.Mkdir(path, 0o700)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	if err == nil {
		// A umask such as 0777 must not take the owner's rights.
		if err := os.Chmod(path, 0o700); err != nil {
			return nil, err
		}
	}
	return os.Lstat(path)
}

// overflowUID owns what belongs to nobody inside a user namespace, such as / in a rootless container (user_namespaces(7)).
const overflowUID = 65534

// checkStep looks at one existing step of the way: who owns it can replace what lies below.
func checkStep(at string, info os.FileInfo, shared bool, uid int) error {
	owner, known := ownerOf(info)
	theirs := known && owner != uid && owner != 0 && (shared || owner != overflowUID)
	link := info.Mode()&os.ModeSymlink != 0
	switch {
	case link && theirs:
		return fmt.Errorf("%s is a symbolic link of uid %d", at, owner)
	case link && shared:
		return fmt.Errorf("%s is a symbolic link in a directory that everybody can write to", at)
	case theirs:
		return fmt.Errorf("%s belongs to uid %d, who could replace what lies below", at, owner)
	case !link && !info.IsDir():
		return fmt.Errorf("%s is not a directory", at)
	}
	return nil
}

// dirFailure says what to do about a failure.
func dirFailure(path, setting string) func(error) error {
	return func(err error) error {
		why := reason(err).Error()
		if p := (*os.PathError)(nil); errors.As(err, &p) && p.Path != path {
			why = p.Path + ": " + why
		}
		remedy := fmt.Sprintf("make it a directory of yours (mode 0700), or name another with %s%s", Prefix, setting)
		return &DirError{Path: path, Reason: why, Remedy: remedy, err: err}
	}
}
