package io.loomtunnel.pool;

import java.time.Duration;

/// How connections to origins are kept.
///
/// @param maxIdlePerHost   idle connections kept for one origin; the one that was idle for longest goes first
/// @param idleTimeout      how long a connection may lie idle
/// @param evictionInterval how often idle connections are looked through, at the most
/// @param connectTimeout   of dialling, all addresses of the origin together: then 502
/// @param responseTimeout  from the end of the request to the head of the response: then 504
public record PoolConfig(int maxIdlePerHost, Duration idleTimeout, Duration evictionInterval, Duration connectTimeout, Duration responseTimeout) {
    /// 32 idle connections an origin for 90 s, 5 s to connect, 60 s for a response.
    public static final PoolConfig DEFAULTS = new PoolConfig(32, Duration.ofSeconds(90), Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofSeconds(60));

    /// Refuses what can't be meant.
    public PoolConfig {
        if (maxIdlePerHost < 0) throw new IllegalArgumentException("maxIdlePerHost " + maxIdlePerHost);
        positive("idleTimeout", idleTimeout);
        positive("evictionInterval", evictionInterval);
        positive("connectTimeout", connectTimeout);
        positive("responseTimeout", responseTimeout);
    }

    private static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) throw new IllegalArgumentException(name + " " + value);
    }

    /// The same with another number of idle connections.
    /// @param limit 0 keeps none
    /// @return a new configuration
    public PoolConfig withMaxIdlePerHost(int limit) {
        return new PoolConfig(limit, idleTimeout, evictionInterval, connectTimeout, responseTimeout);
    }

    /// The same with another idle time.
    /// @param limit how long a connection may lie idle
    /// @return a new configuration
    public PoolConfig withIdleTimeout(Duration limit) {
        return new PoolConfig(maxIdlePerHost, limit, evictionInterval, connectTimeout, responseTimeout);
    }

    /// The same with another eviction interval.
    /// @param interval how often idle connections are looked through
    /// @return a new configuration
    public PoolConfig withEvictionInterval(Duration interval) {
        return new PoolConfig(maxIdlePerHost, idleTimeout, interval, connectTimeout, responseTimeout);
    }

    /// The same with another connect time-out.
    /// @param limit of dialling
    /// @return a new configuration
    public PoolConfig withConnectTimeout(Duration limit) {
        return new PoolConfig(maxIdlePerHost, idleTimeout, evictionInterval, limit, responseTimeout);
    }

    /// The same with another response time-out.
    /// @param limit from the end of the request to the head of the response
    /// @return a new configuration
    public PoolConfig withResponseTimeout(Duration limit) {
        return new PoolConfig(maxIdlePerHost, idleTimeout, evictionInterval, connectTimeout, limit);
    }
}
