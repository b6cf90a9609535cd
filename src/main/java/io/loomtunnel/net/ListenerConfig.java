package io.loomtunnel.net;

/// How a listener accepts.
///
/// @param name           what is served, for threads and logs: `http`, `tcp`, `control`
/// @param maxConnections served at once; further ones wait in the kernel's backlog
/// @param backlog        connections that the kernel holds for us; it may hold fewer (`net.core.somaxconn`)
/// @param watchdog       resets connections whose writes hang
public record ListenerConfig(String name, int maxConnections, int backlog, Watchdog watchdog) {
    /// 10,000 connections, a backlog of 1,024, and the watchdog of the process.
    public static final ListenerConfig DEFAULTS = new ListenerConfig("net", 10_000, 1024, Watchdog.PROCESS);

    /// Refuses what would accept nothing.
    public ListenerConfig {
        if (maxConnections < 1) throw new IllegalArgumentException("maxConnections " + maxConnections);
        if (backlog < 1) throw new IllegalArgumentException("backlog " + backlog);
    }

    /// The same with another name.
    public ListenerConfig withName(String name) {
        return new ListenerConfig(name, maxConnections, backlog, watchdog);
    }

    /// The same with another number of connections.
    public ListenerConfig withMaxConnections(int maxConnections) {
        return new ListenerConfig(name, maxConnections, backlog, watchdog);
    }

    /// The same with another watchdog.
    public ListenerConfig withWatchdog(Watchdog watchdog) {
        return new ListenerConfig(name, maxConnections, backlog, watchdog);
    }
}
