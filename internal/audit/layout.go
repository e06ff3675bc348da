package audit

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// layout knows where everything of one log lies.
type layout struct {
	// live is the live segment, and dir its directory.
	live, dir string
	// stem and ext are the live segment's base name in two parts.
	stem, ext string
	// tree is the directory of everything that is not a segment.
	tree string

	segmentName *regexp.Regexp
	rotatedName *regexp.Regexp
}

func newLayout(path string) (*layout, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dir, base := filepath.Split(abs)
	ext := filepath.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	if stem == "" {
		stem, ext = base, ""
	}
	qs, qe, qb := regexp.QuoteMeta(stem), regexp.QuoteMeta(ext), regexp.QuoteMeta(base)
	return &layout{
		live: abs, dir: filepath.Clean(dir), stem: stem, ext: ext, tree: filepath.Join(dir, stem+".tree"),
		segmentName: regexp.MustCompile(`^` + qs + `-(\d{16,18})` + qe + `$`),
		// What logrotate makes: audit.jsonl.1, audit.jsonl-20260131, audit-20260131.jsonl, each perhaps compressed.
		rotatedName: regexp.MustCompile(`^(?:` + qb + `[.-]\d[\d_.-]*|` + qs + `-\d[\d_-]*` + qe + `)(?:\.gz)?$`),
	}, nil
}

func (l *layout) hashes() string      { return filepath.Join(l.tree, "hashes") }
func (l *layout) checkpoints() string { return filepath.Join(l.tree, "checkpoints") }
func (l *layout) key() string         { return filepath.Join(l.tree, "key") }
func (l *layout) lock() string        { return filepath.Join(l.tree, "lock") }
func (l *layout) signing() string     { return filepath.Join(l.tree, "signing") }
func (l *layout) reserve() string     { return filepath.Join(l.tree, "reserve") }
func (l *layout) instances() string   { return filepath.Join(l.tree, "live") }

// sealed is the name of the sealed segment whose first record is first.
func (l *layout) sealed(first int64) string {
	return filepath.Join(l.dir, fmt.Sprintf("%s-%016d%s", l.stem, first, l.ext))
}

// mirrorOf is the name of the mirror of a sealed segment.
func (l *layout) mirrorOf(first int64, form Format) string {
	return filepath.Join(l.dir, fmt.Sprintf("%s-%016d.%s", l.stem, first, form))
}

// isSegment reports whether a name in the log's directory may be a segment.
func (l *layout) isSegment(name string) bool {
	return name == filepath.Base(l.live) || l.rotatedName.MatchString(name)
}

// ownFirst is the first sequence number that a sealed segment's name claims.
func (l *layout) ownFirst(name string) (digits string, ok bool) {
	m := l.segmentName.FindStringSubmatch(filepath.Base(name))
	if m == nil {
		return "", false
	}
	return m[1], true
}
