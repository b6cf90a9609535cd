package io.loomtunnel.net;

/// Whether the writes of one connection get anywhere. The writer counts, the watchdog's sweep compares the count with what
/// it saw last time: neither asks for the time, and the writer pays two volatile stores a write.
final class WriteProgress {
    private volatile int beat;          // odd while a write is under way; only the one thread that writes changes it
    private int seen;                   // the sweep's own, as is the next one
    private int stuck;

    /// A write begins.
    void begin() {
        beat++;
    }

    /// A write ended, whether it succeeded or not.
    void end() {
        beat++;
    }

    /// Looks at the writer once, and counts how often the same write was found under way.
    /// @return how many sweeps in a row have found the write where it was; 0 when it moved or there is none
    int sweep() {
        int now = beat;
        stuck = now == seen && (now & 1) != 0 ? stuck + 1 : 0;
        seen = now;
        return stuck;
    }
}
