package tools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
)

type confirmParams struct {
	Token string `json:"token" required:"true" desc:"The token of the [CONFIRM REQUIRED …] answer."`
}

type confirmed struct {
	Armed bool `json:"armed" jsonschema:"the identical call may run once now"`
}

func (d *Deps) planConfirm(p *confirmParams) (*relay.Plan, error) {
	sum := sha256.Sum256([]byte(p.Token))
	return &relay.Plan{
		// The token itself would let a reader of the log confirm.
		Record: map[string]any{"token_sha256": hex.EncodeToString(sum[:6])},
		Run: func(context.Context, *relay.Run) (*relay.Result, error) {
			switch {
			case d.Policy.Confirmation() == policy.ConfirmOff:
				return nil, &relay.Error{Code: "unsupported", Message: "confirmation is disabled (CONFIRM=off)", Hint: "nothing has to be confirmed: make the call itself"}
			case d.Policy.Confirmation() == policy.ConfirmHuman:
				return nil, &relay.Error{Code: "permission_denied", Message: "a person has to confirm, not the client", Hint: "ask the person to run relay-shell approve"}
			case d.Approvals == nil || !d.Approvals.Arm(p.Token):
				return nil, &relay.Error{Code: "not_found", Message: "the token is invalid, expired or already used", Hint: "repeat the call to get a new token"}
			}
			return &relay.Result{Fields: &confirmed{Armed: true}, Text: "armed: repeat the identical call now\n"}, nil
		},
	}, nil
}
