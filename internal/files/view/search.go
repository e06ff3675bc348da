package view

import (
	"bufio"
	"context"
	"regexp"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/files"
)

// SearchOptions say what is looked for and how far.
type SearchOptions struct {
	Pattern *regexp.Regexp
	Glob    Glob
	// Context is how many lines are shown around a match.
	Context int
	// Limit is the most matches, Budget the most bytes of lines.
	Limit, Budget int
	// Time is how long it may take; then it ends with what it has. 0 = as long as ctx.
	Time time.Duration
	// MaxFile is the size in bytes from which a file is skipped, MaxFiles how many are looked at.
	MaxFile  int64
	MaxFiles int
	// Secret, if set, tells files that are not read.
	Secret func(path string) bool
	// Out, if set, tells files and directories that are left out. It is asked by one goroutine.
	Out func(path string) bool
	// Candidates, if set, is asked which files can match and how many are too large; ok is false when it cannot tell, and then
	// every file is read. A program on the host does this faster than reading over the network.
	Candidates func(ctx context.Context) (paths []string, large int, ok bool)
}

// Match is one line that matches.
type Match struct {
	Path          string
	Line          int
	Text          string
	Before, After []string
}

// Found is the result of a search.
type Found struct {
	Matches []Match
	// Files were searched, and so many skipped.
	Files, Binary, Large, Secret, Unreadable int
	// More: a bound ended the search; Why says which.
	More bool
	Why  string
}

// maxLine is how much of a line is shown, in bytes.
const maxLine = 400

// atOnce is how many files are read at the same time.
var atOnce = max(4, runtime.GOMAXPROCS(0))

// Search searches a file or the files of a tree, line by line. It follows no links below the root, and skips what is no text and the
// kernel's own file systems. The order is that of the names.
func Search(ctx context.Context, fsys files.FS, root string, o SearchOptions) (*Found, error) {
	info, err := fsys.Stat(ctx, root)
	if err != nil {
		return nil, err
	}
	s := &search{fsys: fsys, o: o, found: &Found{}}
	whole := ctx
	if o.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Time)
		defer cancel()
	}
	err = s.run(ctx, root, info.Mode.IsDir())
	switch {
	case err != nil && ctx.Err() != nil && whole.Err() == nil:
		s.stop("time")
	case err != nil:
		return nil, err
	case s.unlisted && !s.found.More:
		s.stop("files")
	}
	return s.found, nil
}

// run finds the files and searches them.
func (s *search) run(ctx context.Context, root string, tree bool) error {
	if !tree {
		s.o.MaxFile = 0 // somebody means this one
		return s.read(ctx, []string{root})
	}
	if s.o.Candidates != nil {
		if paths, large, ok := s.o.Candidates(ctx); ok {
			s.found.Large = large
			return s.read(ctx, s.admitted(root, paths))
		}
	}
	paths, err := s.walk(ctx, root)
	if err != nil {
		return err
	}
	return s.read(ctx, paths)
}

type search struct {
	fsys  files.FS
	o     SearchOptions
	found *Found
	used  int // of the budget
	// unlisted: there are files that were not looked at.
	unlisted bool
}

// admitted are the candidates that match the glob and are no secrets.
func (s *search) admitted(root string, paths []string) []string {
	var kept []string
	asked := map[string]bool{}
	for _, p := range paths {
		relative := below(root, p)
		switch {
		case !s.o.Glob.Match(relative):
		case s.out(root, relative, asked):
		case s.o.Secret != nil && s.o.Secret(p):
			s.found.Secret++
		default:
			kept = append(kept, p)
		}
	}
	return kept
}

// out reports whether a file of the tree, or a directory on the way to it, is left out. asked remembers the answers.
func (s *search) out(root, relative string, asked map[string]bool) bool {
	if s.o.Out == nil {
		return false
	}
	for at := 0; at < len(relative); at++ {
		end := strings.IndexByte(relative[at:], '/')
		if at += end; end < 0 {
			at = len(relative)
		}
		p := join(root, relative[:at])
		out, known := asked[p]
		if !known {
			out = s.o.Out(p)
			asked[p] = out
		}
		if out {
			return true
		}
	}
	return false
}

// read searches files in order, some at a time, until a bound is met.
func (s *search) read(ctx context.Context, paths []string) error {
	for len(paths) > 0 && !s.found.More {
		batch := paths[:min(len(paths), 4*atOnce)]
		paths = paths[len(batch):]
		results := make([]result, len(batch))
		var group errgroup.Group
		group.SetLimit(atOnce)
		for i, p := range batch {
			group.Go(func() error {
				results[i] = s.file(ctx, p)
				return nil
			})
		}
		_ = group.Wait() // results has it all
		for i, r := range results {
			if r.err == nil || ctx.Err() == nil {
				s.add(batch[i], r)
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// add takes what a file gave within the bounds.
func (s *search) add(path string, r result) {
	switch {
	case s.found.More:
		return
	case r.err != nil:
		s.found.Unreadable++
		return
	case r.large:
		s.found.Large++
		return
	case r.binary:
		s.found.Binary++
		return
	}
	s.found.Files++
	for _, m := range r.matches {
		m.Path = path
		size := len(path) + len(m.Text)
		for _, l := range append(m.Before, m.After...) {
			size += len(l)
		}
		switch {
		case len(s.found.Matches) == s.o.Limit:
			s.stop("limit")
			return
		case s.used+size > s.o.Budget:
			s.stop("max_output")
			return
		}
		s.used += size
		s.found.Matches = append(s.found.Matches, m)
	}
	if r.more {
		s.stop("limit")
	}
}

func (s *search) stop(why string) { s.found.More, s.found.Why = true, why }

// result is what one file gave.
type result struct {
	matches             []Match
	binary, large, more bool
	err                 error
}

// file searches one file.
func (s *search) file(ctx context.Context, name string) result {
	f, err := s.fsys.Open(ctx, name)
	if err != nil {
		return result{err: err}
	}
	defer f.Close()
	if s.o.MaxFile > 0 {
		info, err := f.Stat()
		if err != nil {
			return result{err: err}
		}
		if info.Size > s.o.MaxFile {
			return result{large: true}
		}
	}
	return s.scan(bufio.NewReaderSize(f, 64<<10))
}
