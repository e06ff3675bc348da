package pty

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// program is the file to run.
func (o Options) program() (string, error) {
	name := o.Program
	if name == "" {
		name = o.Argv[0]
	}
	if name == "" {
		return "", refuse("invalid_argument", "pass the program first", "the program's name is empty")
	}
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range filepath.SplitList(o.variable("PATH")) {
		if dir == "" {
			dir = "."
		}
		path := dir + "/" + name
		full := path
		if !filepath.IsAbs(full) {
			full = filepath.Join(o.Dir, full)
		}
		if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() && unix.Faccessat(unix.AT_FDCWD, full, unix.X_OK, unix.AT_EACCESS) == nil {
			return path, nil
		}
	}
	return "", refuse("not_found", "install it, name it with its path, or set PATH in env", "%s is not in PATH", name)
}

func (o Options) variable(name string) string {
	for _, kv := range o.Env {
		if n, v, ok := strings.Cut(kv, "="); ok && n == name {
			return v
		}
	}
	return ""
}

// environ is Env with what a terminal adds. LINES and COLUMNS would outlive the size they tell of.
func (o Options) environ() []string {
	env := make([]string, 0, len(o.Env)+2)
	for _, kv := range o.Env {
		n, v, _ := strings.Cut(kv, "=")
		if n == "LINES" || n == "COLUMNS" || n == "TERM" && (v == "" || v == "dumb") || n == "PWD" && filepath.IsAbs(o.Dir) {
			continue
		}
		env = append(env, kv)
	}
	if v := o.variable("TERM"); v == "" || v == "dumb" {
		env = append(env, "TERM="+Term)
	}
	if filepath.IsAbs(o.Dir) {
		env = append(env, "PWD="+o.Dir)
	}
	return env
}

// startError says in the caller's terms why a program did not start.
func startError(o Options, program string, err error) error {
	if o.Dir != "" {
		info, derr := os.Stat(o.Dir)
		switch {
		case errors.Is(derr, fs.ErrNotExist):
			return refuse("not_found", "pass a directory that exists, or none", "cwd %s does not exist", o.Dir)
		case derr == nil && !info.IsDir():
			return refuse("invalid_argument", "cwd is the directory to run in", "cwd %s is not a directory", o.Dir)
		case derr != nil || unix.Faccessat(unix.AT_FDCWD, o.Dir, unix.X_OK, unix.AT_EACCESS) != nil:
			return refuse("permission_denied", "this user may not enter it", "cwd %s is not accessible", o.Dir)
		}
	}
	doing := "starting " + program
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wrap(err, "not_found", "check the path; if the file exists, the interpreter or loader that it names does not", doing)
	case errors.Is(err, fs.ErrPermission):
		return wrap(err, "permission_denied", "it is not executable for this user", doing)
	case errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.EINVAL):
		return wrap(err, "invalid_argument", "it is no program for this machine, or its arguments hold a NUL byte", doing)
	case errors.Is(err, syscall.E2BIG):
		return wrap(err, "too_large", "one argument holds at most 131071 bytes", doing)
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM):
		return wrap(err, "limit_reached", "the machine or this user has no processes or memory left", doing)
	}
	return wrap(err, "internal", "the server's log says more", doing)
}

func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return strings.TrimPrefix(name, "SIG")
	}
	return s.String()
}
