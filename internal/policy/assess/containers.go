package assess

import "strings"

func init() {
	hooks["dockerExec"] = dockerExecHook
	hooks["dockerRun"] = dockerRunHook
	hooks["dockerCp"] = dockerCpHook
	hooks["kubectlExec"] = kubectlExecHook
	hooks["kubectlDelete"] = kubectlDeleteHook
	hooks["kubectlGet"] = kubectlGetHook
	hooks["ansible"] = ansibleHook
	hooks["cloud"] = cloudHook
	hooks["aws"] = awsHook
	hooks["powershell"] = powershellHook
	hooks["cmd"] = cmdHook
	hooks["npmExec"] = npmExecHook
	hooks["ip"] = ipHook
	hooks["dockerRemove"] = dockerRemoveHook
	hooks["service"] = serviceHook
	hooks["systemctl"] = systemctlHook
}

// inside queues a command that runs in a container or guest: another file system, known paths all the same.
func (c *call) inside(args []arg) {
	if len(args) == 0 {
		return
	}
	c.queue(Peeled, func() str {
		inner := newScope()
		inner.stdin, inner.fed = c.stdin, c.fed
		child := &call{m: c.m, sc: inner, args: args, text: showAll(args), stdin: c.stdin, fed: c.fed}
		return child.run()
	})
}

// dockerExecHook: CONTAINER COMMAND…
func dockerExecHook(c *call, u *use) {
	if u.has("-l", "--latest") && base(c.args[0].s) == "podman" { // podman's newest container needs no name
		c.inside(u.operands)
		return
	}
	if len(u.operands) < 2 {
		c.rate(Stateful, "exec", "a shell in a container")
		return
	}
	c.inside(u.operands[1:])
}

// dockerRemoveHook: with -f, and names that nobody has seen, whatever runs here goes.
func dockerRemoveHook(c *call, u *use) {
	for _, a := range u.operands {
		if a.multi && u.has("-f", "--force") {
			c.rate(Irreversible, "docker rm -f", "removes containers that are not known, even if they run")
		}
	}
}

// dockerRunHook: IMAGE COMMAND…, and what of the host the container gets.
func dockerRunHook(c *call, u *use) {
	hostFiles := false
	for _, o := range u.options {
		switch o.name {
		case "-v", "--volume", "--mount":
			src := o.arg.s
			if o.name == "--mount" {
				for _, kv := range strings.Split(o.arg.s, ",") {
					if v, ok := strings.CutPrefix(kv, "source="); ok {
						src = v
					} else if v, ok := strings.CutPrefix(kv, "src="); ok {
						src = v
					}
				}
			}
			src, rest, _ := strings.Cut(src, ":")
			if src == "/" || strings.HasSuffix(src, "docker.sock") || src == "/etc" || src == "/root" || src == "/var/run" {
				if !strings.HasSuffix(rest, ":ro") || strings.HasSuffix(src, ".sock") {
					c.rate(Stateful, "docker run -v", "gives the container the host's "+src)
				}
				hostFiles = true
			}
		}
	}
	if len(u.operands) < 2 {
		return
	}
	command := u.operands[1:]
	if o, ok := u.option("--entrypoint"); ok && o.has {
		command = append([]arg{o.arg}, command...)
	}
	if u.has("--privileged") || hostFiles {
		c.rate(Stateful, "docker run", "a container that can reach the host")
	}
	c.inside(command)
}

func dockerCpHook(c *call, u *use) {
	if len(u.operands) < 2 {
		return
	}
	to := u.operands[len(u.operands)-1]
	if isRemote(to) {
		c.rate(Stateful, "cp", "writes files in a container")
		return
	}
	if to.s != "-" {
		c.copyInto(to, u.operands[:1], "cp")
		c.rate(Reversible, "cp", "copies files here")
	}
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

// ansibleHook: the module and its arguments say what happens on every host.
func ansibleHook(c *call, u *use) {
	module, text := "command", str{}
	for _, o := range u.options {
		switch o.name {
		case "-m", "--module-name":
			module = o.arg.s
		case "-a", "--args":
			text = o.arg.str
		}
	}
	if u.has("--list-hosts") {
		return
	}
	module = module[strings.LastIndexByte(module, '.')+1:] // with or without the collection
	switch module {
	case "ping", "setup", "debug", "gather_facts", "stat", "slurp", "find", "getent", "service_facts", "package_facts", "win_ping", "wait_for_connection", "assert", "fail", "meta":
		c.rate(Observe, "ansible", "the module "+module+" reads")
	case "command", "shell", "raw", "win_shell", "win_command":
		c.rate(Observe, "ansible", "runs a command on the hosts")
		if u.has("-b", "--become") {
			c.rate(Stateful, "ansible -b", "with other privileges")
		}
		if text.s == "" {
			c.rate(Stateful, "ansible", "runs a command that cannot be seen from here")
			return
		}
		c.queue(Reread, func() str {
			remote := newScope()
			remote.remote = true
			return c.m.shell(text, remote)
		})
		return
	case "reboot", "win_reboot", "shutdown", "user", "group", "filesystem", "lvol", "lvg", "parted", "zfs", "mysql_db", "mysql_user", "postgresql_db", "postgresql_user", "postgresql_schema", "postgresql_table", "mongodb_user", "docker_volume", "k8s", "helm", "ec2_instance", "s3_bucket", "rds_instance", "virt", "proxmox", "vmware_guest":
		c.rate(Stateful, "ansible", "the module "+module)
		if module == "reboot" || module == "win_reboot" || module == "shutdown" || strings.Contains(text.s, "state=absent") {
			c.rate(Irreversible, "ansible", "the module "+module+" with "+text.s)
		}
		return
	case "mysql_query", "postgresql_query", "sqlite_query", "mssql_script", "clickhouse_query":
		c.rate(Stateful, "ansible", "runs statements")
		if _, q, ok := strings.Cut(text.s, "query="); ok {
			if q = strings.TrimSpace(q); q != "" && (q[0] == '\'' || q[0] == '"') {
				q, _, _ = strings.Cut(q[1:], q[:1])
			}
			c.sql(str{q, text.t})
		}
		return
	case "file":
		c.rate(Stateful, "ansible", "changes files")
		if strings.Contains(text.s, "state=absent") {
			for _, f := range strings.Fields(text.s) {
				for _, key := range []string{"path=", "dest=", "name="} {
					if p, ok := strings.CutPrefix(f, key); ok {
						c.effect(removesAll, word(p), "ansible file")
					}
				}
			}
		}
		return
	default:
		c.rate(Stateful, "ansible", "the module "+module)
		return
	}
	if u.has("-b", "--become") && module != "ping" && module != "setup" {
		c.rate(Stateful, "ansible -b", "with other privileges")
	}
}

// ipHook: ip OBJECT [COMMAND]; without a command it shows.
func ipHook(c *call, u *use) {
	if o, ok := u.option("-b", "-batch"); ok && o.has {
		c.rate(Stateful, "ip -batch", "runs a file of commands")
	}
	ops := u.operands
	if len(ops) == 0 {
		return
	}
	object, verb := ops[0].s, "show"
	if len(ops) > 1 {
		verb = ops[1].s
	}
	abbreviates := func(full string) bool { return verb != "" && strings.HasPrefix(full, verb) }
	text := " " + join(ops).s + " "
	switch {
	case strings.HasPrefix("netns", object) && verb == "exec":
		c.rate(Observe, "ip netns exec", "runs a command in a network namespace")
		skip := 3
		if u.has("-all", "-a") {
			skip = 2 // in all of them, none is named
		}
		if len(ops) > skip {
			c.command(ops[skip:])
		}
		return
	case strings.HasPrefix("vrf", object) && verb == "exec":
		if len(ops) > 3 {
			c.command(ops[3:])
		}
		return
	case abbreviates("show") || abbreviates("list") || abbreviates("lst") || verb == "get" || verb == "save" || verb == "monitor" || object == "monitor" || verb == "help" || verb == "identify" || verb == "pids" || verb == "list-id" || verb == "count" || strings.HasPrefix("xfrm", object) && (verb == "state" || verb == "policy") && (len(ops) == 2 || ops[2].s == "count" || ops[2].s == "list" || ops[2].s == "get"):
		return
	case strings.HasPrefix("link", object) && strings.Contains(text, " down ") || strings.HasPrefix("link", object) && (abbreviates("delete") || strings.HasPrefix(verb, "del")):
		c.rate(Irreversible, "ip link", "cuts a network link")
	case verb == "flush":
		c.rate(Irreversible, "ip "+object+" flush", "drops addresses or routes")
		if strings.HasPrefix("neighbour", object) || object == "neighbor" || object == "arp" {
			c.tier = Stateful
		}
	case (strings.HasPrefix("route", object) && object != "r" || object == "r") && (strings.HasPrefix("delete", verb) || verb == "del") && (strings.Contains(text, " default ") || strings.Contains(text, " 0.0.0.0/0 ")):
		c.rate(Irreversible, "ip route", "drops the default route")
	case strings.HasPrefix("address", object) && strings.HasPrefix("delete", verb):
		c.rate(Irreversible, "ip addr del", "takes an address away")
	default:
		c.rate(Stateful, "ip "+object+" "+verb, "changes the network")
	}
}

// serviceHook: service NAME ACTION.
func serviceHook(c *call, u *use) {
	if name := base(c.args[0].s); len(u.operands) == 1 && (name == "start" || name == "stop" || name == "restart") { // upstart
		u.operands = append(words(name), u.operands...)
	}
	if len(u.operands) < 2 {
		if u.operand(0).s != "" && !u.has("--status-all") {
			c.rate(Stateful, "service", "acts on a service")
		}
		return
	}
	name, action := u.operands[0].s, u.operands[1].s
	switch base(c.args[0].s) { // these name the action first
	case "initctl", "rcctl", "stop", "start", "restart":
		name, action = action, name
	}
	switch action {
	case "status", "show", "configtest", "check":
		return
	case "stop", "disable", "zap", "stop-all":
		c.rate(Stateful, "service "+action, "stops "+name)
		if keepsAlive(name) {
			c.rate(Irreversible, "service "+action, "stops "+name+", on which access or the audit depends")
		}
	case "initdb", "delete", "reset", "flush", "purge", "destroy":
		c.rate(Irreversible, "service "+action, name)
	default:
		c.rate(Stateful, "service "+action, "changes "+name)
	}
}

// systemctlHook: stopping what keeps a machine reachable, or watched, is not like stopping another service.
func systemctlHook(c *call, u *use) {
	if len(u.words) == 0 {
		return
	}
	switch u.words[0] {
	case "show":
		c.systemdShow(u)
	case "stop", "disable", "mask", "kill":
		for _, a := range u.operands {
			if keepsAlive(a.s) {
				c.rate(Irreversible, "systemctl "+u.words[0], "stops "+a.show()+", on which access or the audit depends")
			}
			if a.glob || !a.known() {
				c.rate(Stateful, "systemctl", "units that are not known")
				if a.s == "*" {
					c.rate(Irreversible, "systemctl", "stops everything")
				}
			}
		}
	case "start", "isolate", "set-default":
		for _, a := range u.operands {
			switch strings.TrimSuffix(strings.TrimSuffix(a.s, ".target"), ".service") {
			case "reboot", "poweroff", "halt", "kexec", "rescue", "emergency", "shutdown", "exit", "runlevel0", "runlevel6", "runlevel1", "ctrl-alt-del", "systemd-reboot", "systemd-poweroff", "systemd-halt", "factory-reset", "system-update", "suspend", "hibernate", "sleep":
				c.rate(Irreversible, "systemctl "+u.words[0], "stops the machine: "+a.s)
			}
		}
	}
}

// keepsAlive tells services on which remote access, the network, the firewall or the audit depend.
func keepsAlive(unit string) bool {
	name := unit
	for _, suffix := range []string{".service", ".socket", ".target"} {
		name = strings.TrimSuffix(name, suffix)
	}
	switch name {
	case "ssh", "sshd", "dropbear", "network", "networking", "NetworkManager", "systemd-networkd", "systemd-resolved", "wpa_supplicant", "dhcpcd", "netplan", "network-online", "multi-user", "basic", "sysinit", "default",
		"auditd", "rsyslog", "syslog", "syslog-ng", "systemd-journald", "journald", "osqueryd", "falcon-sensor", "wazuh-agent", "ossec", "crowdstrike", "filebeat", "fluentd", "fluent-bit", "auditbeat", "falco", "aide",
		"firewalld", "ufw", "iptables", "ip6tables", "nftables", "fail2ban", "apparmor", "selinux", "shorewall", "csf", "clamav-daemon", "sssd", "dbus", "systemd-logind", "wg-quick@wg0", "openvpn", "tailscaled", "zerotier-one", "cloudflared", "docker", "containerd", "kubelet":
		return name != "docker" && name != "containerd" && name != "kubelet"
	}
	return strings.HasPrefix(name, "ssh@") || strings.HasPrefix(name, "sshd@") || strings.HasPrefix(name, "wg-quick@") || strings.HasPrefix(name, "openvpn@") || strings.HasPrefix(name, "network")
}

// npmExecHook: npx and npm exec run packages; -c is shell text.
func npmExecHook(c *call, u *use) {
	if o, ok := u.option("-c", "--call"); ok && o.has {
		c.shellText(o.arg.str)
	}
	if len(u.operands) > 0 {
		if lookup(base(u.operands[0].s)) != nil {
			c.command(u.operands)
		} else if strings.Contains(u.operands[0].s, " ") {
			c.shellText(u.operands[0].str)
		} else if tool := strings.TrimSuffix(u.operands[0].s, "-cli"); lookup(tool) != nil {
			c.command(append(words(tool), u.operands[1:]...))
		} else {
			d := c.child(u.operands)
			d.unknownVerbs(tool)
			c.rate(d.tier, d.rule, d.why)
		}
	}
}
