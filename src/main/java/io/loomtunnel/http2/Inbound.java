package io.loomtunnel.http2;

import static io.loomtunnel.http2.ErrorCode.ENHANCE_YOUR_CALM;
import static io.loomtunnel.http2.ErrorCode.FLOW_CONTROL_ERROR;
import static io.loomtunnel.http2.ErrorCode.PROTOCOL_ERROR;
import static io.loomtunnel.http2.ErrorCode.STREAM_CLOSED;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// One stream's way in: what the connection's reader received and the consumer has not read yet. `lock` guards all
/// of it; the reader never waits here, since the window bounds what may arrive.
///
/// Credit goes back when the consumer has passed the bytes on, not when they were received: a slow visitor must fill the
/// origin's socket buffer, not our heap.
final class Inbound extends Content {
    private static final int MAX_HEADS = 16;  // that may wait: interim responses are not under flow control
    private static final int SMALL = 512;     // pieces up to this are put together: tiny frames must not cost an array each

    private final Http2Stream stream;
    private final Outbound outbound;
    private final MemoryBudget budget;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();    // a head, bytes, the end, or failure
    private ReceiveWindow window;
    private final ArrayDeque<Segment> segments = new ArrayDeque<>(2);
    private final ArrayDeque<ResponseHead> heads = new ArrayDeque<>(2);
    private int held;
    private int grown;                        // how much the window has grown by, counted in the budget
    private boolean over;                     // nothing more will come
    private long heldSince;                   // when `held` last rose above zero
    private long declared = UNKNOWN;
    private long received;
    private boolean ended;
    private Fields trailers = new Fields(0, 0);
    private IOException failure;
    private boolean givenUp;                  // nobody will read any more, as after every exchange
    private volatile Duration limit = Duration.ZERO;
    private OutputStream outlet;              // where a consumer that waits wants the bytes; null unless the reader may write there
    private boolean delivering;               // the reader writes there now: the consumer must not
    private IOException undelivered;          // why it could not

    /// Received bytes; the consumer takes them from `from`, the reader may put more behind `to`.
    private static final class Segment {
        final byte[] bytes;
        int from;
        int to;

        Segment(int capacity) {
            bytes = new byte[capacity];
        }

        int size() {
            return to - from;
        }
    }

    Inbound(Http2Stream stream, Outbound outbound, MemoryBudget budget) {
        this.stream = stream;
        this.outbound = outbound;
        this.budget = budget;
    }

    // ---- the connection's reader -------------------------------------------------------------------------------

    /// The stream begins: the peer may send what our SETTINGS say, and more when memory is plenty.
    /// @return how much more the peer is to be told
    int open(int initialWindow) {
        window = new ReceiveWindow(initialWindow, System.nanoTime());
        int more = ReceiveWindow.START - initialWindow;
        if (more <= 0 || ended || !budget.mayGrow(more)) return 0;
        window.widen(more);
        grow(more);
        return more;
    }

    /// The message declares how much will come.
    void declare(long length) {
        declared = length;
    }

    /// @throws StreamException more interim responses than anybody sends, unread
    void head(ResponseHead head) throws StreamException {
        lock.lock();
        try {
            if (heads.size() >= MAX_HEADS) throw new StreamException(stream.id(), ENHANCE_YOUR_CALM, "too many interim responses");
            heads.add(head);
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Takes the `length` bytes of a DATA frame off the connection; of the `flow` that it counts for, the rest was padding.
    /// @throws StreamException the peer had no right to send them; they are still unread then
    void receive(ByteReader in, int length, int flow) throws IOException {
        lock.lock();
        try {
            count(length, flow);
        } finally {
            lock.unlock();
        }
        if (flow > length) returned(flow - length);
        if (length == 0) return;
        if (length <= SMALL) {
            in.require(length);
            budget.charge(length);
            lock.lock();
            try {
                var tail = segments.peekLast();
                if (tail == null || tail.bytes.length - tail.to < length) tail = append(new Segment(Math.max(length, SMALL / 4)));
                System.arraycopy(in.array(), in.position(), tail.bytes, tail.to, length);
                tail.to += length;
                arrived(length);
            } finally {
                lock.unlock();
            }
            in.skip(length);
        } else {
            budget.charge(length);
            var segment = new Segment(length);
            try {
                in.readFully(segment.bytes, 0, length);
            } catch (IOException e) {
                budget.charge(-length);
                throw e;
            }
            segment.to = length;
            lock.lock();
            try {
                append(segment);
                arrived(length);
            } finally {
                lock.unlock();
            }
        }
    }

    private void count(int length, int flow) throws StreamException {
        if (ended) throw new StreamException(stream.id(), STREAM_CLOSED, "DATA behind the end");
        if (!window.received(flow)) throw new StreamException(stream.id(), FLOW_CONTROL_ERROR, "more than the window");
        received += length;
        if (declared != UNKNOWN && received > declared) throw new StreamException(stream.id(), PROTOCOL_ERROR, "more content than declared");
    }

    /// Lets the reader [deliver][#deliver] the next bytes itself, if the consumer waits and has said where they go. It waits on until they
    /// are delivered.
    /// @return false when they must be [received][#receive]
    boolean claim(int length) throws StreamException {
        lock.lock();
        try {
            if (outlet == null || delivering || held > 0 || ended || broken()) return false;
            count(length, length);
            delivering = true;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Writes what was claimed in the consumer's place. A failure is the consumer's, as if it had written.
    void deliver(byte[] bytes, int length) {
        IOException failed = null;
        try {
            outlet.write(bytes, 0, length);
            outlet.flush();
        } catch (IOException e) {
            failed = e;
        } catch (RuntimeException e) {
            failed = new IOException(e);
        }
        lock.lock();
        try {
            delivering = false;
            undelivered = failed;
            if (failed != null || held > 0 || ended || broken()) arrived.signalAll();
        } finally {
            lock.unlock();
        }
        if (failed == null) returned(length);
    }

    private Segment append(Segment segment) {
        segments.add(segment);
        return segment;
    }

    private void arrived(int bytes) {
        if (broken()) {                     // reset meanwhile: nobody will read it
            segments.clear();
            budget.charge(-bytes);
            return;
        }
        if (held == 0) {
            heldSince = System.nanoTime();
            window.resumed(heldSince);
        }
        held += bytes;
        arrived.signalAll();
    }

    /// The peer ended its direction.
    void end(Fields trailers) throws StreamException {
        lock.lock();
        try {
            if (ended) throw new StreamException(stream.id(), STREAM_CLOSED, "a second end");
            if (declared != UNKNOWN && received != declared) {
                throw new StreamException(stream.id(), PROTOCOL_ERROR, received + " bytes of " + declared + " declared");
            }
            ended = true;
            if (trailers != null) this.trailers = trailers;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Nothing more will come. What is there stays readable, and is followed by the failure unless the message is whole.
    void fail(IOException why) {
        lock.lock();
        try {
            if (failure != null) return;
            failure = why;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// The stream is over: nothing more will come, so the window no longer promises anything.
    void promiseNothing() {
        lock.lock();
        try {
            if (grown > 0) budget.grown(-grown);
            grown = 0;
            over = true;                      // whoever still reads must not make it grow again
        } finally {
            lock.unlock();
        }
    }

    /// Nobody will read any more.
    void discard() {
        lock.lock();
        try {
            givenUp = true;
            ended = false;
            drop();
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean broken() {
        return failure != null || givenUp;
    }

    private IOException failure() {
        return failure != null ? failure : new IOException("the content was given up");
    }

    private void drop() {
        segments.clear();
        budget.charge(-held);
        held = 0;
    }

    /// How much is held here for how long: byte-nanoseconds, for the choice of who must go when memory is out.
    double burden(long now) {
        lock.lock();
        try {
            return held == 0 ? 0 : (double) held * (now - heldSince + 1);
        } finally {
            lock.unlock();
        }
    }

    // ---- the consumer ------------------------------------------------------------------------------------------

    /// The next head, or the failure. The wait itself has no limit, which would cost every request a timer and the wake-up
    /// of its thread; the watchdog ends it.
    ResponseHead nextHead(Deadline deadline) throws IOException {
        Watchdog.Limit limit = null;
        lock.lock();
        try {
            while (heads.isEmpty()) {
                if (broken()) throw failure();
                if (deadline.passed() || limit != null && limit.passed()) throw new SocketTimeoutException("no response in time");
                if (limit == null && deadline != Deadline.NEVER) limit = Watchdog.PROCESS.limit(deadline.left(), this::wake);
                Deadline.NEVER.await(arrived);
            }
            return heads.poll();
        } finally {
            lock.unlock();
            if (limit != null) limit.close();
        }
    }

    private void wake() {
        lock.lock();
        try {
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void readTimeout(Duration limit) {
        this.limit = limit;
    }

    @Override public long length() {
        return declared;
    }

    @Override public Fields trailers() {
        lock.lock();
        try {
            return trailers;
        } finally {
            lock.unlock();
        }
    }

    @Override public int available() {
        lock.lock();
        try {
            return held;
        } finally {
            lock.unlock();
        }
    }

    @Override public boolean complete() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    @Override public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) return 0;
        int n;
        lock.lock();
        try {
            if (!await()) return -1;
            var head = segments.peek();
            n = Math.min(length, head.size());
            System.arraycopy(head.bytes, head.from, target, offset, n);
            head.from += n;
            if (head.size() == 0) segments.poll();
            held -= n;
        } finally {
            lock.unlock();
        }
        budget.charge(-n);
        returned(n);
        return n;
    }

    @Override public long transferTo(OutputStream out) throws IOException {
        return transferTo(out, false);
    }

    /// As [#transferTo(OutputStream)].
    /// @param directly whether small pieces may be written by the connection's reader: for what does not wait for long as a rule
    long transferTo(OutputStream out, boolean directly) throws IOException {
        long total = 0;
        for (int n; (n = transferSome(out, directly)) >= 0; ) total += n;
        return total;
    }

    /// Hands over the next segment. In a method of its own: whoever waits in a loop would keep the last one, and many streams
    /// wait for long.
    /// @return -1 at the end
    private int transferSome(OutputStream out, boolean directly) throws IOException {
        var segment = take(out, directly);
        if (segment == null) return -1;
        int n = segment.size();
        try {
            out.write(segment.bytes, segment.from, n);
        } finally {
            budget.charge(-n);
            returned(n);                      // whoever failed to pass it on may throw the rest away, and needs it then
        }
        return n;
    }

    /// The next segment, now the caller's; what was written before is flushed when there is none yet.
    private Segment take(OutputStream out, boolean directly) throws IOException {
        lock.lock();
        try {
            if (held == 0 && !ended && !broken()) {
                lock.unlock();
                try {
                    out.flush();
                } finally {
                    lock.lock();
                }
            }
            if (directly) outlet = out;
            if (!await()) return null;
            var segment = segments.poll();
            held -= segment.size();
            return segment;
        } finally {
            if (!delivering) outlet = null;
            lock.unlock();
        }
    }

    /// Waits for bytes.
    /// @return false at the end of the content
    private boolean await() throws IOException {
        if (held > 0 && !delivering) return true;
        // As for a head, the watchdog ends the wait.
        Watchdog.Limit late = null;
        try {
            while (true) {
                if (!delivering) {
                    if (undelivered != null) throw undelivered;
                    if (held > 0) return true;
                    if (ended) return false;
                }
                if (broken()) throw failure();
                if (late == null && !limit.isZero()) late = Watchdog.PROCESS.limit(limit, this::wake);
                else if (late != null && late.passed()) throw stream.late();
                Deadline.NEVER.await(arrived);
            }
        } finally {
            if (late != null) late.close();
        }
    }

    private void grow(int bytes) {
        grown += bytes;
        budget.grown(bytes);
    }

    /// Gives window for `bytes` back to the peer, when enough has come together.
    private void returned(int bytes) {
        int increment;
        lock.lock();
        try {
            if (ended || over || broken()) return;
            int before = window.size();
            increment = window.consumed(bytes, System.nanoTime(), stream.roundTrip(), budget.mayGrow(before));
            if (window.size() > before) grow(window.size() - before);
        } finally {
            lock.unlock();
        }
        if (increment > 0) outbound.credit(stream, increment);
    }
}
