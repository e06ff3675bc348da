// Package localexec runs commands on this machine: bounded, in sessions of their own, with nothing left of them when their
// time is up.
//
// Start with [Run], or with [StartSupervisor] and its Run, which besides ends every running command when this process dies,
// however it dies. [Shell] makes the argv of shell text, [Environment] what a command should find in its environment.
//
// When the context of a command ends, its whole process tree is ended: processes of its session, descendants, and those that
// left both (setsid, double fork) as long as they carry the command's id in their environment or, under a supervisor, the
// mark among their resource limits that every process inherits. First SIGTERM, half a second later SIGKILL. What can't be
// ended, such as a process of another user, is reported as a survivor.
//
// A command that ends by itself may leave background children, as under ssh. They don't hold up the answer; a
// child that still has the command's output open is disconnected from it.
//
// What it cannot do: without /proc (systems other than Linux) only the command's own process group is ended, and what
// survives is unknown. A process in uninterruptible sleep can't be ended by anybody.
package localexec
