// Package redact masks secrets in text: before the audit trail, before logs and errors, before recordings, and in part
// before the model.
//
// Start with [New], then [Redactor.String] for a text, [Redactor.Value] for the arguments of a call,
// [Redactor.NewWriter] for a stream. What was masked reads ‹secret:kind:8 hex digits›; equal secrets give equal marks under
// one key, and [HasMark] tells a masked text from a whole one.
//
// Secrets are found by what they are (private keys, tokens of providers, password hashes), by where they stand (the value
// of a name such as DB_PASSWORD, the userinfo of a URL, a header, the option of a program, what a pipe feeds to sudo -S) and
// by being known ([Redactor.AddKnown]). It is a filter, not a boundary: a password that stands where nothing says that it
// is one, or that was encoded or cut up, passes. Everything is linear in the length of the text: one table of literals
// reads each byte once, and only where a literal stands a scanner of bounded reach looks closer.
package redact
