// Package secrets replaces {{secret:NAME}} by what the operator keeps under that name, so that an agent can use a password
// that it never sees.
//
// Start with [New], then [Store.Resolve] for what goes to a program's standard input, its environment or a session. The
// values that Resolve returns have to be made known to the redactor before the program's output is read. A command line is
// no place for a secret, since every user of a host can read it there: [Uses] tells whether a text names one, so that it can
// be refused.
//
// The operator's file is TOML, or NAME=VALUE lines. It must belong to this process's user, with no access for anybody else.
// In TOML a secret is a value or says where the value is:
//
//	db    = "…"
//	api   = { env = "API_TOKEN" }
//	mail  = { pass = "mail/work" }
//	vault = { command = ["vault", "kv", "get", "-field=pw", "secret/db"] }
//	cert  = { file = "/run/secrets/cert", hosts = ["web*", "@prod", "local"] }
//
// With hosts a value goes to those alone.
//
// What it cannot do: keep a program that is given a secret from sending it elsewhere, encoded so that no mask fits.
package secrets
