package io.loomtunnel.tunnel;

import java.time.Duration;
import java.util.Objects;
import javax.net.ssl.SSLContext;

/// How a client dials its server, and when it doubts it.
///
/// @param connect    limit for the TCP connection, resolving the name included
/// @param handshake  limit from the first packet to the server's SETTINGS, whole
/// @param heartbeat  when the server is suspect, and when it is dead
/// @param proxies    which proxy is on the way; the limit for connecting then counts for all of it
/// @param tls        says whom we trust, and has our own certificate if there is one; null for a connection in clear
/// @param serverName that the server's certificate must be for; empty for the host that is dialled
/// @param attach     how the server is asked for a tunnel
public record DialConfig(Duration connect, Duration handshake, HeartbeatConfig heartbeat, ProxyChoice proxies, SSLContext tls, String serverName,
                         Attach attach) {
    /// 5 s, 10 s, no proxy, in clear.
    public static final DialConfig DEFAULTS =
            new DialConfig(Duration.ofSeconds(5), Duration.ofSeconds(10), HeartbeatConfig.DEFAULTS, ProxyChoice.DIRECT, null, "", Attach.PTTH);

    /// Refuses limits that let nobody through.
    public DialConfig {
        if (!connect.isPositive()) throw new IllegalArgumentException("connect " + connect);
        if (!handshake.isPositive()) throw new IllegalArgumentException("handshake " + handshake);
        Objects.requireNonNull(serverName);
    }

    /// The same with another limit for connecting.
    /// @param limit for the TCP connection
    /// @return a new configuration
    public DialConfig withConnect(Duration limit) {
        return new DialConfig(limit, handshake, heartbeat, proxies, tls, serverName, attach);
    }

    /// The same with another limit for the handshake.
    /// @param limit whole
    /// @return a new configuration
    public DialConfig withHandshake(Duration limit) {
        return new DialConfig(connect, limit, heartbeat, proxies, tls, serverName, attach);
    }

    /// The same with another heartbeat.
    /// @param times when the server is suspect, and when it is dead
    /// @return a new configuration
    public DialConfig withHeartbeat(HeartbeatConfig times) {
        return new DialConfig(connect, handshake, times, proxies, tls, serverName, attach);
    }

    /// The same through other proxies.
    /// @param choice which proxy for which server
    /// @return a new configuration
    public DialConfig withProxies(ProxyChoice choice) {
        return new DialConfig(connect, handshake, heartbeat, choice, tls, serverName, attach);
    }

    /// The same by TLS, or in clear.
    /// @param context says whom we trust, and has our own certificate if there is one; null for a connection in clear
    /// @return a new configuration
    public DialConfig withTls(SSLContext context) {
        return new DialConfig(connect, handshake, heartbeat, proxies, context, serverName, attach);
    }

    /// The same for a server whose certificate is for another name than the one that is dialled.
    /// @param name a host name, which the server is also asked for (RFC 6066 §3); empty for the host that is dialled
    /// @return a new configuration
    public DialConfig withServerName(String name) {
        return new DialConfig(connect, handshake, heartbeat, proxies, tls, name, attach);
    }

    /// The same for another kind of server.
    /// @param way how it is asked for a tunnel
    /// @return a new configuration
    public DialConfig withAttach(Attach way) {
        return new DialConfig(connect, handshake, heartbeat, proxies, tls, serverName, way);
    }
}
