package io.loomtunnel.http;

import java.net.InetSocketAddress;

/// The far end of a connection that we accepted.
///
/// @param address where it comes from; that of the far end of the tunnel for a stream of a tunnel
/// @param scheme  `https` when the connection is encrypted, else `http`
public record Peer(InetSocketAddress address, String scheme) {}
