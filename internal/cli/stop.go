package cli

import (
	"context"
	"encoding/json"

	"relay-shell/internal/relay"
)

// stopRecord puts an emergency stop into the audit by the one road.
type stopRecord struct{ action, reason string }

func (r stopRecord) Name() string { return "operator:" + r.action }

func (r stopRecord) Plan(json.RawMessage) (*relay.Plan, error) {
	return &relay.Plan{
		EvenIfStopped: true, Record: map[string]any{"reason": r.reason},
		Run: func(context.Context, *relay.Run) (*relay.Result, error) { return &relay.Result{}, nil },
	}, nil
}

func (s *session) recordStop(action, reason string) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.close()
	if res := a.relay.Do(s.ctx, &relay.Call{Operation: stopRecord{action, reason}, Caller: a.caller}); res.Err != nil {
		return failure(res)
	}
	return nil
}
