// Package pty runs programs on terminals: it starts them, keeps what they print, types for them, shows their screen and
// records them.
//
// Start with [Start]. The [Terminal] it returns reads the program's output at once, whoever looks, into a [Ring] from
// which any number of readers read at byte offsets of their own; [Terminal.Screen] renders it. [Recorder] and [Play] write
// and show recordings (asciicast v3).
//
// What it cannot do: a program that leaves its session and terminal is out of reach; whoever needs that tree ended marks it
// and ends it himself. The package knows neither audit nor ssh; a recording tells of its chunks by a callback. Input is
// never recorded.
package pty
