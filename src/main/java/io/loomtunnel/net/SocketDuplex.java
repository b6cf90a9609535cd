package io.loomtunnel.net;

import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

/// A TCP connection. Nothing is held back: a write is a system call, so callers gather what belongs together.
///
/// [#close] ends both directions in order if all that the peer sent was read; if not, the kernel answers a reset, which
/// may destroy what the peer has not read yet. [#reset] always does so. Neither ever blocks, whatever other threads do.
public final class SocketDuplex implements Duplex {
    /// The most that one write may contain: the watchdog takes each for progress. At 64 KiB a visitor who reads 1 KB a
    /// second would look dead for a minute; the smaller piece costs 3 % of CPU on bulk.
    static final int PIECE = 32 * 1024;
    private static final int SLACK = 1024;      // a frame's header does not make a piece of its own

    private final Socket socket;
    private final Watchdog watchdog;
    private final WriteProgress progress = new WriteProgress();
    private final In in;
    private final Out out;
    private Duration readTimeout = Duration.ZERO;

    /// Takes over a connected socket, and closes it when that fails.
    /// @param socket   plain: TLS is layered above
    /// @param watchdog resets the connection when a write hangs
    /// @throws IOException when the connection is already gone
    public SocketDuplex(Socket socket, Watchdog watchdog) throws IOException {
        this.socket = socket;
        this.watchdog = watchdog;
        try {
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            in = new In(socket.getInputStream());
            out = new Out(socket.getOutputStream(), progress);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        watchdog.watch(this);
    }

    /// The peer's address.
    public InetSocketAddress remoteAddress() {
        return (InetSocketAddress) socket.getRemoteSocketAddress();
    }

    /// The address that the peer reached us at, or that we dialled from.
    public InetSocketAddress localAddress() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    @Override public InputStream in() {
        return in;
    }

    @Override public OutputStream out() {
        return out;
    }

    /// {@inheritDoc}
    /// Costs nothing when the limit is the one that holds already.
    @Override public void readTimeout(Duration limit) throws IOException {
        if (limit.equals(readTimeout)) return;
        socket.setSoTimeout(millis(limit));
        readTimeout = limit;
    }

    @Override public void finish() throws IOException {
        if (!socket.isOutputShutdown()) socket.shutdownOutput();
    }

    @Override public void reset() {
        try {
            socket.setSoLinger(true, 0);        // close then discards what is unsent and answers RST
        } catch (IOException _) {
            // closed, or gone: nothing is left to be discarded
        }
        close();
    }

    /// Ends both directions; a thread that reads or writes fails. Does nothing the second time.
    @Override public void close() {
        watchdog.forget(this);
        try {
            socket.close();
        } catch (IOException _) {
            // the descriptor is given back all the same
        }
    }

    @Override public String toString() {
        return remoteAddress() + " at " + localAddress();
    }

    /// What the watchdog looks at.
    WriteProgress progress() {
        return progress;
    }

    /// The socket's unit, rounded up: a time-out that is not zero must not become the zero that waits for ever.
    static int millis(Duration limit) {
        return (int) Math.min(Integer.MAX_VALUE, limit.plusNanos(999_999).toMillis());
    }

    /// The socket's own stream would close the connection with itself.
    private static final class In extends InputStream {
        private final InputStream socket;

        In(InputStream socket) {
            this.socket = socket;
        }

        @Override public int read() throws IOException {
            return socket.read();
        }

        @Override public int read(byte[] target, int offset, int length) throws IOException {
            return socket.read(target, offset, length);
        }

        @Override public int available() throws IOException {
            return socket.available();
        }
    }

    /// Writes in pieces, and says when each begins and ends.
    private static final class Out extends OutputStream {
        private final OutputStream socket;
        private final WriteProgress progress;

        Out(OutputStream socket, WriteProgress progress) {
            this.socket = socket;
            this.progress = progress;
        }

        @Override public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override public void write(byte[] source, int offset, int length) throws IOException {
            for (int at = offset, end = offset + length; at < end; ) {
                int n = end - at <= PIECE + SLACK ? end - at : PIECE;
                progress.begin();
                try {
                    socket.write(source, at, n);
                } finally {
                    progress.end();
                }
                at += n;
            }
        }
    }
}
