package assess

import "strings"

func init() {
	hooks["ansible"] = ansibleHook
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
