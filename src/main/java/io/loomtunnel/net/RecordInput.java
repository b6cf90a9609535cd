package io.loomtunnel.net;

import io.loomtunnel.bytes.ByteReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;

/// The records that the peer sends, on their way to JSSE, which reads the header and the rest of each by itself. They
/// are gathered here so that this costs no system call each, and looked at from outside (RFC 8446 §5.1) for what JSSE
/// has no limit for.
final class RecordInput extends InputStream {
    private static final int HEADER_BYTES = 5;      // RFC 8446 §5.1: type, two of version, two of length
    private static final int HANDSHAKE = 22;        // the content type; TLS 1.3 hides it once the handshake is over

    /// Records that may bring no data: key updates, session tickets, empty ones. JSSE answers a key update with one of
    /// its own, and makes new keys for both. One more for every few KiB of data either way: a peer that is JSSE as
    /// well, once a key has served for long enough, asks for a new one at every record that still comes by the old.
    ///
    /// A long one counts for as many as it has room for: JSSE takes thousands of key updates in one record.
    private static final int BARREN = 128;
    private static final int BYTES_FOR_ONE = 4096;
    private static final int KEY_UPDATE = 22;       // bytes of such a record's rest: message, content type, tag

    private final ByteReader in;
    private final RecordQueue queue;
    private final ReentrantLock jsse;
    private final boolean guarded;
    private boolean established;        // the handshake is over
    private int header;                 // bytes seen of the record's header
    private int length;                 // of the record's rest, as far as it is known
    private int rest;                   // bytes that the record still has
    private int cost;                   // of the record that began last, when no data has come of it yet
    private long barren;
    private long received;              // bytes of data
    private boolean ended;

    /// @param in      reads the socket; may hold bytes already
    /// @param jsse    held by the thread that reads, but while it waits for the socket
    /// @param guarded whether there is a limit to records without data
    RecordInput(ByteReader in, RecordQueue queue, ReentrantLock jsse, boolean guarded) {
        this.in = in;
        this.queue = queue;
        this.jsse = jsse;
        this.guarded = guarded;
    }

    /// The handshake is over: there will be no second one.
    void established() {
        established = true;
    }

    /// Data came out of the records.
    void fruitful(int bytes) {
        received += bytes;
        barren -= cost;
        cost = 0;
    }

    /// Whether the peer's end came without a word of TLS: what was received may be a part only.
    boolean ended() {
        return ended;
    }

    void release() {
        in.release();
    }

    @Override public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override public int read(byte[] target, int offset, int wanted) throws IOException {
        if (wanted == 0) return 0;
        int most = Math.min(wanted, header < HEADER_BYTES ? HEADER_BYTES - header : rest);
        int n = in.available() > 0 ? in.read(target, offset, most) : await(target, offset, most);
        if (n < 0) {
            ended = true;
        } else if (header < HEADER_BYTES) {
            for (int i = 0; i < n; i++) headerByte(target[offset + i] & 0xff);
        } else {
            rest -= n;
        }
        if (header == HEADER_BYTES && rest == 0) header = 0;
        return n;
    }

    /// Nothing that JSSE should throw away unread when it closes.
    @Override public int available() {
        return 0;
    }

    private void headerByte(int b) throws SSLException {
        header++;
        if (header == 1) begin(b);
        else if (header == 4) length = b << 8;
        else if (header == HEADER_BYTES) weigh(length | b);
    }

    private void weigh(int bytes) {
        rest = bytes;
        if (!established) return;
        cost = Math.max(1, bytes / KEY_UPDATE);
        barren += cost;
    }

    private void begin(int type) throws SSLException {
        if (!established) return;
        if (type == HANDSHAKE) throw new SSLException("the peer wants to renegotiate");
        // Counted are those before this one, of which it is known whether they brought data.
        if (guarded && barren > BARREN && barren - BARREN > (received + queue.appended()) / BYTES_FOR_ONE) {
            throw new SSLException("too many records without data");
        }
    }

    private int await(byte[] target, int offset, int most) throws IOException {
        // The peer may be waiting for what JSSE has answered meanwhile.
        if (established) queue.drain();
        else queue.flushAll();
        jsse.unlock();
        try {
            if (in.array().length > ByteReader.SMALL && in.availableAll() == 0) in.rest();
            return in.read(target, offset, most);
        } finally {
            jsse.lock();
        }
    }
}
