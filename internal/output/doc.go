// Package output keeps what a command printed within bounds, whatever it prints.
//
// A [Capture] takes standard output and standard error as writers, remembers the beginning and the end of each, and
// puts the whole into a [Spool] once it does not fit the budget. [Capture.Finish] gives the [Output] that an answer
// shows. The rest is read back with [Spool.Read] and [Spool.Grep]. [Visible] and [LastLine] make text from a host
// harmless to show.
//
// Start with [OpenSpool] once and [NewCapture] for each command.
//
// A capture uses memory in proportion to its budget, never to the output: a command that prints without end is drained
// without end. What lies beyond the spool's bound for one call is counted and hashed, but cannot be read back. The package
// does not know secrets: what must not be shown is redacted by its caller. A spooled output is as the command printed it,
// in a file that only the same user can read.
package output
