package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/pty"
)

const (
	// secretTimeout bounds the question whether a terminal shows what is typed.
	secretTimeout = 10 * time.Second
	// quiet is how long output has to pause for a read without a pattern to be answered.
	quiet = 150 * time.Millisecond
)

// Handle answers a request.
func (s *Session) Handle(ctx context.Context, op string, args json.RawMessage) (any, error) {
	s.touch()
	switch op {
	case OpSend:
		return with(args, func(r Send) (any, error) { return s.send(ctx, r) })
	case OpRecv:
		return with(args, func(r Receive) (any, error) { return s.receive(ctx, r) })
	case OpScreen:
		s.look(ctx)
		st := s.status()
		return Seen{Screen: s.hideScreen(s.terminal.Screen()), AwaitingSecret: st.AwaitingSecret, Ended: !st.Alive, ExitCode: st.ExitCode}, nil
	case OpTyped:
		s.typing.Lock()
		defer s.typing.Unlock()
		return Prompt{s.params.Host, s.typed}, s.ended()
	case OpResize:
		return with(args, func(r Resize) (any, error) { return s.status(), s.resize(r.Cols, r.Rows) })
	case OpSignal:
		return with(args, func(r Signal) (any, error) { return nil, s.signal(r.Name) })
	}
	return nil, &keeper.Error{Code: "unsupported", Message: "a session has no request " + op}
}

func with[R any](args json.RawMessage, do func(R) (any, error)) (any, error) {
	var r R
	if err := json.Unmarshal(args, &r); err != nil {
		return nil, err
	}
	return do(r)
}

func (s *Session) ended() error {
	if _, ended := s.terminal.Exit(); ended {
		return &keeper.Error{Code: "not_found", Message: "the program of the session has ended", Hint: "session_recv has its last words; spawn another session"}
	}
	return nil
}

func (s *Session) send(ctx context.Context, r Send) (any, error) {
	if err := s.ended(); err != nil {
		return nil, err
	}
	s.typing.Lock()
	defer s.typing.Unlock()
	if r.After != nil && *r.After != s.typed {
		return nil, &keeper.Error{Code: "limit_reached", Message: "somebody else has typed at the same time", Hint: "look at session_screen, then call again"}
	}
	input, err := s.input(ctx, r)
	if err != nil {
		return nil, err
	}
	end := s.end()
	s.inputs.Add(1)
	s.learn(r)
	err = s.terminal.Input(ctx, input)
	if !r.Secret {
		s.note(input, r.Open, err)
	}
	return Sent{Cursor: end}, err
}

// note keeps what has been typed, for whoever types next.
func (s *Session) note(input []byte, open string, err error) {
	var refused interface{ ErrorCode() string }
	switch {
	case err == nil:
		s.typed, _ = s.typed.Type(input)
		s.typed.Before = open
	case errors.As(err, &refused) && refused.ErrorCode() == "too_large": // nothing was typed
	default: // a part may have been taken
		s.typed = Typed{Unknown: true}
	}
}

// input is what the request types.
func (s *Session) input(ctx context.Context, r Send) ([]byte, error) {
	modes := s.terminal.Modes()
	keys, err := pty.Keys(r.Keys, modes)
	if err != nil {
		return nil, err
	}
	var input bytes.Buffer
	if r.Secret {
		ctx, cancel := context.WithTimeout(ctx, secretTimeout)
		defer cancel()
		if is, err := s.awaits(ctx); err != nil || !is {
			return nil, notSecret(err)
		}
		input.WriteString(r.Data)
	} else {
		input.Write(pty.Paste([]byte(r.Data), modes))
	}
	if r.Enter {
		input.WriteByte('\r')
	}
	input.Write(keys)
	return input.Bytes(), nil
}

func (s *Session) receive(ctx context.Context, r Receive) (any, error) {
	ring := s.terminal.Output()
	s.mu.Lock()
	cursor := s.read
	s.mu.Unlock()
	if r.Cursor != nil {
		cursor = *r.Cursor
	}
	waiting, cancel := context.WithTimeout(ctx, r.Wait)
	defer cancel()
	end, matched := int64(-1), false
	if r.Until != "" {
		re, err := regexp.Compile(r.Until)
		if err != nil {
			return nil, &keeper.Error{Code: "invalid_argument", Message: err.Error(), Hint: "RE2 syntax"}
		}
		at, found, err := ring.Until(waiting, cursor, re)
		if matched = err == nil && found; matched {
			end = at
		}
	} else {
		settle(waiting, ring, cursor)
	}
	if ctx.Err() != nil { // nobody is there to read it
		return nil, ctx.Err()
	}
	chunk := ring.Newest(cursor, end, r.Max)
	if r.Cursor == nil {
		s.mu.Lock()
		s.read = chunk.Next
		s.mu.Unlock()
	}
	if chunk.Ended {
		s.farewell(ctx)
	} else {
		s.look(ctx)
	}
	s.touch()
	before, after := ring.Around(chunk, r.Context)
	got := Received{Data: chunk.Data, Cursor: chunk.Next, Dropped: chunk.Dropped, Before: before, After: after, Matched: matched, Ended: chunk.Ended, Status: s.status()}
	s.hide(&got)
	return got, nil
}

// exitTimeout is how long a program may live on once its output is complete.
const exitTimeout = time.Second

// farewell is how the program ended. Its output is complete a moment before that is known.
func (s *Session) farewell(ctx context.Context) pty.Exit {
	ctx, cancel := context.WithTimeout(ctx, exitTimeout)
	defer cancel()
	select {
	case <-s.terminal.Done():
	case <-ctx.Done():
	}
	exit, ended := s.terminal.Exit()
	if !ended {
		exit.Code = -1
		return exit
	}
	s.endRecording() // who hears of the end finds it in the file
	return exit
}

// settle waits for output behind the cursor, and then until it pauses.
func settle(ctx context.Context, ring *pty.Ring, cursor int64) {
	for {
		end, complete, err := ring.Wait(ctx, cursor)
		if err != nil || complete {
			return
		}
		pause, cancel := context.WithTimeout(ctx, quiet)
		_, _, err = ring.Wait(pause, end)
		cancel()
		if err != nil {
			return
		}
		cursor = end
	}
}

func (s *Session) resize(cols, rows int) error {
	if err := s.terminal.Resize(cols, rows); err != nil {
		return err
	}
	if s.recorder != nil {
		s.recorder.Resize(cols, rows)
	}
	return nil
}

func (s *Session) signal(name string) error {
	sig, err := pty.ParseSignal(name)
	if err != nil {
		return err
	}
	if err := s.ended(); err != nil {
		return err
	}
	return s.terminal.Signal(sig)
}
