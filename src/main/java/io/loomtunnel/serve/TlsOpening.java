package io.loomtunnel.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.TlsDuplex;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/// The first bytes on a port where TLS is spoken. One letter is enough to know a request in clear, whose sender is
/// told what to do instead of seeing a handshake fail.
final class TlsOpening {
    private static final String[] ALPN = {"h2", "http/1.1"};        // RFC 9113 §3.2, RFC 7301 §6
    private static final Duration LINGER = Duration.ofSeconds(2);
    private static final int LINGER_BYTES = 64 * 1024;
    private static final byte[] IN_CLEAR = answer("This port speaks TLS: the URL begins with https://\n");

    private TlsOpening() {}

    /// Waits for the handshake's end.
    /// @param limit for the first byte, and again for the handshake
    /// @param begun runs when the first byte has come
    /// @return null when there is nothing to be served: nothing was sent, or not TLS
    /// @throws IOException the handshake failed
    static TlsDuplex read(SocketDuplex connection, SSLContext context, Duration limit, Runnable begun)
            throws IOException {
        var in = new ByteReader(connection.in(), MemoryBudget.PROCESS);
        connection.readTimeout(limit);
        try {
            if (!in.fill()) return null;
        } catch (SocketTimeoutException _) {
            return null;
        }
        begun.run();
        int first = in.array()[in.position()];
        if (first >= 'A' && first <= 'Z') {
            try {
                refuse(connection, in);
            } finally {
                in.release();
            }
            return null;
        }
        connection.readTimeout(Duration.ZERO);      // of the TLS connection, whose handshake is bounded as a whole
        return TlsDuplex.accept(connection, in, context, limit, ALPN);
    }

    /// Closing with unread bytes would destroy the answer.
    private static void refuse(SocketDuplex connection, ByteReader in) throws IOException {
        connection.out().write(IN_CLEAR);
        connection.finish();
        var deadline = Deadline.after(LINGER);
        for (int left = LINGER_BYTES; left > 0 && !deadline.passed(); ) {
            left -= in.available();
            in.skip(in.available());
            connection.readTimeout(deadline.left());
            if (!in.fill()) return;
        }
    }

    private static byte[] answer(String text) {
        return ("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: " + text.length()
                + "\r\nConnection: close\r\n\r\n" + text).getBytes(US_ASCII);
    }
}
