package io.loomtunnel.tunnel;

import java.time.Duration;

/// How a client dials its server, and when it doubts it.
///
/// @param connect   limit for the TCP connection, resolving the name included
/// @param handshake limit from the first packet to the server's SETTINGS, whole
/// @param heartbeat when the server is suspect, and when it is dead
/// @param proxies   which proxy is on the way; the limit for connecting then counts for all of it
public record DialConfig(Duration connect, Duration handshake, HeartbeatConfig heartbeat, ProxyChoice proxies) {
    /// 5 s, 10 s, no proxy.
    public static final DialConfig DEFAULTS =
            new DialConfig(Duration.ofSeconds(5), Duration.ofSeconds(10), HeartbeatConfig.DEFAULTS, ProxyChoice.DIRECT);

    /// Refuses limits that let nobody through.
    public DialConfig {
        if (!connect.isPositive()) throw new IllegalArgumentException("connect " + connect);
        if (!handshake.isPositive()) throw new IllegalArgumentException("handshake " + handshake);
    }

    /// The same with another limit for connecting.
    /// @param limit for the TCP connection
    /// @return a new configuration
    public DialConfig withConnect(Duration limit) {
        return new DialConfig(limit, handshake, heartbeat, proxies);
    }

    /// The same with another limit for the handshake.
    /// @param limit whole
    /// @return a new configuration
    public DialConfig withHandshake(Duration limit) {
        return new DialConfig(connect, limit, heartbeat, proxies);
    }

    /// The same with another heartbeat.
    /// @param times when the server is suspect, and when it is dead
    /// @return a new configuration
    public DialConfig withHeartbeat(HeartbeatConfig times) {
        return new DialConfig(connect, handshake, times, proxies);
    }

    /// The same through other proxies.
    /// @param choice which proxy for which server
    /// @return a new configuration
    public DialConfig withProxies(ProxyChoice choice) {
        return new DialConfig(connect, handshake, heartbeat, choice);
    }
}
