package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"relay-shell/internal/audit"
	"relay-shell/internal/config"
)

// audit checks that the log can be written and is intact, without writing to it.
func (d *doctor) audit(ctx context.Context) {
	cfg := d.session.cfg
	dir := filepath.Dir(cfg.AuditPath)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		d.fault("audit", "no log can be kept in "+dir, "make that directory for this account, or name another AUDIT_PATH")
		return
	}
	for _, path := range []string{dir, cfg.AuditPath} {
		if err := unix.Access(path, unix.W_OK); err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.fault("audit", fmt.Sprintf("%s can't be written: %v", path, err), "make it writable for this account, or name another AUDIT_PATH")
			return
		}
	}
	if cfg.AuditOnFailure == config.Allow {
		d.good("audit", "%s; while it can't be written calls run and say so (AUDIT_ON_FAILURE=allow)", cfg.AuditPath)
	} else {
		d.good("audit", "%s; while it can't be written tier 1 and above is refused (AUDIT_ON_FAILURE=deny)", cfg.AuditPath)
	}
	d.space("audit", dir)
	for _, spec := range cfg.AuditMirror {
		if err := audit.TryMirror(spec); err != nil {
			d.warn("audit", fmt.Sprintf("the mirror %s takes no records: %v", spec, err), "bring it up, or take it out of AUDIT_MIRROR; calls go on without it")
		}
	}
	if open := openToOthers(treeOf(cfg.AuditPath)); len(open) > 0 {
		d.warn("audit", "others may read "+list(open, 3), "chmod go= "+open[0])
	}
	report, err := audit.Verify(ctx, audit.VerifyOptions{Path: cfg.AuditPath})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.good("audit", "no record yet")
	case ctx.Err() != nil:
		d.warn("audit", "the log is too long to be verified here in time", "relay-shell audit verify")
	case err != nil:
		d.failed("audit", err, "relay-shell audit verify")
	case !report.OK:
		d.fault("audit", "not intact: "+report.Fault.Error(), "keep the files as evidence; relay-shell audit verify has the rest")
	default:
		d.good("audit", "intact: %d records, signed up to %d", report.Records, report.Signed)
	}
}

// treeOf is where the log's key and hashes lie.
func treeOf(live string) string { return strings.TrimSuffix(live, filepath.Ext(live)) + ".tree" }

const (
	// spaceFull is when a disk counts as full, in bytes: spools, transfers and the log's reserve need more.
	spaceFull = 1 << 20
	spaceLow  = 256 << 20
)

// space checks the room on a directory's file system. Each is looked at once.
func (d *doctor) space(check, dir string) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return // what is wrong with the directory has been said
	}
	free := uint64(st.Bavail) * uint64(st.Bsize)
	const remedy = "free space there"
	switch {
	case free < spaceFull:
		d.fault(check, fmt.Sprintf("the disk of %s is full (%d KiB left)", dir, free>>10), remedy)
	case st.Files > 0 && st.Ffree < 100:
		d.fault(check, fmt.Sprintf("the disk of %s is full: no inodes are left", dir), remedy)
	case free < spaceLow:
		d.warn(check, fmt.Sprintf("%d MiB are left on the disk of %s", free>>20, dir), remedy)
	}
}

// limits checks how many files may be open: each call in flight takes some.
func (d *doctor) limits() {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return
	}
	if need := uint64(8*d.session.cfg.MaxInFlight + 64); uint64(lim.Cur) < need { //nolint:unconvert // the types differ between systems
		d.warn("limits", fmt.Sprintf("%d files may be open, and %d calls in flight can need %d", lim.Cur, d.session.cfg.MaxInFlight, need), "raise the limit (ulimit -n), or lower MAX_IN_FLIGHT")
		return
	}
	d.good("limits", "%d files may be open", lim.Cur)
}

// maxWalk bounds how many entries are looked at.
const maxWalk = 20_000

// openToOthers lists what below the directories others may read, write or connect to.
func openToOthers(dirs ...string) []string {
	var open []string
	seen := 0
	for _, dir := range dirs {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error { // what can't be read is not open to others
			if seen++; seen > maxWalk {
				return fs.SkipAll
			}
			if err != nil {
				return nil
			}
			if info, err := e.Info(); err == nil && info.Mode()&os.ModeSymlink == 0 && info.Mode().Perm()&0o077 != 0 {
				open = append(open, path)
			}
			return nil
		})
	}
	return open
}

// list shows the first few of many.
func list(names []string, most int) string {
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
