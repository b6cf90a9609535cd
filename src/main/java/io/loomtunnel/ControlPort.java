package io.loomtunnel;

import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Peer;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.serve.HttpServing;
import io.loomtunnel.serve.ServeConfig;
import io.loomtunnel.serve.Taker;
import io.loomtunnel.serve.TlsPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;

/// Where clients attach: by TLS when there is a certificate, and in clear where that is allowed; the first byte tells them apart.
final class ControlPort {
    /// A connection brings one request, at once.
    private static final Duration FIRST_BYTE = Duration.ofSeconds(10);
    private static final List<String> HTTP_1 = List.of("http/1.1");       // the Upgrade's: there is none in HTTP/2
    private static final List<String> BOTH = List.of("http/1.1", "h2");   // the latter is HAProxy's

    private final HttpServing serving;
    private final TlsPort tls;                          // null when there is no certificate

    private ControlPort(HttpServing serving, TlsPort tls) {
        this.serving = serving;
        this.tls = tls;
    }

    /// How clients are to attach.
    ///
    /// @param tls           has the certificate; null without one
    /// @param plaintext     whether clients of other machines may attach in clear
    /// @param authenticated whether every client must present a certificate
    record Security(SSLContext tls, boolean plaintext, boolean authenticated) {
        private TlsPort port(boolean reversed) {
            if (tls == null) return null;
            Predicate<InetAddress> inClear = plaintext ? _ -> true : authenticated ? _ -> false : InetAddress::isLoopbackAddress;
            return new TlsPort(tls, reversed ? BOTH : HTTP_1, inClear, authenticated, "This port speaks TLS: the client's --server begins with https://");
        }
    }

    /// Opens the port.
    /// @param handler answers the handshakes of tunnels
    /// @param taker   gets those who attach by reverse HTTP; null when nobody may
    /// @throws IOException it cannot be opened
    static Listener open(InetSocketAddress address, Security security, ExchangeHandler handler, Taker taker) throws IOException {
        var usual = ServeConfig.DEFAULTS;
        var limits = usual.withTimeouts(usual.headTimeout(), usual.contentTimeout(), FIRST_BYTE);
        var port = new ControlPort(new HttpServing(limits, handler, taker), security.port(taker != null));
        return Listener.start(address, ListenerConfig.DEFAULTS.withName("control"), port::serve);
    }

    private void serve(SocketDuplex connection) throws IOException {
        if (tls == null) serving.serve(connection, new Peer(connection.remoteAddress(), "http"));
        else serving.serve(connection, tls, connection.remoteAddress());
    }
}
