// Package audit is the trail: what was asked, by whom, of which host, what the policy made of it and how it ended. It
// is a transparency log, so that an edit, insertion, deletion, reordering or truncation behind a checkpoint can be
// proven by anyone who has the log and one earlier tree head.
//
// # How to start
//
// [Open] a log, [Log.Append] an intent before anything runs and a result after it, [Log.Close] it. Any number of
// processes may have the same log open and append to it; they make one sequence and one tree. [Verify] checks a log,
// also while it is written. [Prove] and [CheckProof] show one record to somebody who is not shown the others.
//
// # What lies where
//
// For the log /x/audit.jsonl:
//
//	/x/audit.jsonl                     the live segment: one JSON record a line
//	/x/audit-0000000000001234.jsonl    a sealed segment, named after its first sequence number
//	/x/audit.tree/hashes               the hashes of the Merkle tree, in the order of tlog.StoredHashIndex
//	/x/audit.tree/checkpoints          signed tree heads (C2SP tlog-checkpoint), oldest first
//	/x/audit.tree/key, key.pub         the Ed25519 key of the checkpoints, and its public half
//	/x/audit.tree/lock                 held while a process writes
//	/x/audit.tree/live/                one locked file for each process that has calls in flight
//	/x/audit.tree/reserve              space set aside to be able to say that the disk is full
//
// A leaf of the tree is a line without its newline, and its index is the number of lines before it: the sequence number.
// Hashes are those of RFC 6962 (golang.org/x/mod/sumdb/tlog). The log is the truth; the hashes can be computed from it again.
//
// A line that a crash tore is never cut off. It gets its newline and is a leaf like the others, and a record of phase
// "log" behind it says what it is; [Verify] accepts a damaged line only with such a record.
//
// # What it cannot do
//
// Who holds the signing key and may write the files can rewrite everything since the last head that somebody else holds. Hence
// the head in every result ([Log.Head]) and [Witness]. The tail behind the last checkpoint (a second of traffic) is covered by
// the stored hashes and by such heads, not by a signature. Records are redacted by the caller, before they come here.
package audit
