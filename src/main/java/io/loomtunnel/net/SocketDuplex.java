package io.loomtunnel.net;

import static java.lang.System.Logger.Level.DEBUG;

import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// A TCP connection. Nothing is held back: a write is a system call, so callers gather what belongs together.
///
/// [#close] ends both directions in order if all that the peer sent was read; if not, the kernel answers a reset, which
/// may destroy what the peer has not read yet. [#reset] always does so. Neither ever blocks, whatever other threads do.
public final class SocketDuplex implements Duplex {
    private static final System.Logger LOG = System.getLogger(SocketDuplex.class.getName());
    /// The most that one write may contain: the watchdog takes each for progress. At 64 KiB a visitor who reads 1 KB a
    /// second would look dead for a minute; the smaller piece costs 3 % of CPU on bulk.
    static final int PIECE = 32 * 1024;
    private static final Duration REPORT = Duration.ofMillis(20);       // from a failed system call to its exception
    private static final int SLACK = 1024;      // a frame's header does not make a piece of its own

    private final Socket socket;
    private final Watchdog watchdog;
    private final Progress reading = new Progress();
    private final Progress writing = new Progress();
    private final In in;
    private final Out out;
    private Duration readTimeout = Duration.ZERO;       // the reader's own
    private boolean timed;                              // the reader's own: the socket bounds reads, not the watchdog
    private Deadline layerRead;                         // the reader's own: of the layer's read that is under way, or null
    private volatile int readPatience;                  // sweeps that may find the same read; 0 for ever
    private volatile boolean timedOut;                  // the watchdog ended the input
    private volatile boolean patient;                   // a write may wait for ever
    private volatile boolean resetSeen;                 // a write was told that the peer has reset the connection
    private volatile Thread atTheEnd;                   // a reader that wants to know how the write under way ends
    private volatile int idlePatience;                  // sweeps that may find no byte moved; 0 for ever
    private int idleSweeps;                             // the sweep's own, as is the next one
    private int idleBeats;

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
            out = new Out(socket.getOutputStream());
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
    /// One of five seconds or more is kept by the watchdog, at no cost to a read and up to a second late; the input has
    /// then ended for good, and what can still be done is to answer and to close. A shorter one is the socket's: exact, at
    /// some microseconds a read, and the next read may succeed.
    @Override public void readTimeout(Duration limit) throws IOException {
        if (limit.equals(readTimeout)) return;
        boolean coarse = limit.isZero() || watchdog.coarse(limit);
        if (timed || !coarse) socket.setSoTimeout(coarse ? 0 : millis(limit));
        timed = !coarse;
        readPatience = timed || limit.isZero() ? 0 : watchdog.sweeps(limit);
        readTimeout = limit;
    }

    /// Closes the connection once no byte has moved either way for so long: kept by the watchdog, up to a second late.
    /// @param limit counted from the last byte; [Duration#ZERO] for ever
    public void idleTimeout(Duration limit) {
        idlePatience = limit.isZero() ? 0 : watchdog.sweeps(limit);
    }

    /// Lets each write wait for its peer for ever: who pauses a raw connection may go on later (RFC 9293 §3.8.6.1). A peer that is gone is
    /// found out by the kernel, whose probes it does not answer.
    public void waitForPeer() {
        patient = true;
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

    Watchdog watchdog() {
        return watchdog;
    }

    /// A read of the layer above begins, which may take several of ours: the time-out bounds them together, or a record
    /// that drips would never be late.
    void beginLayerRead() {
        layerRead = timed ? Deadline.after(readTimeout) : Deadline.NEVER;
        reading.begin();
    }

    /// It is over.
    void endLayerRead() {
        reading.end();
        layerRead = null;
        if (timed) boundRead(readTimeout);
    }

    private void boundRead(Duration limit) {
        try {
            socket.setSoTimeout(millis(limit));
        } catch (SocketException _) {
            // closed: the next read says so
        }
    }

    /// Ends a read that waits for too long: the reader finds the end of the input, and reports the time-out.
    void checkRead() {
        int stuck = reading.sweep();
        int patience = readPatience;
        if (patience == 0 || stuck < patience) return;
        timedOut = true;
        try {
            socket.shutdownInput();
        } catch (IOException _) {
            // closed: the reader has failed already
        }
    }

    /// Ends a connection whose peer takes nothing.
    /// @param patience sweeps in a row that may find the same write
    void checkWrite(int patience) {
        if (writing.sweep() < patience || patient) return;
        LOG.log(DEBUG, () -> "reset " + this + ": its peer takes nothing");
        reset();
    }

    /// Ends a connection on which nothing moves.
    void checkIdle() {
        int patience = idlePatience;
        int now = reading.beats() + writing.beats();
        idleSweeps = patience > 0 && now == idleBeats ? idleSweeps + 1 : 0;
        idleBeats = now;
        if (patience > 0 && idleSweeps >= patience) close();
    }

    /// Whether the end that a read has found is a reset. The kernel reports one once: if it was to a write of another thread, the read
    /// finds what looks like an end. A write that is under way just now is waited for, but not for long: it may as well
    /// belong to a peer who has ended his direction and does not read ours.
    private boolean resetInstead() {
        if (writing.active()) {
            var deadline = Deadline.after(REPORT);
            atTheEnd = Thread.currentThread();
            while (writing.active() && !deadline.passed()) LockSupport.parkNanos(this, deadline.left().toNanos());
            atTheEnd = null;
        }
        return resetSeen;
    }

    /// The socket's unit, rounded up: a time-out that is not zero must not become the zero that waits for ever.
    static int millis(Duration limit) {
        return (int) Math.min(Integer.MAX_VALUE, limit.plusNanos(999_999).toMillis());
    }

    /// Says when each read begins and ends. The socket's own stream would close the connection with itself.
    private final class In extends InputStream {
        private final InputStream source;

        In(InputStream source) {
            this.source = source;
        }

        @Override public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override public int read(byte[] target, int offset, int length) throws IOException {
            if (layerRead != null) return readForLayer(target, offset, length);
            reading.begin();
            try {
                return received(source.read(target, offset, length));
            } finally {
                reading.end();
            }
        }

        private int readForLayer(byte[] target, int offset, int length) throws IOException {
            if (timed) {
                if (layerRead.passed()) throw late();
                boundRead(layerRead.left());
            }
            return received(source.read(target, offset, length));
        }

        private int received(int n) throws IOException {
            if (n < 0 && timedOut) throw late();
            if (n < 0 && resetInstead()) throw new SocketException("Connection reset");
            return n;
        }

        private SocketTimeoutException late() {
            return new SocketTimeoutException("nothing received within " + readTimeout);
        }

        @Override public int available() throws IOException {
            return source.available();
        }
    }

    /// Writes in pieces, and says when each begins and ends.
    private final class Out extends OutputStream {
        private final OutputStream sink;

        Out(OutputStream sink) {
            this.sink = sink;
        }

        @Override public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override public void write(byte[] source, int offset, int length) throws IOException {
            for (int at = offset, end = offset + length; at < end; ) {
                int n = end - at <= PIECE + SLACK ? end - at : PIECE;
                writing.begin();
                try {
                    sink.write(source, at, n);
                } catch (IOException e) {
                    // Behind the peer's end it would be a broken pipe: what the peer has sent was whole then.
                    resetSeen = String.valueOf(e.getMessage()).contains("reset");
                    throw e;
                } finally {
                    writing.end();
                    var reader = atTheEnd;
                    if (reader != null) LockSupport.unpark(reader);
                }
                at += n;
            }
        }
    }
}
