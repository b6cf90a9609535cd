package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Fields;
import java.io.IOException;
import java.util.concurrent.locks.Condition;

/// One stream's way out: head, content, trailers. Small writes are held back here, by the thread that sends; everything else
/// is pending for the connection's [Outbound], whose lock guards it.
final class StreamSink extends ContentSink {
    private static final int CORK = 32 * 1024;     // up to this it is cheaper to copy than to write twice
    private static final int KEEP = 4 * 1024;

    private final Http2Stream stream;
    private final Outbound outbound;

    // The sending thread's own.
    private ByteWriter corked;
    private long declared = Content.UNKNOWN;
    private long written;
    private boolean over;

    // Guarded by the connection's lock.
    long window;                      // negative after the peer lowered INITIAL_WINDOW_SIZE (RFC 9113 §6.9.2)
    boolean queued;                   // among those that wait for their turn
    private boolean headPending;
    private byte[] data;
    private int offset;
    private int length;
    private Fields ending;            // not null: the message ends behind the data
    private boolean ended;
    private IOException failure;
    private Condition sent;           // nothing is pending any more, or the window opened, or failure is set

    StreamSink(Http2Stream stream, Outbound outbound) {
        this.stream = stream;
        this.outbound = outbound;
    }

    Http2Stream stream() {
        return stream;
    }

    // ---- the sending thread ------------------------------------------------------------------------------------

    /// Takes a head over, which goes out with what is written next.
    /// @param declared the content's length, or [Content#UNKNOWN]
    void head(long declared) {
        this.declared = declared;
        outbound.lock.lock();
        try {
            headPending = true;
        } finally {
            outbound.lock.unlock();
        }
    }

    /// Sends an interim head now.
    void interim() throws IOException {
        head(Content.UNKNOWN);
        outbound.submit(this, null, 0, 0, null);
    }

    @Override public void write(byte[] source, int offset, int length) throws IOException {
        if (over) throw new IOException("the message was ended");
        if (declared != Content.UNKNOWN && written + length > declared) {
            abandon();
            throw new IOException("more content than the " + declared + " bytes declared");
        }
        written += length;
        int held = corked == null ? 0 : corked.size();
        if (held + length <= CORK) {
            if (corked == null) corked = new ByteWriter(Math.max(256, length));
            corked.put(source, offset, length);
            return;
        }
        if (held > 0) uncork(null);
        outbound.submit(this, source, offset, length, null);
    }

    /// Sends bytes at once, behind what was held back: those of a connection, whose writer knows what belongs together.
    void send(byte[] source, int offset, int length) throws IOException {
        if (over) throw new IOException("the message was ended");
        if (corked != null && !corked.isEmpty()) uncork(null);
        if (length > 0) outbound.submit(this, source, offset, length, null);
    }

    @Override public void flush() throws IOException {
        if (over) return;
        if (corked != null && !corked.isEmpty() || headPending()) uncork(null);
    }

    @Override public void end(Fields trailers) throws IOException {
        if (over) return;
        if (declared != Content.UNKNOWN && written < declared) {
            abandon();
            throw new IOException("only " + written + " of " + declared + " bytes of content");
        }
        over = true;
        uncork(trailers);
    }

    @Override public void abandon() {
        if (over) return;
        over = true;
        stream.reset(stream.brokenOff());
    }

    @Override public void cancel() {
        if (over) return;
        over = true;
        stream.reset(ErrorCode.CANCEL);
    }

    private void uncork(Fields ending) throws IOException {
        if (corked == null) {
            outbound.submit(this, null, 0, 0, ending);
        } else {
            outbound.submit(this, corked.array(), 0, corked.size(), ending);
            corked.reset(KEEP);
        }
    }

    // ---- under the connection's lock ---------------------------------------------------------------------------

    void offer(byte[] data, int offset, int length, Fields ending) {
        this.data = data;
        this.offset = offset;
        this.length = length;
        this.ending = ending;
    }

    /// All that was offered is in the wire buffer: the array is the sender's again, and must not live as long as the stream.
    void letGo() {
        data = null;
    }

    boolean waiting() {
        return failure == null && (headPending || length > 0 || ending != null && !ended);
    }

    boolean headPending() {
        return headPending;
    }

    void headSent() {
        headPending = false;
    }

    int length() {
        return length;
    }

    byte[] data() {
        return data;
    }

    /// Takes `bytes` off the pending data and returns where they begin.
    int advance(int bytes) {
        int at = offset;
        offset += bytes;
        length -= bytes;
        return at;
    }

    /// Whether the frame that is being put into the wire buffer is the message's last; if so the end is sent with it.
    boolean takeEnd() {
        if (length > 0 || ending == null || !ending.isEmpty() || ended) return false;
        endSent();
        return true;
    }

    boolean endPending() {
        return !headPending && length == 0 && ending != null && !ended;
    }

    Fields trailers() {
        return ending;
    }

    void endSent() {
        ended = true;
        stream.localEnded();
    }

    /// @throws IOException the stream was reset, by either side
    void check() throws IOException {
        if (failure != null) throw failure;
    }

    boolean reset() {
        return failure != null;
    }

    /// Drops what is pending; whoever sends or waits fails with `why`.
    /// @return false when the stream was reset before
    boolean fail(IOException why) {
        if (failure != null) return false;
        failure = why;
        headPending = false;
        length = 0;
        data = null;
        ending = null;
        signal();
        return true;
    }

    Condition sent() {
        if (sent == null) sent = outbound.lock.newCondition();
        return sent;
    }

    void signal() {
        if (sent != null) sent.signal();
    }
}
