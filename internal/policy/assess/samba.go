package assess

// sambaNet are the first words of Samba's net(8), which shares its name with a program of Windows.
var sambaNet = setOf("ads rpc rap conf sam idmap registry usershare groupmap cache dom eventlog g_lock lookup getlocalsid getdomainsid setlocalsid setdomainsid join leave status changesecretpw vfs serverid notify witness offlinejoin printing sigs")

// samba rates net by its verbs.
func (c *call) samba(ops []arg) {
	c.tier = Observe
	for _, a := range ops {
		switch a.s {
		case "leave", "unjoin", "delete", "delshare", "deletekey", "deletevalue", "delparm", "drop", "kill", "delmem", "wipe", "shutdown", "setlocalsid", "setdomainsid":
			c.rate(Irreversible, "net", a.s+" loses what is there")
			return
		case "info", "testjoin", "list", "listshares", "showshare", "show", "search", "lookup", "status", "getlocalsid", "getdomainsid", "workgroup", "sid", "dn", "enumerate", "enumkey", "getvalue", "getvalueraw", "getparm", "getsd", "members", "fileaddr", "server", "export", "dump":
			c.rate(Observe, "net", "shows settings")
			return
		}
	}
	c.rate(Stateful, "net", "changes a domain or its settings")
}
