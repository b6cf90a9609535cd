package io.loomtunnel.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/// A two-way byte stream with half-close: a socket, a TLS socket, a tunnel stream, an upgraded HTTP
/// connection. One thread may read while another writes; nobody may do either from two threads.
public interface Duplex extends Closeable {
    /// The bytes that the peer sends. Closing this stream does nothing to the connection.
    /// @return always the same stream
    InputStream in();

    /// The bytes for the peer. A write may be held back until [OutputStream#flush].
    /// @return always the same stream
    OutputStream out();

    /// Passes on all that the peer sends until it ends its direction, each piece as soon as it is here.
    /// @param out is flushed whenever more would have to be waited for; not ended
    /// @return how many bytes there were
    /// @throws IOException either connection failed
    default long transferTo(OutputStream out) throws IOException {
        return Pump.copy(in(), out);
    }

    /// Bounds each later read.
    /// @param limit after which a read fails with `SocketTimeoutException`; [Duration#ZERO] waits for ever
    /// @throws IOException when the connection is closed
    void readTimeout(Duration limit) throws IOException;

    /// Flushes, then ends our direction: the peer reads end-of-stream and may go on sending.
    /// @throws IOException when what was held back could not be sent
    void finish() throws IOException;

    /// Abandons both directions at once: a reader or a writer blocked on either side fails. Never blocks.
    void reset();
}
