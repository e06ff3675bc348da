package sshbin

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// prepareRuntimeDir makes the directory for control sockets, or checks that an existing one is ours alone: whoever can
// write there could put a socket of his own in place of a master's.
func prepareRuntimeDir(dir string) error {
	if len(dir) > maxRuntimeDir {
		return &Error{Op: "preparing the runtime directory", Code: "invalid_argument",
			Message: fmt.Sprintf("%s is %d bytes long; control sockets fit below %d", dir, len(dir), maxRuntimeDir),
			Hint:    "set RELAY_SHELL_RUNTIME_DIR to a shorter directory"}
	}
	if !filepath.IsAbs(dir) {
		return &Error{Op: "preparing the runtime directory", Code: "invalid_argument", Message: strconv.Quote(dir) + " is not an absolute path", Hint: "set RELAY_SHELL_RUNTIME_DIR to an absolute path"}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &Error{Op: "preparing the runtime directory", Code: "permission_denied", Message: err.Error(), Hint: "set RELAY_SHELL_RUNTIME_DIR to a directory that can be written", Err: err}
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || ok && int(stat.Uid) != os.Getuid() {
		return &Error{Op: "preparing the runtime directory", Code: "permission_denied", Message: dir + " is not a directory of this user", Hint: "set RELAY_SHELL_RUNTIME_DIR to a private directory"}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}

// Sockets are named m-<first half of 16 hex digits of the identity>-<index>.
const socketPrefix = "m-"

func (e *Engine) socketPath(identity string, index int) string {
	return filepath.Join(e.opt.RuntimeDir, socketPrefix+identity[:16]+"-"+strconv.Itoa(index))
}

// ownSocket takes a socket's name apart.
func ownSocket(name string) (identity string, index int, ok bool) {
	rest, ok := strings.CutPrefix(name, socketPrefix)
	if !ok {
		return "", 0, false
	}
	identity, number, ok := strings.Cut(rest, "-")
	if !ok || len(identity) != 16 {
		return "", 0, false
	}
	index, err := strconv.Atoi(number)
	return identity, index, err == nil
}

func logPath(socket string) string { return socket + ".log" }
