package session

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"relay-shell/internal/keeper"
	"relay-shell/internal/pty"
)

// Streams reports whether a request takes over its connection.
func (s *Session) Streams(op string) bool { return op == OpAttach }

// Stream joins a person until they leave or the program ends: shows them the terminal, from the oldest output that is kept on, and types for
// them. Their process only passes its terminal on and waits, so that a key makes no detour (an attached ssh does the same, PROTOCOL.mux).
func (s *Session) Stream(ctx context.Context, _ string, args json.RawMessage, stream *keeper.Stream) error {
	defer stream.Close()
	p, err := newPerson(s, stream.Files)
	if err != nil {
		return err
	}
	defer p.close()
	var a Attach
	if err := json.Unmarshal(args, &a); err != nil {
		return err
	}
	var first Frame
	if err := stream.Next(&first); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.join(p, a.ReadOnly)
	defer s.leave(p, a.ReadOnly)
	s.fit(first, a.ReadOnly)
	var typing, listening sync.WaitGroup
	var last Frame
	typing.Go(func() { // ends when the person leaves, or by hush below
		defer cancel()
		last.Left = p.types(ctx, a.ReadOnly)
	})
	listening.Go(func() { // ends when the person's process does, or by the Close below
		defer cancel()
		for f := (Frame{}); stream.Next(&f) == nil; f = (Frame{}) {
			s.fit(f, a.ReadOnly)
		}
	})
	p.watch(ctx)
	p.hush() // what is typed from now on is for whatever has the person's terminal next
	typing.Wait()
	if exit, ended := s.terminal.Exit(); ended {
		last = Frame{Exit: &exit.Code}
	}
	if last.Left || last.Exit != nil {
		err = stream.Send(last)
	}
	err = errors.Join(err, stream.Close())
	listening.Wait()
	return err
}

// join takes a person in. While one types, their own terminal answers the program's questions.
func (s *Session) join(p *person, readOnly bool) {
	s.attend(func(people []*person) []*person { return append(slices.Clone(people), p) }, readOnly, 1)
}

func (s *Session) leave(p *person, readOnly bool) {
	s.attend(func(people []*person) []*person {
		return slices.DeleteFunc(slices.Clone(people), func(q *person) bool { return q == p })
	}, readOnly, -1)
}

func (s *Session) attend(change func([]*person) []*person, readOnly bool, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var people []*person
	if old := s.people.Load(); old != nil {
		people = *old
	}
	people = change(people)
	s.people.Store(&people)
	if !readOnly {
		s.typers += n
		s.terminal.Answer(s.typers == 0)
	}
	s.touch()
}

// fit gives the terminal the size of a person's who types.
func (s *Session) fit(f Frame, readOnly bool) {
	if !readOnly && f.Cols > 0 && f.Rows > 0 {
		s.touch()
		_ = s.resize(f.Cols, f.Rows)
	}
}

// typeFor types what a person has typed.
func (s *Session) typeFor(ctx context.Context, input []byte) error {
	s.touch()
	s.typing.Lock()
	defer s.typing.Unlock()
	s.inputs.Add(1)
	s.typed = s.typed.Person(input)
	return s.terminal.Input(ctx, input)
}

// The sizes that are shown by default.
const (
	DefaultCols = pty.DefaultCols
	DefaultRows = pty.DefaultRows
)
