package io.loomtunnel.ingress;

import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.tunnel.TcpConnect;
import io.loomtunnel.tunnel.TunnelRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;

/// A TCP connection to the origin of a service, through a tunnel. What is written is sent on at once, while the client still dials, as
/// far as the stream's window goes; the first read waits until the client has reached the origin, and fails if it did not.
///
/// A stream that the client surely did not process is opened once more, through another tunnel, unless something was written.
/// `lock` guards which stream that is.
final class TunnelDuplex implements Duplex {
    private final TcpConnect connect;
    private final TunnelRegistry tunnels;
    private final TcpIngressConfig config;
    private final In in = new In();
    private final Out out = new Out();
    private final ReentrantLock lock = new ReentrantLock();
    private Transaction transaction;            // changed by the reader alone
    private Duplex stream;
    private boolean written;                    // or ended
    private boolean over;
    private boolean connected;                  // the reader's own

    private TunnelDuplex(TcpConnect connect, TunnelRegistry tunnels, TcpIngressConfig config) {
        this.connect = connect;
        this.tunnels = tunnels;
        this.config = config;
    }

    /// Opens a stream through a tunnel of the service; waits for one if the last has just left.
    /// @throws IOException there is none
    static TunnelDuplex open(TcpConnect connect, TunnelRegistry tunnels, TcpIngressConfig config) throws IOException {
        var duplex = new TunnelDuplex(connect, tunnels, config);
        try {
            duplex.use(duplex.send());
        } catch (NotProcessedException _) {
            duplex.use(duplex.send());          // the tunnel was just leaving
        }
        return duplex;
    }

    private Transaction send() throws IOException {
        var tunnel = config.hold().isZero() ? tunnels.find(connect.route()) : tunnels.await(connect.route(), Deadline.after(config.hold()));
        var transaction = tunnel.send(connect.head());
        transaction.content().flush();
        return transaction;
    }

    /// Whether the stream can't be another any more.
    private boolean settled() {
        lock.lock();
        try {
            return written || over;
        } finally {
            lock.unlock();
        }
    }

    /// @return false when the stream can't be another any more
    private boolean use(Transaction next) {
        lock.lock();
        try {
            if (written || over) return false;
            transaction = next;
            stream = next.duplex();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// The stream for good, since something is about to be written.
    private Duplex written() {
        lock.lock();
        try {
            written = true;
            return stream;
        } finally {
            lock.unlock();
        }
    }

    private Duplex stream() {
        lock.lock();
        try {
            return stream;
        } finally {
            lock.unlock();
        }
    }

    private Duplex connected() throws IOException {
        if (!connected) {
            try {
                awaitOrigin();
            } catch (NotProcessedException e) {
                var again = settled() ? null : send();
                if (again == null || !use(again)) {
                    if (again != null) again.cancel();
                    throw e;
                }
                awaitOrigin();
            }
            connected = true;
        }
        return stream();
    }

    private void awaitOrigin() throws IOException {
        var deadline = Deadline.after(config.connectTimeout());
        var head = transaction.response(deadline);
        while (head.interim()) head = transaction.response(deadline);
        if (head.status() >= 300) throw new StatusException(502, "the client answered " + head.status() + " for " + connect.route());
    }

    @Override public InputStream in() {
        return in;
    }

    @Override public long transferTo(OutputStream out) throws IOException {
        return connected().transferTo(out);
    }

    @Override public OutputStream out() {
        return out;
    }

    @Override public void readTimeout(Duration limit) throws IOException {
        stream().readTimeout(limit);
    }

    @Override public void finish() throws IOException {
        written().finish();
    }

    @Override public void reset() {
        lock.lock();
        try {
            over = true;
        } finally {
            lock.unlock();
        }
        stream().reset();
    }

    @Override public void close() throws IOException {
        stream().close();
    }

    private final class In extends InputStream {
        @Override public int read() throws IOException {
            return connected().in().read();
        }

        @Override public int read(byte[] target, int offset, int length) throws IOException {
            return connected().in().read(target, offset, length);
        }
    }

    private final class Out extends OutputStream {
        private OutputStream stream;            // the writer's own, from its first byte on

        @Override public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override public void write(byte[] source, int offset, int length) throws IOException {
            if (stream == null) stream = written().out();
            stream.write(source, offset, length);
        }

        @Override public void flush() throws IOException {
            if (stream != null) stream.flush();
        }
    }
}
