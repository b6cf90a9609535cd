package io.loomtunnel.pool;

import java.time.Duration;
import javax.net.ssl.SSLContext;

/// How connections to origins are kept.
///
/// @param maxIdlePerHost   idle connections kept for one origin; the one that was idle for longest goes first
/// @param idleTimeout      how long a connection may lie idle
/// @param evictionInterval how often idle connections are looked through, at the most
/// @param connectTimeout   of dialling, all addresses of the origin together: then 502
/// @param responseTimeout  from the end of the request to the head of the response: then 504; zero for none
/// @param preferH2         whether TLS origins are offered HTTP/2, which those that have it then choose (ALPN); in clear nothing tells
///                         beforehand, so an `http://` origin is always spoken to by HTTP/1.1, and an `h2c://` one by HTTP/2
/// @param tls              whom TLS origins must be certified by; null for the authorities that the JDK trusts
public record PoolConfig(int maxIdlePerHost, Duration idleTimeout, Duration evictionInterval, Duration connectTimeout, Duration responseTimeout,
                         boolean preferH2, SSLContext tls) {
    /// 256 idle connections an origin for 90 s, 5 s to connect, 60 s for a response; HTTP/2 by TLS, verified as the JDK does.
    public static final PoolConfig DEFAULTS = new PoolConfig(256, Duration.ofSeconds(90), Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofSeconds(60),
            true, null);

    /// Refuses what can't be meant.
    public PoolConfig {
        if (maxIdlePerHost < 0) throw new IllegalArgumentException("maxIdlePerHost " + maxIdlePerHost);
        positive("idleTimeout", idleTimeout);
        positive("evictionInterval", evictionInterval);
        positive("connectTimeout", connectTimeout);
        if (responseTimeout.isNegative()) throw new IllegalArgumentException("responseTimeout " + responseTimeout);
    }

    private static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) throw new IllegalArgumentException(name + " " + value);
    }

    /// The same with another number of idle connections.
    /// @param limit 0 keeps none
    /// @return a new configuration
    public PoolConfig withMaxIdlePerHost(int limit) {
        return new PoolConfig(limit, idleTimeout, evictionInterval, connectTimeout, responseTimeout, preferH2, tls);
    }

    /// The same with another idle time.
    /// @param limit how long a connection may lie idle
    /// @return a new configuration
    public PoolConfig withIdleTimeout(Duration limit) {
        return new PoolConfig(maxIdlePerHost, limit, evictionInterval, connectTimeout, responseTimeout, preferH2, tls);
    }

    /// The same with another eviction interval.
    /// @param interval how often idle connections are looked through
    /// @return a new configuration
    public PoolConfig withEvictionInterval(Duration interval) {
        return new PoolConfig(maxIdlePerHost, idleTimeout, interval, connectTimeout, responseTimeout, preferH2, tls);
    }

    /// The same with another connect time-out.
    /// @param limit of dialling
    /// @return a new configuration
    public PoolConfig withConnectTimeout(Duration limit) {
        return new PoolConfig(maxIdlePerHost, idleTimeout, evictionInterval, limit, responseTimeout, preferH2, tls);
    }

    /// The same with another response time-out.
    /// @param limit from the end of the request to the head of the response
    /// @return a new configuration
    public PoolConfig withResponseTimeout(Duration limit) {
        return new PoolConfig(maxIdlePerHost, idleTimeout, evictionInterval, connectTimeout, limit, preferH2, tls);
    }

    /// The same with or without HTTP/2 for TLS origins.
    /// @param offered false has them speak HTTP/1.1
    /// @return a new configuration
    public PoolConfig withPreferH2(boolean offered) {
        return new PoolConfig(maxIdlePerHost, idleTimeout, evictionInterval, connectTimeout, responseTimeout, offered, tls);
    }

    /// The same with other certificates for TLS origins. Names are checked whatever the context trusts; unless its trust manager
    /// is an `X509ExtendedTrustManager` that does not.
    /// @param context says whom to trust, and may have a certificate of ours
    /// @return a new configuration
    public PoolConfig withTls(SSLContext context) {
        return new PoolConfig(maxIdlePerHost, idleTimeout, evictionInterval, connectTimeout, responseTimeout, preferH2, context);
    }
}
