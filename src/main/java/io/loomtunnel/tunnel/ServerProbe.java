package io.loomtunnel.tunnel;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import javax.net.ssl.SSLContext;

/// Looks at the way to a server one layer after the other, each by a connection of its own, and attaches nothing: for finding out what
/// is wrong with it.
public final class ServerProbe {
    private final TunnelDialer dialer;

    /// A probe of the way that a dialer takes.
    /// @param dialer knows the server, the proxy, and how it is encrypted
    public ServerProbe(TunnelDialer dialer) {
        this.dialer = dialer;
    }

    /// What the server presented in the handshake of TLS.
    ///
    /// @param version     of TLS, as JSSE calls it
    /// @param certificate its own
    public record Tls(String version, X509Certificate certificate) {}

    /// What the server says to somebody who asks at the tunnels' place without wanting one.
    ///
    /// @param status of its answer; 426 from a server for tunnels
    /// @param ptth   whether it offers tunnels
    /// @param date   of its clock, in whole seconds; null when it does not say
    public record Greeting(int status, boolean ptth, Instant date) {}

    /// Connects, through the proxy if there is one, and hangs up.
    /// @throws IOException the server cannot be reached; the message says why
    public void connect() throws IOException {
        dialer.connect(dialer.connectLimit()).close();
    }

    /// Goes as far as the end of TLS's handshake.
    /// @param trust whom to trust, instead of those that the dialer trusts; null for these
    /// @return what the server presented
    /// @throws IOException it cannot be reached, or the handshake failed
    public Tls tls(SSLContext trust) throws IOException {
        var socket = dialer.connect(dialer.connectLimit());
        try (var tls = dialer.encrypted(socket, trust, Deadline.after(dialer.handshakeLimit()))) {
            return new Tls(tls.version(), tls.peerCertificate());
        }
    }

    /// Asks for a tunnel without an Upgrade.
    /// @return the answer, which is no tunnel
    /// @throws IOException there was none
    public Greeting greeting() throws IOException {
        var deadline = Deadline.after(dialer.handshakeLimit());
        var socket = dialer.connect(dialer.connectLimit());
        try (var limit = Watchdog.PROCESS.limit(deadline.left(), socket::reset)) {
            var link = dialer.secured(socket, deadline);
            try (var http1 = new Http1Client(link, new ByteReader(link.in(), MemoryBudget.PROCESS), Http1Config.ORIGIN)) {
                var transaction = http1.send(new RequestHead("GET", "http", dialer.server(), WellKnownTarget.of(List.of()), new Fields()));
                transaction.content().end();
                var head = transaction.response(deadline);
                while (head.interim()) head = transaction.response(deadline);
                return new Greeting(head.status(), head.fields().lists("upgrade", PtthRequest.PROTOCOL), date(head.fields().first("date")));
            } catch (IOException e) {
                if (limit.passed()) throw new SocketTimeoutException(dialer.server() + " did not answer in time");
                throw e;
            }
        }
    }

    private static Instant date(String text) {
        try {
            return text == null ? null : ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        } catch (DateTimeException _) {
            return null;
        }
    }
}
