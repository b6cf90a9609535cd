package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteReader;
import java.util.concurrent.atomic.AtomicLong;

/// The way around a stream's thread: a small piece that arrives alone, while its consumer waits for it, is written on by the
/// connection's reader itself. That saves waking a thread, which costs more than all the rest of such a piece's way.
///
/// A reader must not wait for one stream's sake, and nothing tells beforehand whether a socket takes what is written. So a reader that
/// is held up is relieved within some milliseconds: another thread reads on, this one finishes what it writes and leaves. The
/// connection then goes without this way for a while, so that peers who take nothing cost their neighbours a few milliseconds a second at most.
final class Shortcut {
    private static final int MOST = ByteReader.SMALL;       // larger pieces are worth a thread of their own
    private static final int PATIENCE = 5;                  // looks that find the same piece
    private static final long PAUSE = 1_000_000_000;        // ns without this way once a reader was held up

    private final Runnable successor;
    private final AtomicLong turn = new AtomicLong();       // odd while the reader writes; who is relieved finds another number
    private byte[] piece;                                   // the reader's own, as the next three
    private int length;
    private Inbound target;                                 // null unless a piece is to be delivered
    private boolean watched;
    private long pausedAt;                                  // handed on to the successor, as the next one
    private boolean paused;
    private long seen;                                      // the watch's own
    private int looks;

    /// @param successor has another thread read on
    Shortcut(Runnable successor) {
        this.successor = successor;
    }

    /// Takes a frame's bytes off the connection, if they may go this way.
    /// @return false when they are still there
    boolean take(Inbound inbound, Frame.Data frame, ByteReader in) throws StreamException {
        int bytes = frame.length();
        if (bytes == 0 || bytes > MOST || in.available() != bytes || frame.padding() > 0 || frame.endStream()) return false;
        if (paused && System.nanoTime() - pausedAt < PAUSE) return false;
        if (!inbound.claim(bytes)) return false;
        paused = false;
        if (piece == null) piece = new byte[MOST];
        System.arraycopy(in.array(), in.position(), piece, 0, bytes);
        in.skip(bytes);
        length = bytes;
        target = inbound;
        return true;
    }

    /// Delivers what was taken, if anything was.
    /// @return false when the calling thread is the reader no more
    boolean deliver() {
        var inbound = target;
        if (inbound == null) return true;
        target = null;
        var bytes = piece;
        long mine = turn.incrementAndGet();
        watch();
        inbound.deliver(bytes, length);
        return turn.compareAndSet(mine, mine + 1);
    }

    private void watch() {
        if (!watched) {
            watched = true;
            ReliefWatch.PROCESS.add(this);
        }
        ReliefWatch.PROCESS.awake();
    }

    /// Relieves a reader that is held up.
    /// @return whether any piece was on its way since the last look
    boolean look() {
        long now = turn.get();
        if (now != seen || (now & 1) == 0) {
            boolean changed = now != seen;
            seen = now;
            looks = 0;
            return changed;
        }
        if (++looks < PATIENCE || !turn.compareAndSet(now, now + 1)) return true;
        piece = null;
        paused = true;
        pausedAt = System.nanoTime();
        successor.run();
        return true;
    }

    /// The connection is over.
    void close() {
        ReliefWatch.PROCESS.remove(this);
    }
}
