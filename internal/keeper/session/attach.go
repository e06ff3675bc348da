package session

import (
	"context"
	"encoding/json"

	"relay-shell/internal/keeper"
	"relay-shell/internal/pty"
)

// Streams reports whether a request takes over its connection.
func (s *Session) Streams(op string) bool { return op == OpAttach }

// backlog is how many bytes an attached person is sent at a time.
const backlog = 32 << 10

// Stream shows a person the terminal, from the oldest output that is kept on, and types for them.
func (s *Session) Stream(ctx context.Context, _ string, args json.RawMessage, stream *keeper.Stream) error {
	var a Attach
	if err := json.Unmarshal(args, &a); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.join(a.ReadOnly, 1)
	defer s.join(a.ReadOnly, -1)
	if !a.ReadOnly && a.Cols > 0 && a.Rows > 0 {
		_ = s.resize(a.Cols, a.Rows)
	}
	typed := make(chan struct{})
	go func() { // ends when the person hangs up, or by the Close below
		defer close(typed)
		defer cancel()
		s.listen(ctx, a.ReadOnly, stream)
	}()
	err := s.show(ctx, stream)
	_ = stream.Close()
	<-typed
	return err
}

// join counts a person in or out. While one types, their own terminal answers the program's questions.
func (s *Session) join(readOnly bool, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people += n
	if !readOnly {
		s.typers += n
		s.terminal.Answer(s.typers == 0)
	}
	s.touch()
}

// show sends the output as it comes.
func (s *Session) show(ctx context.Context, stream *keeper.Stream) error {
	ring := s.terminal.Output()
	cursor, _ := ring.Bounds()
	for {
		chunk := ring.Read(cursor, backlog)
		cursor = chunk.Next
		if len(chunk.Data) > 0 || chunk.Dropped > 0 {
			if err := stream.Send(Frame{Data: chunk.Data, Dropped: chunk.Dropped}); err != nil {
				return err
			}
			continue
		}
		if chunk.Ended {
			exit := s.farewell(ctx)
			return stream.Send(Frame{Exit: &exit.Code})
		}
		if _, _, err := ring.Wait(ctx, cursor); err != nil {
			return err
		}
	}
}

// listen types what the person types.
func (s *Session) listen(ctx context.Context, readOnly bool, stream *keeper.Stream) {
	for {
		var f Frame
		if stream.Next(&f) != nil {
			return
		}
		if readOnly {
			continue
		}
		s.touch()
		if f.Cols > 0 && f.Rows > 0 {
			_ = s.resize(f.Cols, f.Rows)
		}
		if len(f.Data) > 0 {
			s.typing.Lock()
			s.inputs.Add(1)
			s.typed = s.typed.Person(f.Data)
			bounded, cancel := context.WithTimeout(ctx, inputTimeout)
			_ = s.terminal.Input(bounded, f.Data)
			cancel()
			s.typing.Unlock()
		}
	}
}

// The sizes that are shown by default.
const (
	DefaultCols = pty.DefaultCols
	DefaultRows = pty.DefaultRows
)
