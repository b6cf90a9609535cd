package io.loomtunnel.pool;

import java.net.URI;
import java.util.Locale;

/// Where a private service listens, and what it speaks.
///
/// @param scheme decides the protocol
/// @param host   name or address, an IPv6 address without brackets
/// @param port   1 to 65535
public record Origin(Scheme scheme, String host, int port) {
    /// What is spoken with an origin.
    public enum Scheme {
        /// HTTP/1.1 in clear.
        HTTP(80),
        /// HTTP/2 in clear, with prior knowledge (RFC 9113 §3.3): nothing on the wire tells beforehand.
        H2C(80),
        /// TLS; ALPN decides between HTTP/2 and HTTP/1.1.
        HTTPS(443);

        private final int defaultPort;

        Scheme(int defaultPort) {
            this.defaultPort = defaultPort;
        }

        /// The port of a URL without one.
        /// @return 80 or 443
        public int defaultPort() {
            return defaultPort;
        }
    }

    /// Refuses what can't be dialled.
    public Origin {
        if (host.isEmpty()) throw new IllegalArgumentException("an origin without a host");
        if (port < 1 || port > 65_535) throw new IllegalArgumentException("port " + port);
    }

    /// The origin of an `http://`, `https://` or `h2c://` URL.
    /// @param uri scheme, host and optional port; without one 80, or 443 for https
    /// @return the origin
    /// @throws IllegalArgumentException another scheme, or no host
    public static Origin of(URI uri) {
        var scheme = switch (uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT)) {
            case "http" -> Scheme.HTTP;
            case "h2c" -> Scheme.H2C;
            case "https" -> Scheme.HTTPS;
            default -> throw new IllegalArgumentException("an origin is an http://, https:// or h2c:// URL, not " + uri);
        };
        if (uri.getHost() == null) throw new IllegalArgumentException("no host in " + uri);
        var host = uri.getHost();
        if (host.startsWith("[")) host = host.substring(1, host.length() - 1);
        return new Origin(scheme, host, uri.getPort() < 0 ? scheme.defaultPort() : uri.getPort());
    }

    /// Whether connections are encrypted.
    /// @return true for `https`
    public boolean secure() {
        return scheme == Scheme.HTTPS;
    }

    /// The scheme of the requests that it gets, which must be that of the connection: servers refuse another one. What the
    /// visitor's was stands in `Forwarded`.
    /// @return `http` or `https`
    public String requestScheme() {
        return secure() ? "https" : "http";
    }

    /// As the authority of a URL.
    /// @return host and port
    public String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
