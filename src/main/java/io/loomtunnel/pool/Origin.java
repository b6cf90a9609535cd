package io.loomtunnel.pool;

import java.net.URI;

/// Where a private service listens.
///
/// @param host name or address, an IPv6 address without brackets
/// @param port 1 to 65535
public record Origin(String host, int port) {
    /// Refuses what can't be dialled.
    public Origin {
        if (host.isEmpty()) throw new IllegalArgumentException("an origin without a host");
        if (port < 1 || port > 65_535) throw new IllegalArgumentException("port " + port);
    }

    /// The origin of an `http://` URL.
    /// @param uri scheme, host and optional port; without one 80
    /// @return the origin
    /// @throws IllegalArgumentException another scheme, or no host
    public static Origin of(URI uri) {
        if (!"http".equalsIgnoreCase(uri.getScheme())) throw new IllegalArgumentException("an origin is an http:// URL, not " + uri);
        if (uri.getHost() == null) throw new IllegalArgumentException("no host in " + uri);
        var host = uri.getHost();
        if (host.startsWith("[")) host = host.substring(1, host.length() - 1);
        return new Origin(host, uri.getPort() < 0 ? 80 : uri.getPort());
    }

    /// As the authority of a URL.
    /// @return host and port
    public String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
