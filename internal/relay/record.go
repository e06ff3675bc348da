package relay

import (
	"context"
	"encoding/json"

	"relay-shell/internal/audit"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
)

// record is what intent and result have in common.
func (w *walk) record(phase audit.Phase) audit.Record {
	rec := audit.Record{
		Phase:     phase,
		Call:      w.id,
		Tool:      w.call.Operation.Name(),
		Tier:      int(w.assess.Tier),
		Principal: w.call.Caller.Principal,
		Client:    w.call.Caller.Client,
		Session:   w.call.Caller.Session,
		Args:      w.args(),
		Mode:      string(w.r.opts.Policy.Mode()),
		Rules:     w.r.opts.Policy.Version(),
		Host:      w.host(),
	}
	return rec
}

// args is the redacted form of the arguments. Arguments that could not be decoded are recorded as they came.
func (w *walk) args() json.RawMessage {
	var value any
	switch {
	case w.plan == nil:
		if json.Unmarshal(w.call.Args, &value) != nil && len(w.call.Args) > 0 {
			value = params.Digest(string(w.call.Args))
		}
	case w.plan.Record != nil:
		value = w.plan.Record
	default:
		value = params.Record(w.plan.Args)
	}
	// Through JSON once, so that the redactor sees maps, slices and strings only.
	b, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	var plain any
	if json.Unmarshal(b, &plain) != nil || plain == nil {
		return json.RawMessage(`{}`)
	}
	b, err = json.Marshal(w.r.opts.Redact.Value(plain))
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return b
}

// host is the one resolved target; a call over many records its hosts in the arguments and the result's fields.
func (w *walk) host() *audit.Host {
	if len(w.target) == 1 {
		if h := w.target[0].Host(); h != nil {
			return &audit.Host{Alias: h.Alias, User: h.User, Hostname: h.Hostname, Port: h.Port, Jump: h.Jump}
		}
	}
	if given := w.destinations(); len(w.target) == 0 && len(given) == 1 {
		return &audit.Host{Alias: given[0].String()}
	}
	return nil
}

// intent writes the record that must be on disk before anything of tier 1 and above runs.
func (w *walk) intent(ctx context.Context) *Result {
	if res := ended(ctx); res != nil {
		return w.refuse(ctx, res)
	}
	_, err := w.r.opts.Audit.Append(context.WithoutCancel(ctx), w.record(audit.Intent), w.assess.Tier > policy.Tier(0))
	if err == nil {
		return nil
	}
	w.r.opts.Log.Error().Err(err).Str("call", w.id).Msg("audit: intent not written")
	if w.r.opts.DenyUnaudited && w.assess.Tier > policy.Tier(0) {
		return w.unaudited(err)
	}
	return nil
}

func (w *walk) unaudited(err error) *Result {
	return &Result{Outcome: Failed, Err: &Error{
		Code: "audit_unavailable", Message: "the audit log cannot be written: " + err.Error(),
		Hint: "nothing was run (AUDIT_ON_FAILURE=deny); server_info shows the log's health; the operator has to mend it",
	}}
}

// ended tells whether the caller went away before anything ran.
func ended(ctx context.Context) *Result {
	if ctx.Err() == nil {
		return nil
	}
	outcome, e := endedBy(ctx, context.Cause(ctx))
	e.Hint = "nothing was run"
	return &Result{Outcome: outcome, Err: e}
}

// refuse ends a call that never ran: one result record tells it all.
func (w *walk) refuse(ctx context.Context, res *Result) *Result {
	if ctx.Err() != nil && res.Outcome == Failed {
		res = ended(ctx)
	}
	return w.conclude(ctx, res)
}

// conclude writes the result record and answers.
func (w *walk) conclude(ctx context.Context, res *Result) *Result {
	rec := w.record(audit.Result)
	rec.Denied = res.Outcome == Denied
	rec.Outcome = string(res.Outcome)
	rec.DurationMS = w.r.opts.Now().Sub(w.began).Milliseconds()
	if res.Err != nil {
		rec.Error = &audit.Error{Code: res.Err.Code, Message: w.r.opts.Redact.String(res.Err.Message)}
	}
	if c := res.Command; c != nil {
		rec.ExitCode = c.ExitCode
		if c.Signal != nil {
			rec.Signal = *c.Signal
		}
		rec.OutputSHA256, rec.OutputLen = c.SHA256, c.TotalBytes
		if rec.Host != nil {
			rec.Host.Fingerprint = c.Fingerprint
		}
	}
	if _, err := w.r.opts.Audit.Append(context.WithoutCancel(ctx), rec, false); err != nil {
		w.r.opts.Log.Error().Err(err).Str("call", w.id).Msg("audit: result not written")
	}
	return w.finish(res)
}
