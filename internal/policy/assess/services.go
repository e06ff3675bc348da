package assess

import "strings"

func init() {
	hooks["service"] = serviceHook
	hooks["supervise"] = superviseHook
	hooks["systemctl"] = systemctlHook
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

// superviseHook: supervisors name the action first: sv down sshd, s6-svc -d /service/sshd.
func superviseHook(c *call, u *use) {
	stops := u.has("-d")
	for _, w := range u.words {
		switch w {
		case "stop", "down", "disable", "exit", "force-stop", "force-shutdown", "remove", "delete", "unmonitor", "kill", "d":
			stops = true
		}
	}
	for _, a := range append(words(u.words...), u.operands...) {
		if stops && keepsAlive(base(a.s)) {
			c.rate(Irreversible, base(c.args[0].s), "stops "+a.show()+", on which access or the audit depends")
		}
	}
}
