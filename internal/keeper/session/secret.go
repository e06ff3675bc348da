package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/lazyregexp"
	"relay-shell/internal/sshbin"
)

const (
	// askAfter is how long a host's program has to be silent before its terminal is asked.
	askAfter = 300 * time.Millisecond
	// lastLine is how much of the output, in bytes, is looked at for a question.
	lastLine = 512
)

// asked is what the terminal on the host said, and when: it holds until something is printed or typed.
type asked struct {
	end, inputs int64
	secret      bool
}

// awaits says whether the terminal that the program looks at collects a line that it does not show. The error says why nobody knows.
func (s *Session) awaits(ctx context.Context) (bool, error) {
	if s.params.Host == nil {
		m, err := s.terminal.LineMode()
		return err == nil && m.Secret(), err
	}
	if s.params.Riding == nil {
		return false, errors.New("the session was made by a version that cannot ask")
	}
	a := asked{end: s.end(), inputs: s.inputs.Load()}
	e, err := s.params.Riding.Echo(ctx)
	if err != nil {
		return false, err
	}
	a.secret = e.Canonical && !e.Echo
	s.asked.Store(&a)
	return a.secret, nil
}

// awaiting is what is known without asking anybody.
func (s *Session) awaiting() bool {
	if s.params.Host == nil {
		m, err := s.terminal.LineMode()
		return err == nil && m.Secret()
	}
	a := s.asked.Load()
	return a != nil && a.secret && a.end == s.end() && a.inputs == s.inputs.Load()
}

func (s *Session) end() int64 {
	_, end := s.terminal.Output().Bounds()
	return end
}

// look asks a host's terminal if the last line reads like a question and the answer is not known yet. One asks at a time.
func (s *Session) look(ctx context.Context) {
	if s.params.Riding == nil || s.ended() != nil {
		return
	}
	s.looking.Lock()
	defer s.looking.Unlock()
	if a := s.asked.Load(); a != nil && a.end == s.end() && a.inputs == s.inputs.Load() {
		return
	}
	if s.questioned() {
		_, _ = s.awaits(ctx) // unknown is not said to be a secret
	}
}

var (
	sequences = lazyregexp.New(`\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_=>])`)
	secrets   = lazyregexp.New(`(?i)pass|\bpin\b|\botp\b|secret|token|verification|code|key`)
)

// questioned says whether the output ends in an unfinished line that reads like a question for a secret. Prompts of shells do not:
// asking at each of them would cost the host something.
func (s *Session) questioned() bool {
	end := s.end()
	chunk := s.terminal.Output().Newest(max(end-lastLine, 0), -1, lastLine)
	return isQuestion(string(chunk.Data))
}

func isQuestion(output string) bool {
	output = sequences.ReplaceAllString(output, "")
	line := strings.TrimSpace(output[strings.LastIndexByte(output, '\n')+1:])
	return strings.HasSuffix(line, ":") || line != "" && secrets.MatchString(line)
}

// notSecret says why a secret is not typed.
func notSecret(err error) error {
	var unknown *sshbin.UnknownEchoError
	if errors.As(err, &unknown) {
		return &keeper.Error{
			Code: "unsupported", Message: "whether the program asks for a secret is not known: " + err.Error(),
			Hint: `ask the person to type it: relay-shell attach. Sessions that share a connection are told apart when ssh_spawn is given a command, such as exec "$SHELL" -l`,
		}
	}
	message := "the terminal shows what is typed, or no secret is asked for"
	if err != nil {
		message = "whether the program asks for a secret is not known: " + err.Error()
	}
	return &keeper.Error{Code: "unsupported", Message: message, Hint: "wait until session_recv says awaiting_secret, or ask the person: relay-shell attach"}
}
