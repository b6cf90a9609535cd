package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.hpack.Encoder;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Everything that one connection sends. `lock` guards the queues, the windows, the HPACK encoder, the ids and the peer's
/// settings, here and in each [StreamSink]; it is never held over I/O.
///
/// Frames are put into the wire buffer under the lock, and a stream gets its id and has its field block encoded at that very
/// moment: wire order, id order and HPACK order are one order. Whoever has put something in and finds nobody
/// `flushing` writes, the lock released meanwhile, until its own frame is out and [#TURN] bytes more; what is left then is the
/// parked writer thread's. While the buffer is full, streams wait in `ready` with one frame each and are
/// taken in turn; control frames never wait there, so they go first.
final class Outbound {
    /// Streams wait once so much is in the wire buffer: more would only delay those who come later.
    private static final int WIRE_LIMIT = 64 * 1024;
    /// What a thread writes for others after its own frame.
    private static final int TURN = 256 * 1024;
    /// Wire buffers above this are given up when the connection falls idle.
    private static final int IDLE_BUFFER = 1024;
    private static final int BUSY_BUFFER = WIRE_LIMIT * 2;
    /// Answers (ACKs, resets) that may wait while the peer reads nothing.
    private static final int MAX_REPLIES = 1_000;

    final ReentrantLock lock = new ReentrantLock();
    final Settings peer = new Settings();
    private final Condition work = lock.newCondition();       // the writer thread has something to do
    private final OutputStream out;
    private final Duration patience;                          // with a peer that opens no window
    private final Encoder encoder = new Encoder(4_096);
    private final ArrayDeque<StreamSink> ready = new ArrayDeque<>();
    private final ArrayDeque<Http2Stream> credits = new ArrayDeque<>();
    private ByteWriter wire = new ByteWriter(IDLE_BUFFER);
    private ByteWriter spare = new ByteWriter(IDLE_BUFFER);
    private long window = Settings.DEFAULT_WINDOW;
    private int replies;
    private boolean flushing;
    private boolean finishing;
    private IOException failure;
    private volatile long queued;
    private volatile long content;                            // bytes of DATA that were sent
    private long contentSeen;                                 // the reader's: when it last asked

    /// @param patience how long a stream may wait for window; zero for ever
    Outbound(OutputStream out, Duration patience) {
        this.out = out;
        this.patience = patience;
    }

    // ---- the streams' side -------------------------------------------------------------------------------------

    /// Sends what the sink has pending, and returns when the caller's array may be used again. Small frames of others that
    /// gather meanwhile go out with it.
    /// @throws IOException the stream was reset, or the connection is over
    void submit(StreamSink sink, byte[] data, int offset, int length, Fields ending) throws IOException {
        lock.lock();
        try {
            check(sink);
            sink.offer(data, offset, length, ending);
            if (ready.isEmpty() && wire.size() < WIRE_LIMIT) emit(sink);
            else enqueue(sink);
            if (!flushing) flush(sink);
            if (sink.waiting()) await(sink);
            check(sink);
            sink.letGo();
        } finally {
            lock.unlock();
        }
    }

    private void await(StreamSink sink) throws IOException {
        try (var _ = patience.isZero() ? null : new Stall(sink)) {
            while (sink.waiting()) {
                check(sink);
                sink.sent().awaitUninterruptibly();
                // The window opened and nobody is writing: then it is our turn to, rather than the writer thread's.
                if (!flushing && (!ready.isEmpty() || !wire.isEmpty())) flush(sink);
            }
        }
    }

    /// Ends a stream whose peer gives it no window, or windows so small that it could as well give none.
    private final class Stall implements AutoCloseable {
        private static final int PROGRESS = 1024;       // bytes within the time: what a socket's watchdog asks for is the same

        private final StreamSink sink;
        private Watchdog.Limit limit;                   // `lock` guards it, as the next two
        private int before;
        private boolean over;

        Stall(StreamSink sink) {
            this.sink = sink;
            look();
        }

        private void look() {
            before = sink.length();
            limit = Watchdog.PROCESS.limit(patience, this::check);
        }

        private void check() {
            lock.lock();
            try {
                if (over) return;
                // A stream that only waits for its turn is the socket's matter.
                if (sink.queued || before - sink.length() >= PROGRESS) {
                    look();
                    return;
                }
            } finally {
                lock.unlock();
            }
            var stream = sink.stream();
            stream.abort(ErrorCode.CANCEL, new StreamException(stream.id(), ErrorCode.CANCEL, "the peer opened no window in time"));
        }

        @Override public void close() {
            over = true;
            limit.close();
        }
    }

    private void check(StreamSink sink) throws IOException {
        if (failure != null && !sink.stream().begun()) sink.stream().refused(new NotProcessedException("the connection is over"));
        sink.check();
        if (failure != null) throw new IOException(failure.getMessage(), failure);
    }

    private void enqueue(StreamSink sink) {
        if (sink.queued) return;
        sink.queued = true;
        ready.add(sink);
    }

    /// Puts into the wire buffer what may go of a sink's pending frame: the head, one DATA frame, and the end. What the
    /// windows or the turn do not allow stays pending.
    private void emit(StreamSink sink) {
        var stream = sink.stream();
        if (sink.headPending()) {
            if (!stream.begin()) return;
            int start = wire.skip(Frame.HEADER_BYTES);
            encoder.begin(wire);
            stream.encodeHead(encoder, wire);
            sink.headSent();
            FrameWriter.headers(wire, start, stream.id(), sink.takeEnd() ? Frame.END_STREAM : 0, peer.maxFrameSize);
        }
        int n = (int) Math.min(Math.min(sink.length(), peer.maxFrameSize), Math.min(sink.window, window));
        if (n > 0) {
            window -= n;
            sink.window -= n;
            int at = sink.advance(n);
            FrameWriter.header(wire, n, Frame.DATA, sink.takeEnd() ? Frame.END_STREAM : 0, stream.id());
            wire.put(sink.data(), at, n);
            content += n;
        }
        if (sink.endPending()) {
            if (sink.trailers().isEmpty()) {
                FrameWriter.header(wire, 0, Frame.DATA, Frame.END_STREAM, stream.id());
            } else {
                int start = wire.skip(Frame.HEADER_BYTES);
                encoder.begin(wire);
                encoder.fields(wire, sink.trailers());
                FrameWriter.headers(wire, start, stream.id(), Frame.END_STREAM, peer.maxFrameSize);
            }
            sink.endSent();
        }
        if (sink.waiting()) {
            if (n > 0 && sink.window > 0 && window > 0) enqueue(sink);      // its next turn; else a WINDOW_UPDATE brings it back
        } else {
            sink.signal();
        }
    }

    /// Gathers credit and waiting streams into the wire buffer, as far as it has room.
    private void gather() {
        for (Http2Stream stream; (stream = credits.poll()) != null; ) {
            FrameWriter.windowUpdate(wire, stream.id(), stream.takeCredit());
        }
        while (wire.size() < WIRE_LIMIT) {
            var sink = ready.poll();
            if (sink == null) return;
            sink.queued = false;
            emit(sink);
        }
    }

    /// Writes until nothing is left, or until `own` is out and a turn for others is over. The lock is held on entry
    /// and on return, and released while bytes are written.
    private void flush(StreamSink own) throws IOException {
        flushing = true;
        try {
            for (int others = 0; others < TURN; ) {
                gather();
                if (wire.isEmpty()) break;
                var full = wire;
                wire = spare;
                spare = full;
                replies = 0;
                queued = full.size();
                lock.unlock();
                try {
                    full.writeTo(out);
                    out.flush();
                } finally {
                    lock.lock();
                }
                if (own != null && !own.waiting()) others += full.size();
                full.reset(BUSY_BUFFER);
            }
        } catch (IOException e) {
            fail(e);
            throw e;
        } finally {
            flushing = false;
            queued = wire.size();
            if (!wire.isEmpty() || !ready.isEmpty() || !credits.isEmpty() || finishing) work.signal();
        }
    }

    /// Whether content was sent since the last call.
    boolean contentSent() {
        long before = contentSeen;
        contentSeen = content;
        return contentSeen != before;
    }

    /// Bytes of content that were sent so far.
    long content() {
        return content;
    }

    /// Bytes that wait to be written: what a new stream would stand behind.
    long queuedBytes() {
        return queued;
    }

    // ---- control frames: queued by the reader and by consumers, written by whoever flushes next ----------------

    /// Gives a stream's peer more window; merged with what it was given and has not been sent yet.
    void credit(Http2Stream stream, int increment) {
        lock.lock();
        try {
            if (!stream.begun() || stream.sink().reset()) return;
            if (stream.addCredit(increment)) credits.add(stream);
            wake();
        } finally {
            lock.unlock();
        }
    }

    void creditConnection(int increment) {
        lock.lock();
        try {
            FrameWriter.windowUpdate(wire, 0, increment);
            wake();
        } finally {
            lock.unlock();
        }
    }

    /// Resets a stream: what it has pending is dropped, and its writer fails. A stream that never began needs no frame.
    /// @return false when it was over or reset before
    boolean reset(Http2Stream stream, ErrorCode code, IOException why) throws ConnectionException {
        lock.lock();
        try {
            if (!stream.sink().fail(why)) return false;
            if (!stream.begun() || failure != null) return true;
            if (stream.takeCredit() > 0) credits.remove(stream);
            FrameWriter.rstStream(wire, stream.id(), code);
            reply();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Resets a stream that we never had: refused, or malformed from its first frame on.
    void refuse(int streamId, ErrorCode code) throws ConnectionException {
        lock.lock();
        try {
            FrameWriter.rstStream(wire, streamId, code);
            reply();
        } finally {
            lock.unlock();
        }
    }

    void ping(int flags, long data) throws ConnectionException {
        lock.lock();
        try {
            FrameWriter.ping(wire, flags, data);
            if (flags == 0) wake();
            else reply();
        } finally {
            lock.unlock();
        }
    }

    void goAway(int lastStreamId, ErrorCode code) {
        lock.lock();
        try {
            FrameWriter.goAway(wire, lastStreamId, code);
            wake();
        } finally {
            lock.unlock();
        }
    }

    void settings(int... pairs) {
        lock.lock();
        try {
            FrameWriter.settings(wire, pairs);
            wake();
        } finally {
            lock.unlock();
        }
    }

    /// The first bytes on the connection.
    void preface(byte[] preface, int topUp, int... settings) {
        lock.lock();
        try {
            wire.put(preface);
            FrameWriter.settings(wire, settings);
            FrameWriter.windowUpdate(wire, 0, topUp);
            wake();
        } finally {
            lock.unlock();
        }
    }

    /// Takes over the peer's settings and acknowledges them in one step, so that no field block can be encoded
    /// between the two.
    /// @param streams whose windows change with INITIAL_WINDOW_SIZE (§6.9.2)
    void apply(Frame.Settings frame, boolean fromServer, Iterable<? extends Http2Stream> streams) throws ConnectionException {
        lock.lock();
        try {
            int before = peer.initialWindowSize;
            for (int at = frame.offset(); at < frame.offset() + frame.length(); at += 6) {
                peer.set(FrameReader.int16(frame.array(), at), FrameReader.int32(frame.array(), at + 2), fromServer);
            }
            encoder.tableSize(peer.headerTableSize);
            FrameWriter.settingsAck(wire);
            reply();
            int difference = peer.initialWindowSize - before;
            if (difference == 0) return;
            for (var stream : streams) {
                if (!widen(stream.sink(), difference)) {
                    throw new ConnectionException(ErrorCode.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE makes a window exceed 2^31-1");
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void reply() throws ConnectionException {
        if (++replies > MAX_REPLIES) throw new ConnectionException(ErrorCode.ENHANCE_YOUR_CALM, "answers that are not read");
        wake();
    }

    /// Lets the writer thread write, unless somebody is at it, who will see what is new.
    private void wake() {
        if (flushing) return;
        queued = wire.size();
        work.signal();
    }

    // ---- windows -----------------------------------------------------------------------------------------------

    /// Widens a stream's window.
    /// @return false when it would exceed 2^31-1
    boolean widen(StreamSink sink, int increment) {
        lock.lock();
        try {
            if (sink.window + increment > Integer.MAX_VALUE) return false;
            sink.window += increment;
            if (sink.length() > 0 && !sink.headPending() && sink.window > 0) {
                enqueue(sink);
                if (!flushing) sink.signal();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Widens the connection's window; `blocked` are the streams that may have waited for it.
    boolean widen(int increment, Iterable<? extends Http2Stream> blocked) {
        lock.lock();
        try {
            if (window + increment > Integer.MAX_VALUE) return false;
            boolean closed = window <= 0;
            window += increment;
            if (closed && window > 0) {
                for (var stream : blocked) {
                    var sink = stream.sink();
                    if (sink.length() > 0 && !sink.headPending() && sink.window > 0) enqueue(sink);
                }
                if (!ready.isEmpty()) wake();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    // ---- the end -----------------------------------------------------------------------------------------------

    /// The connection failed: everybody who waits here fails too.
    void fail(IOException why) {
        lock.lock();
        try {
            if (failure == null) failure = why;
            for (var sink : ready) sink.signal();
            ready.clear();
            credits.clear();
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Lets the writer thread end once everything is written.
    void finish() {
        lock.lock();
        try {
            finishing = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Gives the large wire buffers of a busy time back.
    void idle() {
        lock.lock();
        try {
            if (!flushing && wire.isEmpty()) {
                wire.reset(IDLE_BUFFER);
                spare.reset(IDLE_BUFFER);
            }
        } finally {
            lock.unlock();
        }
    }

    /// The writer thread: writes what nobody else does, until [#finish] or [#fail].
    /// @return true when everything was written
    boolean write() {
        lock.lock();
        try {
            while (failure == null) {
                boolean waiting = !wire.isEmpty() || !ready.isEmpty() || !credits.isEmpty();
                if (flushing || !waiting && !finishing) work.awaitUninterruptibly();
                else if (waiting) flush(null);
                else return true;
            }
        } catch (IOException _) {
            // fail() has told everybody
        } finally {
            lock.unlock();
        }
        return false;
    }
}
