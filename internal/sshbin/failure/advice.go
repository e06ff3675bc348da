package failure

import "strings"

// An advice says what to do next about a finding at a place. It is one sentence or two, and names the tool to call
// where there is one.
type advice func(f *finding, p Place) string

func always(text string) advice { return func(*finding, Place) string { return text } }

func name(p Place) string {
	if p.Host == "" {
		return "HOST"
	}
	return p.Host
}

var (
	adviceUnknown  = always("look at ssh's words; ssh_check tells whether the host answers, and ssh -v HOST in a terminal tells more")
	adviceConfig   = always("ssh refuses its configuration or an argument: correct the named line of ssh_config")
	adviceNotSSH   = always("what answers at this port is no SSH server of version 2: check the port")
	adviceNoRoute  = always("this machine has no way to that address: check the network or VPN, or reach it with jump")
	adviceDropped  = always("the server closed the connection before its greeting, as it does with too many at once (MaxStartups) or from a penalised source (PerSourcePenalties): wait, then try again with fewer at a time")
	adviceLost     = always("a command that was running may or may not have finished: look before repeating it; the next call connects anew")
	adviceSessions = always("the server allows no more sessions on this connection (MaxSessions) and the command has not run: try again when others have ended")
	adviceProxy    = always("the ProxyCommand of ssh_config failed: run it in a terminal")

	adviceShortPath = always("set RELAY_SHELL_RUNTIME_DIR to a shorter path: a control socket's path has room for about 90 bytes")
	adviceSocket    = always("the control socket cannot be made: check that RELAY_SHELL_RUNTIME_DIR exists, is writable and is no network file system")

	adviceForbidden = always("this jump host does not allow TCP forwarding to that address (AllowTcpForwarding, PermitOpen, or the key's options): use another jump")
)

func adviceUnknownHost(_ *finding, p Place) string {
	return "no alias of ssh_config is named " + name(p) + ", and the name does not resolve: ssh_hosts lists the known hosts"
}

func adviceDNS(_ *finding, p Place) string {
	if p.Hostname != "" && p.Hostname != p.Host {
		return "HostName " + p.Hostname + " of " + name(p) + " does not resolve here: check ssh_config, the DNS or the VPN"
	}
	return "the name does not resolve here: check the DNS or the VPN"
}

func adviceDNSBehind(_ *finding, p Place) string {
	return "the jump host cannot resolve " + p.Hostname + ": check HostName of " + name(p)
}

func adviceBehind(_ *finding, p Place) string {
	return "the jump host works but cannot connect to " + name(p) + ": check that it is up, and its address and port"
}

func adviceRefused(_ *finding, p Place) string {
	return "nothing listens there: check the port and that sshd runs on " + name(p) + "; ssh_check tells when it is back"
}

func adviceTimeout(_ *finding, p Place) string {
	return name(p) + " did not answer in time: it is down, or a firewall drops the connection; ssh_check tells when it is back, jump may lead around"
}

func adviceKeyUnknown(f *finding, p Place) string {
	if f.fingerprint == "" {
		return "call ssh_keyscan hosts=" + name(p) + ", compare the fingerprint with the host's own, then ssh_trust; or call with known_hosts=accept-new"
	}
	return "compare " + f.fingerprint + " with the host's own, then call ssh_trust host=" + name(p) + " fingerprint=" + f.fingerprint + "; or call with known_hosts=accept-new"
}

func adviceKeyChanged(_ *finding, p Place) string {
	return "do not go on: " + name(p) + " was set up anew, or somebody sits in between. Ask the operator, who removes the old key (ssh-keygen -R) once that is certain; then ssh_trust"
}

func adviceKeyRevoked(_ *finding, p Place) string {
	return "do not go on: the key that " + name(p) + " shows is marked as revoked in known_hosts. Ask the operator"
}

func adviceAuth(f *finding, p Place) string {
	hint := "no key was accepted"
	if len(f.methods) > 0 {
		hint = "the server takes " + strings.Join(f.methods, ", ") + " and accepted no key"
	}
	hint += ": check user and key_path, and ssh-add -l"
	if anyInteractive(f.methods) {
		hint += "; or a person signs in with relay-shell login " + name(p)
	}
	return hint
}

func adviceTooMany(_ *finding, p Place) string {
	return "the server ended the connection after too many keys: name one with key_path, or set IdentitiesOnly yes and IdentityFile for " + name(p)
}

func adviceLogin(f *finding, p Place) string {
	return "a person has to sign in (" + strings.Join(f.methods, ", ") + "): run relay-shell login " + name(p) + " in a terminal; calls then use that connection"
}

func adviceLockedKey(_ *finding, p Place) string {
	return "the key " + strings.Join(p.LockedKeys, ", ") + " has a passphrase: run ssh-add, or relay-shell login " + name(p) + " in a terminal"
}

func adviceAgentGone(f *finding, p Place) string {
	return "the SSH agent does not answer (" + p.AgentGone + "): start it, or correct SSH_AUTH_SOCK or IdentityAgent; " + adviceAuth(f, p)
}

func adviceAgentRefused(_ *finding, p Place) string {
	return "the agent holds a key that the server would take and did not sign with it (locked, or its owner was asked): see ssh-add -l, or run relay-shell login " + name(p) + " in a terminal"
}

func adviceTouch(_ *finding, p Place) string {
	return "a security key has to be plugged in and touched: a person runs relay-shell login " + name(p) + " in a terminal; calls then use that connection"
}

func adviceKeyFile(f *finding, p Place) string {
	return "ssh could not use a key file: correct what it says (a private key has mode 0600); " + adviceAuth(f, p)
}

// adviceAlgorithms names the option that would allow what the server offers.
func adviceAlgorithms(what, offer string) advice {
	option := "KexAlgorithms"
	switch {
	case strings.Contains(what, "host key"):
		option = "HostKeyAlgorithms"
	case strings.Contains(what, "cipher"):
		option = "Ciphers"
	case strings.Contains(what, "MAC"):
		option = "MACs"
	}
	first, _, _ := strings.Cut(offer, ",")
	return func(_ *finding, p Place) string {
		return "the server speaks only old algorithms: the operator can allow one for " + name(p) + " in ssh_config (" + option + " +" + first + ")"
	}
}
