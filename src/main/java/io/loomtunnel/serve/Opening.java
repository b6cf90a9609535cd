package io.loomtunnel.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;

/// What the first bytes of a connection say, without consuming any: HTTP/2's preface (RFC 9113 §3.4) or something else. As
/// soon as a byte differs nothing more is waited for: `PUT` is told from `PRI` by its second one.
enum Opening {
    /// The peer sent nothing.
    NOTHING,
    /// Not HTTP/2's preface: a request by HTTP/1.1, or what its parser will refuse.
    HTTP_1,
    /// HTTP/2's preface, whole.
    HTTP_2;

    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);

    /// Waits for as many bytes as are needed.
    /// @param idle until the first byte
    /// @param head for the preface, from its first byte on
    /// @throws IOException the connection failed
    static Opening read(Duplex connection, ByteReader in, Duration idle, Duration head) throws IOException {
        try {
            connection.readTimeout(idle);
            if (in.available() == 0 && !in.fill()) return NOTHING;
        } catch (SocketTimeoutException _) {
            return NOTHING;
        }
        Deadline deadline = null;
        while (true) {
            int n = Math.min(in.available(), PREFACE.length);
            if (!Arrays.equals(in.array(), in.position(), in.position() + n, PREFACE, 0, n)) return HTTP_1;
            if (n == PREFACE.length) return HTTP_2;
            if (deadline == null) deadline = Deadline.after(head);
            // A preface that is cut short or drips is the HTTP/1.1 parser's to answer: with 400 or 408.
            if (deadline.passed()) return HTTP_1;
            connection.readTimeout(deadline.left());
            try {
                if (!in.fill()) return HTTP_1;
            } catch (SocketTimeoutException _) {
                return HTTP_1;
            }
        }
    }
}
