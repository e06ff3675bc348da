// Package change replaces the content of files so that it can be taken back.
//
// [Apply] writes the new content beside the file, has it checked there by a command if one is given, keeps the former content, and
// puts the new file in the place of the old one in a single step: whoever reads the file, and whoever kills this program at any
// point, finds one or the other. With [Request.RevertAfter] a small process on the target itself puts the old file back unless
// [Confirm] comes in time; it needs neither the connection nor this program. [Undo] takes a change back later, for as long as its
// backup is kept ([Expire]).
//
// A link is followed: what it leads to is replaced, the link stays. Mode and owner are kept, and what the target's cp knows
// to keep besides (access lists, extended attributes, labels) where it can. Other hard links keep the old content, which is
// said. A file that cannot be renamed over, such as one that is mounted by itself into a container, is refused rather than
// written in place.
package change
