package tools

import (
	"os"
	"path/filepath"
	"strings"
)

// here is a working directory on this machine as what starts the command can use it: a supervisor or a keeper, whose own directory is another.
// A relative one starts at the server's, as the paths of files do, and ~ is home, as on a host.
func (d *Deps) here(cwd string) string {
	if rest, is := strings.CutPrefix(cwd, "~"); is && (rest == "" || rest[0] == '/') {
		if home := valueOf(d.Environ, "HOME", ""); home != "" {
			return home + rest
		}
	}
	if cwd == "" || filepath.IsAbs(cwd) {
		return cwd
	}
	dir, err := os.Getwd()
	if err != nil { // it is gone: what uses the path says so
		return cwd
	}
	return dir + "/" + cwd // not cleaned, because .. after a symbolic link leads elsewhere
}
