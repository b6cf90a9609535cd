/// Sockets: accept, dial, and what keeps a connection from hanging for good. Knows no protocol.
///
/// `java.net` only, blocking: a virtual thread that waits for a socket costs a few KB and no carrier. Every connection is
/// a [io.loomtunnel.net.SocketDuplex], whether a [io.loomtunnel.net.Listener] accepted it or a [io.loomtunnel.net.Dialer]
/// opened it. What hangs is ended by the [io.loomtunnel.net.Watchdog]: writes, for which `java.net` has no time-out, reads,
/// for which it has a dear one, and whole phases.
///
/// TLS is a [io.loomtunnel.net.TlsDuplex] over such a connection.
///
/// Threads: one accepts for each listener, one virtual thread serves each accepted connection, one daemon thread is the
/// watchdog of the process; a virtual thread writes what TLS answers by itself. No lock of this package is held over I/O.
package io.loomtunnel.net;
