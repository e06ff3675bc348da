package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"
)

// Log is an open log. It is safe for concurrent use, and other processes may have the same log open.
type Log struct {
	opts Options
	fsys FS
	lay  *layout

	mu    sync.Mutex // guards everything below; taken before the lock file
	state state
	lock  lockFile
	// hashes stores the tree; what it lacks is in state.pending.
	hashes   *hashFile
	instance *instance
	space    space

	sync        syncer
	checkpoints *checkpoints
	mirrors     []Mirror

	dirty chan struct{} // wakes the maintenance
	stop  context.CancelFunc
	done  chan struct{} // closed when the maintenance has ended
}

// state is what a process knows of the log.
type state struct {
	// live is the file that is appended to, nil where there is none yet.
	live File
	info Info
	// first is the index of the live segment's first line, and began when it was begun.
	first int64
	began time.Time
	// headed says that the live segment has a record that says what it continues.
	headed bool
	// at is the offset up to which the live file is in the tree.
	at   int64
	tree edge
	// pending are hashes that could not be stored yet, of the leaves from stored on.
	pending []byte
	stored  int64
	damage  damage
	// open are the calls in flight of this process, with the sequence numbers of their intents.
	open map[string]int64

	closed bool
	// poison is why nothing is written any more.
	poison error
	// failing is why the last record could not be written; lost counts since when it has been so.
	failing error
	lost    int64
	since   time.Time
	// lostTotal counts over the life of the process.
	lostTotal int64
	// flaw is what was found wrong with the log's past: it stays until a restart.
	flaw string
	// signing is why the last checkpoint could not be signed; signed is the size of the last one.
	signing error
	signed  int64
	mirror  error
	// rotateAt is when rotation may be tried again after the system refused it.
	rotateAt time.Time
}

// Open opens a log for appending, and makes it if there is none. It brings the tree up to date, terminates and records a torn line,
// and closes the calls of processes that died as unknown. It fails when a record could not be written.
func Open(o Options) (_ *Log, err error) {
	o, err = o.withDefaults()
	if err != nil {
		return nil, err
	}
	lay, err := newLayout(o.Path)
	if err != nil {
		return nil, err
	}
	if o.Key == "" {
		o.Key = lay.key()
	}
	l := &Log{
		opts: o, fsys: o.FS, lay: lay, lock: lockFile{fsys: o.FS, name: lay.lock()},
		dirty: make(chan struct{}, 1), done: make(chan struct{}),
	}
	l.sync.init()
	l.state.open = map[string]int64{}
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() {
		if err != nil {
			l.closeFiles()
		}
	}()
	if err := l.prepare(); err != nil {
		return nil, err
	}
	err = l.start()
	if isFull(err) && l.space.release(l) {
		l.closeFiles()
		err = l.start()
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	go l.maintain(ctx)
	return l, nil
}

// prepare makes the directories and refuses what can't hold a log.
func (l *Log) prepare() error {
	for _, dir := range []string{l.lay.dir, l.lay.tree, l.lay.instances()} {
		if _, err := l.fsys.Stat(dir); err == nil {
			continue
		}
		if err := l.fsys.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := l.fsys.SyncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	info, err := l.fsys.Stat(l.lay.live)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link: name the file itself", l.lay.live)
	case !info.Mode.IsRegular():
		return fmt.Errorf("%s is not a regular file", l.lay.live)
	}
	return nil
}

// start does what has to be done before the first record. Only what needs the lock is done under it: the others go on writing.
func (l *Log) start() error {
	var gone map[string]dead
	if err := l.locked(func() (err error) {
		if err = l.openFiles(); err != nil {
			return err
		}
		if err = l.load(); err != nil {
			return err
		}
		if err = l.instance.mark(l.state.tree.size); err != nil {
			return err
		}
		l.announce()
		gone, err = findDead(l.fsys, l.lay)
		return err
	}); err != nil {
		return err
	}
	if err := l.closeOrphans(gone); err != nil {
		return err
	}
	if err := l.flushHashes(); err != nil {
		return err
	}
	// The first sync tells whether the disk takes what it is given.
	if err := l.state.live.Sync(); err != nil {
		return err
	}
	l.sync.reached(l.state.tree.clone())
	for _, d := range gone {
		_ = l.fsys.Remove(d.name) // found again at the next start, and then it has no orphans
	}
	return l.signFirst()
}

// openFiles opens all but the log itself, and makes what is missing.
func (l *Log) openFiles() error {
	k, err := loadKey(l.fsys, l.opts.Key, l.opts.Origin)
	if err != nil {
		return err
	}
	if err := l.publishKey(k); err != nil {
		return err
	}
	l.checkpoints = &checkpoints{fsys: l.fsys, name: l.lay.checkpoints(), key: k, lock: lockFile{fsys: l.fsys, name: l.lay.signing()}}
	if l.hashes, err = openHashes(l.fsys, l.lay.hashes()); err != nil {
		return err
	}
	if l.mirrors, err = l.openMirrors(); err != nil {
		return err
	}
	l.space.prepare(l)
	l.instance, err = register(l.fsys, l.lay, l.opts.Session)
	return err
}

// publishKey leaves the public half beside the tree, wherever the key is.
func (l *Log) publishKey(k *key) error {
	name := l.lay.key() + ".pub"
	have, err := readFile(l.fsys, name)
	if err == nil && string(have) == k.public+"\n" {
		return nil
	}
	return writeFile(l.fsys, name, []byte(k.public+"\n"))
}

// PublicKey is the verifier key of the log's checkpoints, in the form of sumdb/note: name+hash+base64.
func (l *Log) PublicKey() string { return l.checkpoints.key.public }

// Instance is the ULID of this process's instance of the log.
func (l *Log) Instance() string { return l.instance.id }

// Path is the live segment.
func (l *Log) Path() string { return l.lay.live }

// Close signs what was written and closes the files. Calls that are still in flight are closed as unknown at the next start. It may be
// called twice.
func (l *Log) Close() error {
	l.mu.Lock()
	closed := l.state.closed
	l.state.closed = true
	l.mu.Unlock()
	if closed {
		return nil
	}
	l.stop()
	<-l.done
	_, err := l.checkpoint()
	l.mu.Lock()
	defer l.mu.Unlock()
	if ierr := l.instance.close(len(l.state.open) == 0); err == nil {
		err = ierr
	}
	if cerr := l.closeFiles(); err == nil {
		err = cerr
	}
	return err
}

// closeFiles closes what is open, and returns what a mirror says about that: the files have been synced.
func (l *Log) closeFiles() (err error) {
	for _, m := range l.mirrors {
		if merr := m.Close(); err == nil {
			err = merr
		}
	}
	l.mirrors = nil
	if l.state.live != nil {
		l.state.live.Close()
		l.state.live = nil
	}
	if l.hashes != nil {
		l.hashes.f.Close()
	}
	l.lock.close()
	if l.checkpoints != nil {
		l.checkpoints.lock.close()
	}
	if l.instance != nil {
		l.instance.f.Close()
	}
	return err
}
