package io.loomtunnel.http2;

/// The arithmetic of one stream's receive window (RFC 9113 §6.9): what the peer may still send, when it is given
/// more, and how far the window grows. It holds no bytes and takes no time itself, so a test can drive it; the stream's
/// lock guards it.
final class ReceiveWindow {
    /// What a stream starts with when memory allows.
    static final int START = 64 * 1024;
    /// The most that a window grows to.
    static final int MOST = 16 * 1024 * 1024;

    private int size;           // what we want the peer to have in flight or in our buffer at most
    private int allowed;        // what it may still send
    private int consumed;       // read by the consumer and not given back yet
    private long roundStart;    // when the consumer began on the current window
    private int roundBytes;     // what it has read since

    ReceiveWindow(int size, long now) {
        this.size = size;
        allowed = size;
        roundStart = now;
    }

    /// Counts `bytes` that arrived.
    /// @return false when the peer had no right to send them
    boolean received(int bytes) {
        allowed -= bytes;
        return allowed >= 0;
    }

    /// Counts `bytes` that the consumer read. The window doubles once the consumer has emptied a whole one within about
    /// a round trip: then it is the window that holds the sender back, not the consumer.
    /// @param roundTrip of the connection, in ns
    /// @param mayGrow   false while memory is short
    /// @return what to give back to the peer now, 0 for nothing yet
    int consumed(int bytes, long now, long roundTrip, boolean mayGrow) {
        consumed += bytes;
        roundBytes += bytes;
        int grown = 0;
        if (roundBytes >= size) {
            // A sender held back by the window needs one round trip a window, plus what both ends take to wake up.
            if (mayGrow && size < MOST && now - roundStart <= 2 * roundTrip + 1_000_000) {
                grown = size;
                size *= 2;
            }
            roundStart = now;
            roundBytes = 0;
        }
        if (consumed + grown < Math.min(size / 2, 1024 * 1024)) return 0;
        int increment = consumed + grown;
        consumed = 0;
        allowed += increment;
        return increment;
    }

    /// A consumer who waited for bytes begins a new round when they arrive.
    void resumed(long now) {
        if (roundBytes == 0) roundStart = now;
    }

    /// Promises more, which the caller gives to the peer.
    void widen(int bytes) {
        size += bytes;
        allowed += bytes;
    }

    int size() {
        return size;
    }
}
