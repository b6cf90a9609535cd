package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.hpack.Encoder;
import io.loomtunnel.http.Fields;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// A stream (RFC 9113 §5.1) as two halves, each with its owner: `local` changes under the connection's lock, `remote` by the
/// connection's reader or by a reset. "Half-closed (remote)" is `(OPEN, ENDED)`; the stream is over when neither is open.
abstract class Http2Stream {
    enum Half { OPEN, ENDED, RESET }

    final Http2Connection connection;
    private final StreamSink sink;
    private final Inbound inbound;
    private final AtomicBoolean left = new AtomicBoolean();     // the table; done once, whoever sees the end first
    private volatile Half local = Half.OPEN;
    private volatile Half remote = Half.OPEN;
    private volatile int id;
    private int credit;                                         // to be sent; the connection's lock guards it

    Http2Stream(Http2Connection connection, int id) {
        this.connection = connection;
        this.id = id;
        sink = new StreamSink(this, connection.outbound());
        inbound = new Inbound(this, connection.outbound(), connection.budget());
    }

    /// Writes the head that is pending, pseudo-fields first; called under the connection's lock, right where its bytes go.
    abstract void encodeHead(Encoder encoder, ByteWriter out);

    /// Makes sure that the stream has an id, under the connection's lock; the sink has failed when it can't.
    abstract boolean begin();

    /// What the peer is told when our message breaks off.
    abstract ErrorCode brokenOff();

    /// The peer or the connection ended the stream before its time; called once, and must not block.
    abstract void cancelled();

    /// What a read fails with when nothing came in time.
    IOException late() {
        return new SocketTimeoutException("nothing received in time");
    }

    int id() {
        return id;
    }

    void id(int id) {
        this.id = id;
    }

    boolean begun() {
        return id != 0;
    }

    StreamSink sink() {
        return sink;
    }

    Inbound inbound() {
        return inbound;
    }

    long roundTrip() {
        return connection.roundTrip();
    }

    boolean remoteOpen() {
        return remote == Half.OPEN;
    }

    boolean localOpen() {
        return local == Half.OPEN;
    }

    // ---- transitions -------------------------------------------------------------------------------------------

    /// END_STREAM went into the wire buffer.
    void localEnded() {
        if (local == Half.OPEN) local = Half.ENDED;
        leaveIfOver();
    }

    /// END_STREAM arrived.
    void endReceived(Fields trailers) throws StreamException {
        inbound.end(trailers);
        if (remote == Half.OPEN) remote = Half.ENDED;
        leaveIfOver();
    }

    /// We reset the stream: RST_STREAM goes out unless both sides know already that it is over.
    void reset(ErrorCode code) {
        reset(code, new StreamException(id, code, "reset by us"));
        inbound.discard();
    }

    /// We reset the stream because of something that the peer did: both halves fail with `why`.
    void abort(ErrorCode code, IOException why) {
        boolean wasOpen = local == Half.OPEN || remote == Half.OPEN;
        // RST_STREAM first: a handler whose read fails would put one of its own, with another code, in its place.
        reset(code, why);
        inbound.fail(why);
        inbound.discard();
        if (wasOpen) cancelled();
    }

    private void reset(ErrorCode code, IOException why) {
        if (local != Half.OPEN && remote != Half.OPEN) return;
        try {
            if (connection.outbound().reset(this, code, why)) connection.wasReset(this);
        } catch (IOException e) {
            connection.fail(e);
        }
        local = Half.RESET;
        remote = Half.RESET;
        leaveIfOver();
    }

    /// The stream could not even begin; under the connection's lock.
    void refused(IOException why) {
        sink.fail(why);
        local = Half.RESET;
        remote = Half.RESET;
        inbound.fail(why);
        leaveIfOver();
    }

    /// Our message is whole and the peer is told to send no more of its own (RFC 9113 §8.1).
    void stopReceiving() {
        if (remote == Half.OPEN) reset(ErrorCode.NO_ERROR);
    }

    /// RST_STREAM arrived, or the connection ended: a whole message that came before stays readable.
    void lost(IOException why) {
        boolean wasOpen = local == Half.OPEN || remote == Half.OPEN;
        var outbound = connection.outbound();
        outbound.lock.lock();
        try {
            if (local == Half.OPEN) {
                sink.fail(why);
                local = Half.RESET;
            }
        } finally {
            outbound.lock.unlock();
        }
        inbound.fail(why);
        if (remote == Half.OPEN) remote = Half.RESET;
        if (wasOpen) cancelled();
        leaveIfOver();
    }

    private void leaveIfOver() {
        if (local != Half.OPEN && remote != Half.OPEN && left.compareAndSet(false, true)) connection.leave(this);
    }

    // ---- credit, under the connection's lock -------------------------------------------------------------------

    /// @return true when there was none before, so that the stream must be put among those with credit
    boolean addCredit(int increment) {
        boolean first = credit == 0;
        credit += increment;
        return first;
    }

    int takeCredit() {
        int all = credit;
        credit = 0;
        return all;
    }
}
