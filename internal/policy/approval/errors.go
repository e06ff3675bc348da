package approval

// Error is what callers can act on.
type Error struct {
	Code    string // of the contract
	Message string
	Hint    string
}

func (e *Error) Error() string     { return e.Message }
func (e *Error) ErrorCode() string { return e.Code }
func (e *Error) ErrorHint() string { return e.Hint }

// The errors of this package.
var (
	ErrUnknown = &Error{"not_found", "nothing waits under this token: it is unknown, expired or already used", "repeat the call to be asked again"}
	ErrTooFast = &Error{"denied", "the answer came faster than a person reads; it counts as none", "ask again and let a person answer"}
	ErrOther   = &Error{"denied", "the token is for another call", "repeat the identical call, or repeat this one without the token to be asked anew"}
	ErrWrong   = &Error{"permission_denied", "the passphrase is wrong", "type the approval passphrase again; `relay-shell auth passphrase` sets a new one"}
	ErrForged  = &Error{"permission_denied", "the answer is not signed with the approval passphrase or a security key", "answer with `relay-shell approve`"}
	ErrNoKey   = &Error{"unsupported", "no approval passphrase or security key is set up", "set one up with `relay-shell auth passphrase` or `relay-shell auth security-key`"}
)
