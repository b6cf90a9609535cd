package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.http.TrailerSection;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// Content cut out of a connection's bytes by its framing (RFC 9112 §6, §7): a run of known length, chunks, or all that
/// comes before the close.
///
/// Whoever answers a request may have left a thread behind that reads its content, and `java.net` has no way to end a
/// read but by ending the connection. So `lock` is held while the connection is read, and [#reclaim] hands it over.
final class Http1Content extends Content {
    /// How the end is known.
    enum Framing { LENGTH, CHUNKED, CLOSE }

    private final ByteReader in;
    private final HeadReader heads;
    private final Framing framing;
    private final long length;
    private long remaining;              // of the run or chunk at hand
    private boolean chunkOpen;           // its CRLF is still to come
    private volatile boolean ended;
    private Fields trailers = new Fields(0, 0);
    private Runnable atEnd = () -> { };
    private final ReentrantLock lock = new ReentrantLock();
    private volatile Thread owner;       // the only one who may still read; null while the handler may

    Http1Content(ByteReader in, HeadReader heads, Framing framing, long length) {
        this.in = in;
        this.heads = heads;
        this.framing = framing;
        this.length = length;
        remaining = framing == Framing.LENGTH ? length : framing == Framing.CLOSE ? Long.MAX_VALUE : 0;
        ended = framing == Framing.LENGTH && length == 0;
    }

    @Override public long length() {
        return framing == Framing.LENGTH ? length : UNKNOWN;
    }

    @Override public Fields trailers() {
        return trailers;
    }

    /// Has `action` run when its last byte has been read.
    void atEnd(Runnable action) {
        atEnd = action;
    }

    private void end() {
        ended = true;
        atEnd.run();
    }

    /// Takes the content from whoever reads it: from now on only the calling thread can.
    /// @param limit how long a read under way is waited for; it ends with the next bytes
    /// @return false when somebody still waits for bytes: the connection must not be read, only closed
    boolean reclaim(Duration limit) {
        owner = Thread.currentThread();
        try {
            if (!lock.tryLock() && !lock.tryLock(limit.toNanos(), TimeUnit.NANOSECONDS)) return false;
            lock.unlock();
            return true;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void enter() throws IOException {
        lock.lock();
        var only = owner;
        if (only == null || only == Thread.currentThread()) return;
        lock.unlock();
        throw new IOException("the exchange is over");
    }

    /// Whether its last byte has been read, so that what follows belongs to the next message.
    boolean ended() {
        return ended;
    }

    @Override public boolean complete() {
        return ended || framing == Framing.LENGTH && in.available() >= remaining;
    }

    @Override public int available() throws IOException {
        return ended ? 0 : (int) Math.min(remaining, in.available());
    }

    @Override public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) return 0;
        enter();
        try {
            if (!more()) return -1;
            int n = in.read(target, offset, (int) Math.min(length, remaining));
            if (n < 0) return cut();
            took(n);
            return n;
        } catch (SocketTimeoutException e) {
            throw late(e);
        } finally {
            lock.unlock();
        }
    }

    @Override public long transferTo(OutputStream out) throws IOException {
        long total = 0;
        for (int n; (n = transferSome(out)) >= 0; ) total += n;
        return total;
    }

    /// Hands over what is there, or comes next.
    /// @return -1 at the end
    private int transferSome(OutputStream out) throws IOException {
        enter();
        try {
            if (!ended && mustWait() && !in.more()) out.flush();
            if (!more() || in.available() == 0 && !fill()) return -1;
            int n = (int) Math.min(in.available(), remaining);
            out.write(in.array(), in.position(), n);
            in.skip(n);
            took(n);
            return n;
        } finally {
            lock.unlock();
        }
    }

    private boolean fill() throws IOException {
        try {
            return in.fill() || cut() >= 0;
        } catch (SocketTimeoutException e) {
            throw late(e);
        }
    }

    /// Whether the next bytes of content are still to come: with chunks, when the next size line is not here.
    private boolean mustWait() {
        if (remaining > 0) return in.available() == 0;
        byte[] array = in.array();
        int end = in.position() + in.available();
        for (int at = in.position() + (chunkOpen ? 2 : 0); at < end; at++) if (array[at] == '\n') return false;
        return true;
    }

    private void took(int bytes) {
        if (framing == Framing.CLOSE) return;
        remaining -= bytes;
        if (remaining == 0 && framing == Framing.LENGTH) end();
    }

    /// The connection's end: of the content when nothing else marks it, else of a message that is not whole.
    private int cut() throws IOException {
        if (framing != Framing.CLOSE) throw new EOFException("the peer closed inside the content");
        end();
        return -1;
    }

    private StatusException late(SocketTimeoutException e) {
        return new StatusException(408, "the content did not arrive in time", e);
    }

    /// Makes sure that there is a run to read from.
    /// @return false at the end of the content
    private boolean more() throws IOException {
        if (ended) return false;
        if (remaining > 0) return true;
        try {
            return nextChunk();
        } catch (SocketTimeoutException e) {
            throw late(e);
        }
    }

    private boolean nextChunk() throws IOException {
        if (chunkOpen) {
            if (in.read() != '\r' || in.read() != '\n') throw new MalformedMessageException("a chunk that is longer than its size");
            chunkOpen = false;
        }
        remaining = ChunkLine.read(in);
        if (remaining > 0) {
            chunkOpen = true;
            return true;
        }
        trailers = TrailerSection.clean(heads.trailers());
        end();
        return false;
    }
}
