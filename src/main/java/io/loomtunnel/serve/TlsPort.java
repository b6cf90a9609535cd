package io.loomtunnel.serve;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;

/// What is spoken on a port where TLS may be.
///
/// @param context       has the certificates, and says whose certificates of peers are good; null when there are none
/// @param protocols     by ALPN, the best first
/// @param inClear       to which peers a connection without TLS is allowed
/// @param authenticated whether a peer must present a certificate
/// @param advice        what a request in clear that is not allowed is told: one line of ASCII
/// @param onRefusal     is told who was not let in, and why; must not block
public record TlsPort(SSLContext context, List<String> protocols, Predicate<InetAddress> inClear, boolean authenticated, String advice,
                      BiConsumer<InetSocketAddress, IOException> onRefusal) {
    private static final List<String> HTTP = List.of("h2", "http/1.1");        // RFC 9113 §3.2, RFC 7301 §6

    /// A port for visitors: HTTP/2 or HTTP/1.1, and never in clear. Their failures are nobody's business.
    public static TlsPort visitors(SSLContext context) {
        return new TlsPort(context, HTTP, _ -> false, false, "This port speaks TLS: the URL begins with https://", (_, _) -> { });
    }
}
