package io.loomtunnel;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.net.TlsFault;
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
    private static final System.Logger LOG = System.getLogger(ControlPort.class.getName());
    /// A connection brings one request, at once.
    private static final Duration FIRST_BYTE = Duration.ofSeconds(10);
    private static final List<String> HTTP_1 = List.of("http/1.1");       // the Upgrade's: there is none in HTTP/2
    private static final List<String> BOTH = List.of("http/1.1", "h2");   // the latter is HAProxy's
    private static final String ADVICE = "This port speaks TLS: the client's --server begins with https://";

    private ControlPort() {}

    /// How clients are to attach.
    ///
    /// @param tls           has the certificate; null without one
    /// @param plaintext     whether clients of other machines may attach in clear
    /// @param authenticated whether every client must present a certificate
    record Security(SSLContext tls, boolean plaintext, boolean authenticated) {
        private Predicate<InetAddress> inClear() {
            if (plaintext || tls == null) return _ -> true;
            return authenticated ? _ -> false : InetAddress::isLoopbackAddress;
        }
    }

    /// Opens the port.
    /// @param handler answers the handshakes of tunnels
    /// @param taker   gets those who attach by reverse HTTP; null when nobody may
    /// @throws IOException it cannot be opened
    static Listener open(InetSocketAddress address, Security security, ExchangeHandler handler, Taker taker) throws IOException {
        var usual = ServeConfig.DEFAULTS;
        var serving = new HttpServing(usual.withTimeouts(usual.headTimeout(), usual.contentTimeout(), FIRST_BYTE), handler, taker);
        var seldom = new Seldom(System::nanoTime);
        var port = new TlsPort(security.tls, taker == null ? HTTP_1 : BOTH, security.inClear(), security.authenticated, ADVICE,
                (client, failure) -> LOG.log(seldom.again() ? WARNING : DEBUG, () -> "refused " + client + ": " + reason(failure)));
        return Listener.start(address, ListenerConfig.DEFAULTS.withName("control"),
                connection -> serving.serve(connection, port, connection.remoteAddress()));
    }

    private static String reason(IOException failure) {
        var fault = TlsFault.of(failure);
        return switch (fault.kind()) {
            case LATE -> "it did not complete the TLS handshake in time";
            case EXPIRED -> "its certificate has expired";
            case NOT_YET_VALID -> "its certificate is not valid yet";
            case UNTRUSTED -> "its certificate is of nobody who is trusted here";
            case NO_CERTIFICATE -> "it has no certificate";
            case OTHER_NAME, CERTIFICATE -> "its certificate is no good: " + fault.detail();
            case ALERT -> fault.detail().contains("certificate") || fault.detail().equals("unknown ca")
                    ? "it does not trust the certificate of this server: " + fault.detail() : "it ended the TLS handshake: " + fault.detail();
            case CUT -> "it left inside the TLS handshake";
            case PROTOCOL -> fault.detail();
        };
    }
}
