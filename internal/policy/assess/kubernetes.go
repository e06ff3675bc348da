package assess

import "strings"

func init() {
	hooks["kubectlDelete"] = kubectlDeleteHook
	hooks["kubectlExec"] = kubectlExecHook
	hooks["kubectlGet"] = kubectlGetHook
	hooks["kubectlScale"] = kubectlScaleHook
}

// kubectlExecHook: POD -- COMMAND…
func kubectlExecHook(c *call, u *use) {
	for i, a := range c.args {
		if a.s == "--" {
			c.inside(c.args[i+1:])
			return
		}
	}
	rest := u.operands[min(1, len(u.operands)):]
	for len(rest) > 0 && strings.HasPrefix(rest[0].s, "-") { // kubectl's own options may stand behind the name too
		if rest[0].s == "-c" || rest[0].s == "--container" || rest[0].s == "-n" {
			rest = rest[1:]
		}
		rest = rest[min(1, len(rest)):]
	}
	if len(rest) > 0 {
		c.inside(rest)
		return
	}
	c.rate(Stateful, "exec", "a shell in a container")
}

// kubectlDeleteHook: pods and jobs come back or are done; everything else may hold data or is the service itself.
func kubectlDeleteHook(c *call, u *use) {
	if u.has("--dry-run") {
		return
	}
	if u.has("-f", "--filename", "-k", "--kustomize", "--all", "-A", "--all-namespaces", "--raw") {
		c.rate(Irreversible, "kubectl delete", "deletes many objects")
		return
	}
	c.rate(Stateful, "kubectl delete", "deletes objects")
	kinds := strings.Split(u.operand(0).s, ",")
	if strings.Contains(u.operand(0).s, "/") {
		kinds = nil
		for _, a := range u.operands {
			kind, _, _ := strings.Cut(a.s, "/")
			kinds = append(kinds, kind)
		}
	}
	for _, k := range kinds {
		switch strings.ToLower(k) {
		case "pod", "pods", "po", "job", "jobs", "event", "events", "ev", "replicaset", "replicasets", "rs", "endpoints", "ep", "lease", "leases":
		default:
			c.rate(Irreversible, "kubectl delete", "deletes the "+k)
		}
	}
	if u.has("-l", "--selector") && c.tier < Irreversible {
		c.rate(Stateful, "kubectl delete", "deletes many pods")
	}
}

func kubectlGetHook(c *call, u *use) {
	for _, a := range u.operands {
		for _, k := range strings.Split(a.s, ",") {
			if k == "secret" || k == "secrets" || strings.HasPrefix(k, "secret/") || strings.HasPrefix(k, "secrets/") {
				if o, ok := u.option("-o", "--output"); ok && o.arg.s != "wide" && o.arg.s != "name" || len(u.words) > 0 && u.words[0] != "get" && u.words[0] != "describe" {
					c.shows = true
				}
			}
		}
	}
	if o, ok := u.option("--raw"); ok && strings.Contains(o.arg.s, "secrets") {
		c.shows = true
	}
}

func kubectlScaleHook(c *call, u *use) {
	if o, ok := u.option("--replicas"); ok && o.arg.s == "0" && c.tier > Observe && u.has("--all") {
		c.rate(Irreversible, "kubectl scale", "stops everything")
	}
}
