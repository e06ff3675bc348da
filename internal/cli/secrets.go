package cli

import (
	"context"
	"sync"
	"time"

	"relay-shell/internal/redact"
	"relay-shell/internal/secrets"
	"relay-shell/internal/target"
)

// secretTTL is how long a value is remembered, so that a command on many hosts asks a password manager once.
const secretTTL = 30 * time.Second

// sudoSecret gives the passwords that the inventory and the settings name for sudo. They are masked from then on wherever they are printed.
func sudoSecret(store *secrets.Store, mask *redact.Redactor) target.Secret {
	type known struct {
		value string
		until time.Time
	}
	var mu sync.Mutex
	values := map[string]known{}
	return func(ctx context.Context, name string, host *target.Host) (string, error) {
		at := secrets.Place{}
		if host != nil {
			at = secrets.Place{Host: host.Alias, Groups: host.Groups}
		}
		if err := store.Admits(name, at); err != nil {
			return "", err
		}
		mu.Lock()
		defer mu.Unlock() // hosts that need the same value wait for the one that asks
		if k := values[name]; time.Now().Before(k.until) {
			return k.value, nil
		}
		value, _, err := store.Resolve(ctx, "{{secret:"+name+"}}", at)
		if err != nil {
			return "", err
		}
		mask.AddKnown(value)
		values[name] = known{value, time.Now().Add(secretTTL)}
		return value, nil
	}
}
