package io.loomtunnel.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Linger;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.TlsDuplex;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.time.Duration;

/// The first byte on a port with certificates: TLS begins with [#HANDSHAKE], no request does. One letter is enough to know a request
/// in clear, whose sender is told what to do where it is not allowed, instead of seeing a handshake fail.
final class TlsOpening {
    private static final int HANDSHAKE = 0x16;                      // the content type, RFC 8446 §5.1

    private TlsOpening() {}

    /// Waits for the handshake's end.
    /// @param in    reads the connection; what it holds afterwards is the request in clear
    /// @param limit for the first byte, and again for the handshake
    /// @param begun runs when the first byte has come
    /// @return a [TlsDuplex], or `connection` itself where it may speak in clear; null when nothing was sent
    /// @throws ProtocolException it came in clear and may not, or by TLS to a port without a certificate
    /// @throws IOException the handshake failed
    static Duplex read(SocketDuplex connection, ByteReader in, TlsPort port, Duration limit, Runnable begun) throws IOException {
        connection.readTimeout(limit);
        try {
            if (!in.fill()) return null;
        } catch (SocketTimeoutException _) {
            return null;
        }
        begun.run();
        int first = in.array()[in.position()];
        if (first != HANDSHAKE && port.inClear().test(connection.remoteAddress().getAddress())) return connection;
        if (first >= 'A' && first <= 'Z') {
            connection.out().write(answer(port.advice() + "\n"));
            Linger.end(connection, in);
            throw new ProtocolException("it came in clear");
        }
        if (port.context() == null) throw new ProtocolException("it came by TLS, and there is no certificate here");
        connection.readTimeout(Duration.ZERO);      // of the TLS connection, whose handshake is bounded as a whole
        return TlsDuplex.accept(connection, in, port.context(), port.authenticated(), limit, port.protocols().toArray(String[]::new));
    }

    private static byte[] answer(String text) {
        return ("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: " + text.length()
                + "\r\nConnection: close\r\n\r\n" + text).getBytes(US_ASCII);
    }
}
