package cli

import (
	"context"
	"sync"

	"relay-shell/internal/localexec"
)

// SuperviseArg is the hidden argument that makes a process of this program the supervisor of another one's local commands; see
// [localexec.Supervise].
const SuperviseArg = "supervise-local-commands"

// supervisor is the process that is the parent of local commands and ends them with this one, however it ends. It starts with the
// first command: most servers never run one.
type supervisor struct {
	environ []string

	mu     sync.Mutex
	closed bool
	live   *localexec.Supervisor
}

// run runs a command under the supervisor.
func (s *supervisor) run(ctx context.Context, c localexec.Command) (localexec.Exit, error) {
	live, err := s.started()
	if err != nil {
		return localexec.Exit{}, err
	}
	return live.Run(ctx, c)
}

func (s *supervisor) started() (*localexec.Supervisor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, context.Canceled
	}
	if s.live == nil {
		live, err := localexec.StartSupervisor(localexec.SupervisorOptions{Args: []string{SuperviseArg}, Environ: s.environ})
		if err != nil {
			return nil, err
		}
		s.live = live
	}
	return s.live, nil
}

func (s *supervisor) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.live != nil {
		_ = s.live.Close() // it ends with this process in any case
		s.live = nil
	}
}
