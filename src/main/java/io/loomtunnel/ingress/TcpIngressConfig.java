package io.loomtunnel.ingress;

import java.time.Duration;

/// What visitors may do at the public port of a TCP service, and for how long.
///
/// @param maxConnections connections served at once; further ones wait in the backlog
/// @param connectTimeout until the client has reached the origin, which it bounds itself; then the connection is reset
/// @param idleTimeout    without a byte in either direction; then the connection is closed; zero for never
/// @param hold           how long a connection waits for a tunnel that left a moment ago; then it is reset
/// @param release        how long a port of a range stays a service's own after its last tunnel left
/// @param proxies        in front of the port, whose PROXY headers are read if they send them
public record TcpIngressConfig(int maxConnections, Duration connectTimeout, Duration idleTimeout, Duration hold, Duration release,
                               TrustedProxies proxies) {
    /// 10,000 connections; 60 s to connect, no idle time-out, 5 s of hold, a minute until a port is released; no proxies in front.
    public static final TcpIngressConfig DEFAULTS = new TcpIngressConfig(10_000, Duration.ofSeconds(60), Duration.ZERO, Duration.ofSeconds(5),
            Duration.ofMinutes(1), TrustedProxies.NONE);

    /// Refuses what would serve nobody.
    public TcpIngressConfig {
        if (maxConnections < 1) throw new IllegalArgumentException("maxConnections " + maxConnections);
        if (!connectTimeout.isPositive()) throw new IllegalArgumentException("connectTimeout " + connectTimeout);
        if (idleTimeout.isNegative()) throw new IllegalArgumentException("idleTimeout " + idleTimeout);
        if (hold.isNegative()) throw new IllegalArgumentException("hold " + hold);
        if (release.isNegative()) throw new IllegalArgumentException("release " + release);
    }

    /// The same with another number of connections.
    /// @param limit served at once
    /// @return a new configuration
    public TcpIngressConfig withMaxConnections(int limit) {
        return new TcpIngressConfig(limit, connectTimeout, idleTimeout, hold, release, proxies);
    }

    /// The same with another time to connect.
    /// @param limit until the client has reached the origin
    /// @return a new configuration
    public TcpIngressConfig withConnectTimeout(Duration limit) {
        return new TcpIngressConfig(maxConnections, limit, idleTimeout, hold, release, proxies);
    }

    /// The same with another idle time-out.
    /// @param limit from the last byte either way; zero for none
    /// @return a new configuration
    public TcpIngressConfig withIdleTimeout(Duration limit) {
        return new TcpIngressConfig(maxConnections, connectTimeout, limit, hold, release, proxies);
    }

    /// The same with another wait for a tunnel.
    /// @param limit zero resets at once
    /// @return a new configuration
    public TcpIngressConfig withHold(Duration limit) {
        return new TcpIngressConfig(maxConnections, connectTimeout, idleTimeout, limit, release, proxies);
    }

    /// The same with another time until ports are released.
    /// @param limit from the end of a service's last tunnel
    /// @return a new configuration
    public TcpIngressConfig withRelease(Duration limit) {
        return new TcpIngressConfig(maxConnections, connectTimeout, idleTimeout, hold, limit, proxies);
    }

    /// The same with proxies in front.
    /// @param trusted whose PROXY headers are read, if they send them
    /// @return a new configuration
    public TcpIngressConfig withProxies(TrustedProxies trusted) {
        return new TcpIngressConfig(maxConnections, connectTimeout, idleTimeout, hold, release, trusted);
    }
}
