package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"relay-shell/internal/audit"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/sshbin/dest"
)

// record is what intent and result have in common.
func (w *walk) record(phase audit.Phase, more map[string]any) audit.Record {
	rec := audit.Record{
		Phase:     phase,
		Call:      w.id,
		Tool:      w.call.Operation.Name(),
		Tier:      int(w.tier()),
		Principal: w.call.Caller.Principal,
		Client:    w.call.Caller.Client,
		Session:   w.call.Caller.Session,
		Args:      w.args(more),
		Mode:      string(w.r.opts.Policy.Mode()),
		Rules:     w.r.opts.Policy.Version(),
		Host:      w.host(),
		Action:    w.action,
	}
	return rec
}

// args is the redacted form of the arguments.
func (w *walk) args(more map[string]any) json.RawMessage {
	var value any
	switch {
	case w.plan == nil:
		value = hideUserinfo(w.refused())
	case w.plan.Record != nil:
		value = w.with(w.plan.Record, more)
	default:
		value = w.with(params.Record(w.plan.Args), more)
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

// refused is what is recorded of arguments without a plan. The operation knows which of them are bodies or secrets; of those that it says
// nothing about, only the hash is.
func (w *walk) refused() any {
	if op, knows := w.call.Operation.(interface {
		RecordRefused(args json.RawMessage) map[string]any
	}); knows {
		return op.RecordRefused(w.call.Args)
	}
	return params.Digest(string(w.call.Args))
}

// hideUserinfo takes passwords out of the destinations of a refused call: one in user:password@host is what it was refused for.
func hideUserinfo(value any) any {
	args, is := value.(map[string]any)
	if !is {
		return value
	}
	for _, name := range []string{"host", "hosts", "user", "jump"} {
		if given, is := args[name]; is {
			args[name] = dest.HideUserinfo(fmt.Sprint(given), name == "user")
		}
	}
	return args
}

// with joins the arguments with what is known beyond them: who approved, where several hosts lead, in the first record of the call, and how they ended.
func (w *walk) with(args, more map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, args)
	maps.Copy(all, more)
	if len(w.plan.Secrets) > 0 {
		all["secrets"] = w.plan.Secrets
	}
	if w.approval != nil {
		all["approval"] = w.approval
	}
	if w.unannounced != nil { // a result alone would be that of a call that never ran
		all["intent_lost"] = w.unannounced.Error()
	}
	if list := w.resolvedHosts(); list != nil && !w.recorded {
		all["resolved"] = list
	}
	return all
}

// host is the one resolved target; a call over many records its hosts in the arguments and the result's fields.
func (w *walk) host() *audit.Host {
	if len(w.target) == 1 && w.target[0] != nil {
		if h := w.target[0].Host(); h != nil {
			return &audit.Host{Alias: h.Alias, User: h.User, Hostname: h.Hostname, Port: h.Port, Jump: h.Jump}
		}
	}
	if given := w.destinations(); (len(w.target) == 0 || w.target[0] == nil) && len(given) == 1 {
		return &audit.Host{Alias: given[0].String()}
	}
	return nil
}

// intent writes the record that must be on disk before anything of tier 1 and above runs.
func (w *walk) intent(ctx context.Context) *Result {
	if res := ended(ctx); res != nil {
		return w.refuse(ctx, res)
	}
	_, err := w.r.opts.Audit.Append(context.WithoutCancel(ctx), w.record(audit.Intent, nil), w.assess.Tier > policy.Tier(0))
	if err == nil {
		w.recorded = true
		return nil
	}
	w.r.opts.Log.Error().Err(err).Str("call", w.id).Msg("audit: intent not written")
	if w.r.opts.DenyUnaudited && w.assess.Tier > policy.Tier(0) {
		return w.unaudited(err)
	}
	w.unannounced = err
	return nil
}

func (w *walk) unaudited(err error) *Result {
	return &Result{Outcome: Failed, Err: &Error{
		Code: "audit_unavailable", Message: "the audit log cannot be written: " + err.Error(),
		Hint: "nothing was run (AUDIT_ON_FAILURE=deny); " + cmp.Or(AsError(err).Hint, "the operator has to mend the log; server_info shows its health"),
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
	res.Err = res.Err.bounded()
	w.tellStored(res)
	rec := w.record(audit.Result, res.Record)
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
