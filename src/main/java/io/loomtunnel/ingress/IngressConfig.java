package io.loomtunnel.ingress;

import io.loomtunnel.websocket.Upgrades;
import java.time.Duration;
import java.util.List;

/// What visitors may do at a public HTTP port, and for how long.
///
/// @param maxConnections  public connections served at once; further ones wait in the backlog
/// @param maxStreams      requests at once on an HTTP/2 connection; above it REFUSED_STREAM
/// @param maxRequestLine  bytes of a request-line; above it 414
/// @param maxFieldBytes   bytes of a field section; above it 431
/// @param maxFields       fields of a section; above it 431
/// @param headTimeout     for a whole request head, from its first byte; then 408
/// @param contentTimeout  without a byte of request content while we are ready to read it; then 408
/// @param idleTimeout     between two requests; then the connection is closed
/// @param responseTimeout from the end of the request to the head of the response; then 504
/// @param hold            how long a request waits for a tunnel that left a moment ago; then 503
/// @param proxies         in front of the port, whose word about visitors is taken
/// @param upgrades        tokens of the Upgrade field that pass beside `websocket`; every other one is dropped
public record IngressConfig(int maxConnections, int maxStreams, int maxRequestLine, int maxFieldBytes, int maxFields, Duration headTimeout,
                            Duration contentTimeout, Duration idleTimeout, Duration responseTimeout, Duration hold, TrustedProxies proxies,
                            List<String> upgrades) {
    /// 10,000 connections of 100 streams, heads of 8 KiB and 64 KiB in 200 fields; 10 s, 30 s, 75 s, 65 s (the origin's 60 s and its
    /// way back), 5 s; no proxies in front.
    public static final IngressConfig DEFAULTS = new IngressConfig(10_000, 100, 8 * 1024, 64 * 1024, 200, Duration.ofSeconds(10),
            Duration.ofSeconds(30), Duration.ofSeconds(75), Duration.ofSeconds(65), Duration.ofSeconds(5), TrustedProxies.NONE, List.of());

    /// Refuses what would serve nobody.
    public IngressConfig {
        if (maxConnections < 1) throw new IllegalArgumentException("maxConnections " + maxConnections);
        if (maxStreams < 1) throw new IllegalArgumentException("maxStreams " + maxStreams);
        if (hold.isNegative()) throw new IllegalArgumentException("hold " + hold);
        if (responseTimeout.isNegative()) throw new IllegalArgumentException("responseTimeout " + responseTimeout);
        upgrades = List.copyOf(upgrades);
        new Upgrades(upgrades);             // refuses what is no token, and what must not pass
    }

    /// The same with another number of connections.
    /// @param limit served at once
    /// @return a new configuration
    public IngressConfig withMaxConnections(int limit) {
        return new IngressConfig(limit, maxStreams, maxRequestLine, maxFieldBytes, maxFields, headTimeout, contentTimeout, idleTimeout, responseTimeout, hold, proxies, upgrades);
    }

    /// The same with other limits of a head.
    /// @param requestLine bytes
    /// @param fieldBytes  bytes
    /// @param fields      their number
    /// @return a new configuration
    public IngressConfig withHeadLimits(int requestLine, int fieldBytes, int fields) {
        return new IngressConfig(maxConnections, maxStreams, requestLine, fieldBytes, fields, headTimeout, contentTimeout, idleTimeout, responseTimeout, hold, proxies, upgrades);
    }

    /// The same with another time for a response.
    /// @param limit from the end of the request to the head of the response
    /// @return a new configuration
    public IngressConfig withResponseTimeout(Duration limit) {
        return new IngressConfig(maxConnections, maxStreams, maxRequestLine, maxFieldBytes, maxFields, headTimeout, contentTimeout, idleTimeout, limit, hold, proxies, upgrades);
    }

    /// The same with another wait for a tunnel.
    /// @param limit zero answers at once
    /// @return a new configuration
    public IngressConfig withHold(Duration limit) {
        return new IngressConfig(maxConnections, maxStreams, maxRequestLine, maxFieldBytes, maxFields, headTimeout, contentTimeout, idleTimeout, responseTimeout, limit, proxies, upgrades);
    }

    /// The same with proxies in front.
    /// @param trusted whose word about visitors is taken
    /// @return a new configuration
    public IngressConfig withProxies(TrustedProxies trusted) {
        return new IngressConfig(maxConnections, maxStreams, maxRequestLine, maxFieldBytes, maxFields, headTimeout, contentTimeout, idleTimeout, responseTimeout, hold, trusted, upgrades);
    }

    /// The same with other protocols that visitors may switch to.
    /// @param tokens of the Upgrade field, beside `websocket`
    /// @return a new configuration
    /// @throws IllegalArgumentException one of them is no token, or must not pass
    public IngressConfig withUpgrades(List<String> tokens) {
        return new IngressConfig(maxConnections, maxStreams, maxRequestLine, maxFieldBytes, maxFields, headTimeout, contentTimeout, idleTimeout, responseTimeout, hold, proxies, tokens);
    }
}
