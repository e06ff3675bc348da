package relay

// confirm answers a call that a person, or with CONFIRM=token the client, has to confirm first.
func (w *walk) confirm() *Result {
	return &Result{Outcome: ConfirmRequired, Tier: w.assess.Tier, Err: &Error{
		Code: string(ConfirmRequired), Message: w.decide.Reason, Hint: "call operation_confirm with the token, then repeat the identical call",
	}}
}
