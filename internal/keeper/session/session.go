package session

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/pty"
	"relay-shell/internal/redact"
)

// Session is a terminal at work. It is a [keeper.Thing].
type Session struct {
	params   Params
	traffic  func()
	terminal *pty.Terminal
	recorder *pty.Recorder // nil without a recording
	masks    masks
	path     string // of the recording
	started  time.Time
	used     atomic.Int64 // when it was last used, or printed, in Unix nanoseconds
	done     chan struct{}
	once     sync.Once
	recorded sync.Once // its end
	stop     chan struct{}

	trail      *trail // nil without
	unrecorded error  // why there is no recording though there should be one

	typing sync.Mutex // one sender at a time, so that lines do not mix
	typed  Typed      // guarded by typing

	inputs  atomic.Int64 // counts what was typed
	asked   atomic.Pointer[asked]
	looking sync.Mutex
	opened  atomic.Bool
	silence *time.Timer // fires when a host's program has been silent for a while, nil here

	people atomic.Pointer[[]*person] // replaced whole, with mu held

	mu     sync.Mutex
	read   int64 // where the last read without a cursor ended
	typers int   // people who answer the program's questions by their own terminal
}

// Open is the [keeper.Kind] of sessions.
func Open(_ context.Context, p keeper.Place, spec json.RawMessage) (keeper.Thing, error) {
	// A terminal is one stream: further processors would cost memory, and wake threads that find nothing to do.
	runtime.GOMAXPROCS(1)
	s := &Session{traffic: p.Used, done: make(chan struct{}), stop: make(chan struct{}), started: time.Now()}
	if err := json.Unmarshal(spec, &s.params); err != nil {
		return nil, err
	}
	s.touch()
	s.masks = newMasks(s.params.MaskKey)
	s.know(s.params.Known...)
	s.unrecorded = s.record(p.ID)
	if s.params.Riding != nil {
		s.silence = time.AfterFunc(askAfter, s.silent)
		s.silence.Stop()
	}
	var err error
	s.terminal, err = pty.Start(pty.Options{
		Program: s.params.Program, Argv: s.params.Argv, Dir: s.params.Dir, Env: s.params.Env,
		Cols: s.params.Cols, Rows: s.params.Rows, Buffer: s.params.Buffer, Tap: s.tap,
	})
	if err != nil {
		if s.recorder != nil {
			_ = s.recorder.Close()
			_ = os.Remove(s.path)
		}
		if s.trail != nil {
			s.trail.close()
		}
		return nil, err
	}
	s.opened.Store(true)
	go s.watch()
	return s, nil
}

// silent looks whether a host's program asks for a secret.
func (s *Session) silent() {
	if s.opened.Load() {
		s.look(context.Background())
	} else {
		s.silence.Reset(askAfter)
	}
}

// record begins the recording. A session goes on without one, and says why.
func (s *Session) record(id string) error {
	if s.params.Recordings == "" {
		return nil
	}
	if err := os.MkdirAll(s.params.Recordings, 0o700); err != nil {
		return err
	}
	path := filepath.Join(s.params.Recordings, id+".cast")
	o := pty.RecorderOptions{
		Cols: orElse(s.params.Cols, pty.DefaultCols), Rows: orElse(s.params.Rows, pty.DefaultRows), Term: pty.Term,
		Command: s.masked(s.params.Command), Title: s.masked(s.params.Name), Filter: s.mask,
	}
	var trail *trail
	if s.params.Trail != nil {
		trail = newTrail(id, *s.params.Trail)
		o.OnChunk = trail.add
	}
	recorder, err := pty.NewRecorder(path, o)
	if err != nil {
		if trail != nil {
			trail.close()
		}
		return err
	}
	s.recorder, s.trail, s.path = recorder, trail, path
	return nil
}

func orElse(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

func (s *Session) touch() {
	s.used.Store(time.Now().UnixNano())
	s.traffic()
}

// Rest lets go of what can be made again.
func (s *Session) Rest() {
	if s.recorder != nil {
		s.recorder.Rest()
		redact.Release()
	}
	s.terminal.Rest()
}

// tap sees each piece of output: people first, everything else can wait.
func (s *Session) tap(at int64, p []byte) {
	if people := s.people.Load(); people != nil {
		for _, person := range *people {
			person.see(at, p)
		}
	}
	s.touch()
	if s.recorder != nil {
		s.recorder.Output(p)
	}
	if s.silence != nil {
		s.silence.Reset(askAfter)
	}
}

// mourning is how long an ended session can still be asked for its last words, at most.
const mourning = 10 * time.Minute

// watch ends the session in time. It ends with it.
func (s *Session) watch() {
	var lifetime <-chan time.Time
	if s.params.Lifetime > 0 {
		t := time.NewTimer(s.params.Lifetime)
		defer t.Stop()
		lifetime = t.C
	}
	ended := s.terminal.Done()
	idle := time.NewTimer(s.patience())
	defer idle.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-lifetime:
			s.finish()
			return
		case <-ended:
			ended = nil
			s.endRecording()
			s.touch()
		case <-idle.C:
		}
		left := s.patience() - time.Duration(time.Now().UnixNano()-s.used.Load())
		if left <= 0 && s.attached() == 0 {
			s.finish()
			return
		}
		idle.Reset(max(left, time.Second))
	}
}

// patience is how long the session may be unused.
func (s *Session) patience() time.Duration {
	p := s.params.Idle
	if p <= 0 {
		p = 365 * 24 * time.Hour
	}
	if _, ended := s.terminal.Exit(); ended {
		p = min(p, mourning)
	}
	return p
}

// attached counts the people who are attached.
func (s *Session) attached() int {
	if people := s.people.Load(); people != nil {
		return len(*people)
	}
	return 0
}

func (s *Session) finish() { s.once.Do(func() { close(s.done) }) }

// endRecording writes the end of the recording. It may be called twice, and returns when it is written.
func (s *Session) endRecording() {
	if s.recorder == nil {
		return
	}
	s.recorded.Do(func() {
		if exit, ended := s.terminal.Exit(); ended {
			s.recorder.Exit(exit.Code)
		}
		_ = s.recorder.Close() // Err tells
	})
}

// Done is closed when nobody will need the session any more.
func (s *Session) Done() <-chan struct{} { return s.done }

// Close ends the program as a terminal that is closed does.
func (s *Session) Close(context.Context) error {
	close(s.stop)
	err := s.terminal.Close()
	if s.silence != nil {
		s.silence.Stop()
	}
	s.endRecording()
	if s.trail != nil {
		s.trail.close()
	}
	return err
}

// Detail tells how it goes.
func (s *Session) Detail() any { return s.status() }

func (s *Session) status() Status {
	p := s.params
	st := Status{
		Name: p.Name, Command: p.Command, Host: p.Host, HostName: p.HostName, PID: s.terminal.Pid(), Recording: s.path,
		IdleMS: max(time.Duration(time.Now().UnixNano()-s.used.Load()).Milliseconds(), 0),
	}
	st.Cols, st.Rows = s.terminal.Size()
	_, st.End = s.terminal.Output().Bounds()
	exit, ended := s.terminal.Exit()
	if st.Alive = !ended; ended {
		st.Signal = exit.Signal
		if exit.Code >= 0 {
			st.ExitCode = &exit.Code
		}
	} else {
		st.AwaitingSecret = s.awaiting()
		st.Alternate = s.terminal.Modes().AlternateScreen
	}
	if s.trail != nil {
		st.RecordingError = s.trail.problem()
	}
	if s.recorder != nil {
		if err := s.recorder.Err(); err != nil {
			st.RecordingError = err.Error()
		}
	}
	if s.unrecorded != nil {
		st.RecordingError = "not recorded: " + s.unrecorded.Error()
	}
	st.People = s.attached()
	return st
}
