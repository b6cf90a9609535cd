package io.loomtunnel.tunnel;

import java.time.Duration;

/// How a client dials its server, and when it doubts it.
///
/// @param connect   limit for the TCP connection, resolving the name included
/// @param handshake limit from the first packet to the server's SETTINGS, whole
/// @param heartbeat when the server is suspect, and when it is dead
public record DialConfig(Duration connect, Duration handshake, HeartbeatConfig heartbeat) {
    /// 5 s, 10 s.
    public static final DialConfig DEFAULTS =
            new DialConfig(Duration.ofSeconds(5), Duration.ofSeconds(10), HeartbeatConfig.DEFAULTS);

    /// Refuses limits that let nobody through.
    public DialConfig {
        if (!connect.isPositive()) throw new IllegalArgumentException("connect " + connect);
        if (!handshake.isPositive()) throw new IllegalArgumentException("handshake " + handshake);
    }

    /// The same with another limit for connecting.
    /// @param limit for the TCP connection
    /// @return a new configuration
    public DialConfig withConnect(Duration limit) {
        return new DialConfig(limit, handshake, heartbeat);
    }

    /// The same with another limit for the handshake.
    /// @param limit whole
    /// @return a new configuration
    public DialConfig withHandshake(Duration limit) {
        return new DialConfig(connect, limit, heartbeat);
    }

    /// The same with another heartbeat.
    /// @param times when the server is suspect, and when it is dead
    /// @return a new configuration
    public DialConfig withHeartbeat(HeartbeatConfig times) {
        return new DialConfig(connect, handshake, times);
    }
}
