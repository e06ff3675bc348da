package policy

import "fmt"

// Mode is how much a server allows.
type Mode string

// The modes, from the widest to the strictest. The zero value means Open.
const (
	Open     Mode = "open"     // every tier
	Guarded  Mode = "guarded"  // tiers 0 and 1, and what the allow pattern admits
	ReadOnly Mode = "readonly" // tier 0
)

// ParseMode reads a mode's name; empty is Open.
func ParseMode(name string) (Mode, error) {
	switch m := Mode(name); m {
	case "":
		return Open, nil
	case Open, Guarded, ReadOnly:
		return m, nil
	}
	return "", fmt.Errorf("unknown policy mode %q: open, guarded or readonly", name)
}

// Stricter is the stricter of a mode and one given by name, as inventories spell it. A name that is no mode counts as the
// strictest, so that a typing mistake never widens anything; an empty name changes nothing.
func Stricter(a Mode, name string) Mode {
	b := Mode(name)
	switch {
	case b == "" || rank(b) <= rank(a):
		return a
	case rank(b) == 3:
		return ReadOnly
	}
	return b
}

func rank(m Mode) int {
	switch m {
	case "", Open:
		return 0
	case Guarded:
		return 1
	case ReadOnly:
		return 2
	}
	return 3
}

// Confirmation is who has to confirm tier 3.
type Confirmation string

// The kinds of confirmation. The zero value means ConfirmOff.
const (
	ConfirmOff   Confirmation = "off"
	ConfirmToken Confirmation = "token" // the client repeats the call
	ConfirmHuman Confirmation = "human" // a person answers
)

// ParseConfirmation reads a confirmation's name; empty is ConfirmOff.
func ParseConfirmation(name string) (Confirmation, error) {
	switch c := Confirmation(name); c {
	case "":
		return ConfirmOff, nil
	case ConfirmOff, ConfirmToken, ConfirmHuman:
		return c, nil
	}
	return "", fmt.Errorf("unknown confirmation %q: off, token or human", name)
}
