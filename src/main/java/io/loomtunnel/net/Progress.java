package io.loomtunnel.net;

import java.util.concurrent.atomic.AtomicInteger;

/// Whether the reads, or the writes, of one connection get anywhere. The thread that does them counts, the watchdog's sweep
/// compares the count with what it saw last time: neither asks for the time, and nothing is scheduled.
///
/// A time-out of the JDK costs more than it looks: a virtual thread that waits with one (SO_TIMEOUT, or a timed
/// `Condition`) hands it to a platform thread and wakes that, twice a wait.
final class Progress {
    private final AtomicInteger beat = new AtomicInteger();     // odd while something is under way; one thread counts
    private int seen;                                           // the sweep's own, as is the next one
    private int stuck;

    /// A read or a write begins.
    void begin() {
        beat.setRelease(beat.getPlain() + 1);
    }

    /// It ended, whether it succeeded or not.
    void end() {
        beat.setRelease(beat.getPlain() + 1);
    }

    /// Whether something is under way.
    boolean active() {
        return (beat.getAcquire() & 1) != 0;
    }

    /// How many reads, or writes, have begun and ended so far: unchanged while nothing moves.
    int beats() {
        return beat.getAcquire();
    }

    /// Looks once, and counts how often the same read or write was found under way.
    /// @return how many sweeps in a row have found it where it was; 0 when it moved or there is none
    int sweep() {
        int now = beat.getAcquire();
        stuck = now == seen && (now & 1) != 0 ? stuck + 1 : 0;
        seen = now;
        return stuck;
    }
}
