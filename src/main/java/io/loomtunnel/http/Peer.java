package io.loomtunnel.http;

import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;

/// The far end of a connection that we accepted.
///
/// @param address     where it comes from; that of the far end of the tunnel for a stream of a tunnel
/// @param scheme      `https` when the connection is encrypted, else `http`
/// @param certificate that it presented and that was verified; null without one
public record Peer(InetSocketAddress address, String scheme, X509Certificate certificate) {
    /// A peer without a certificate.
    /// @param address where it comes from
    /// @param scheme  `https` when the connection is encrypted, else `http`
    public Peer(InetSocketAddress address, String scheme) {
        this(address, scheme, null);
    }
}
