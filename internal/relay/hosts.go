package relay

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/policy"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

// resolving bounds how many `ssh -G` run at the same time for one call; each is a process of a few milliseconds.
const resolving = 16

// resolve turns the given hosts into targets, several at a time. What does not resolve ends the call, unless its plan takes such a host as
// a result of its own.
func (w *walk) resolve(ctx context.Context) error {
	if len(w.plan.Hosts) == 0 {
		w.target = []target.Target{w.r.opts.Targets.Local()}
		return nil
	}
	hosts := w.plan.Hosts
	targets, failures := make([]target.Target, len(hosts)), make([]error, len(hosts))
	var group errgroup.Group
	group.SetLimit(resolving)
	for i, h := range hosts {
		group.Go(func() error {
			if ctx.Err() != nil {
				failures[i] = context.Cause(ctx)
				return nil
			}
			targets[i], failures[i] = w.r.opts.Targets.Resolve(ctx, h)
			return nil
		})
	}
	_ = group.Wait() // failures has them all
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for i, err := range failures {
		if err != nil && !w.plan.Partial {
			return err
		}
		if err == nil {
			w.hostNames[i] = append(w.hostNames[i], targets[i].Names()...)
		}
	}
	w.target, w.unresolved = targets, failures
	w.plan.Subject.Names = slices.Concat(w.hostNames...)
	w.plan.Subject.Remote = true
	return nil
}

// name lists the names that are known before anything is resolved, for each host; those that the plan brings, such as the target of a
// forward, belong to every host.
func (w *walk) name() {
	for _, h := range w.plan.Hosts {
		w.hostNames = append(w.hostNames, append(given(h), w.plan.Subject.Names...))
	}
	if len(w.plan.Hosts) > 0 {
		w.plan.Subject.Names = slices.Concat(w.hostNames...)
	}
}

// deniedAsGiven asks the deny pattern before ssh -G does: that runs the Match exec of the operator's ssh_config.
func (w *walk) deniedAsGiven() (reason string, denied bool) {
	for i := range w.subjects() {
		if reason, denied := w.r.opts.Policy.Deny(w.subject(i)); denied {
			return w.about(i, reason), true
		}
	}
	return "", false
}

// decision asks the policy about each host by itself, with its own names, groups and mode: a rule for one must not open another. One
// denied host denies the call, one that needs a confirmation makes the call need it, and the strictest mode is the call's.
func (w *walk) decision() policy.Decision {
	var all policy.Decision
	for i := range w.subjects() {
		d := w.r.opts.Policy.Decide(w.subject(i), w.assess, w.whoAt(i))
		mode := policy.Stricter(d.Mode, string(all.Mode))
		switch {
		case d.Effect == policy.Deny:
			d.Reason = w.about(i, d.Reason)
			return d
		case i == 0, d.Effect == policy.Confirm && all.Effect != policy.Confirm:
			all = d
			all.Reason = w.about(i, d.Reason)
		}
		all.Mode = mode
	}
	return all
}

// subjects is how many hosts there are to ask about; this machine is one.
func (w *walk) subjects() int { return max(len(w.plan.Hosts), 1) }

// subject is what would run on one host.
func (w *walk) subject(i int) policy.Subject {
	s := w.plan.Subject
	if len(w.plan.Hosts) > 0 {
		s.Names = w.hostNames[i]
	}
	return s
}

func (w *walk) whoAt(i int) policy.Who {
	who := Who(w.call.Caller, w.target[i:i+1])
	if w.target[i] == nil {
		who.Host = w.plan.Hosts[i].String()
	}
	return who
}

// about names the host that a sentence is about, where there are several.
func (w *walk) about(i int, reason string) string {
	if len(w.plan.Hosts) < 2 || reason == "" {
		return reason
	}
	return fmt.Sprintf("host %s: %s", w.plan.Hosts[i], reason)
}

// maxResolved bounds the list of hosts in the record of a call over many, in bytes; a record takes 1 MiB in all.
const maxResolved = 512 << 10

// resolvedHosts is what a call over many hosts records of where they lead: "alias user@hostname:port", or the alias alone for one
// that does not resolve.
func (w *walk) resolvedHosts() []string {
	if len(w.target) < 2 {
		return nil
	}
	var list []string
	size := 0
	for i, t := range w.target {
		entry := w.plan.Hosts[i].String()
		if t != nil {
			if h := t.Host(); h != nil {
				entry += " " + dest.Destination{User: h.User, Host: h.Hostname, Port: h.Port}.String()
			}
		}
		if size += len(entry) + len(`"",`); size > maxResolved {
			return append(list, fmt.Sprintf("and %d more", len(w.target)-i))
		}
		list = append(list, entry)
	}
	return list
}
