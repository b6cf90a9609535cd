package io.loomtunnel.http2;

/// Counts what is cheap for a peer to send and dear for us to handle, each kind by a rate: an ordinary client
/// never comes near it. The reader's thread alone uses it, but for resets that handlers cause.
final class FloodGuard {
    /// A kind with what it may burst to, and how many a second refill that.
    enum Kind {
        RESET(400, 100), EMPTY_FRAME(1_000, 100), PING(200, 20), SETTINGS(100, 10), PRIORITY(2_000, 200), WINDOW_UPDATE(20_000, 20_000),
        UNKNOWN(2_000, 200);

        final int burst;
        final int perSecond;

        Kind(int burst, int perSecond) {
            this.burst = burst;
            this.perSecond = perSecond;
        }
    }

    private static final Kind[] KINDS = Kind.values();

    private final boolean enforced;
    private final int[] counts = new int[KINDS.length];
    private long drained = System.nanoTime();

    FloodGuard(boolean enforced) {
        this.enforced = enforced;
    }

    /// Counts one.
    /// @throws ConnectionException ENHANCE_YOUR_CALM when the rate is exceeded
    void count(Kind kind) throws ConnectionException {
        if (++counts[kind.ordinal()] <= kind.burst || !enforced) return;
        long now = System.nanoTime();
        long elapsed = now - drained;
        if (elapsed >= 100_000_000) {       // ten times a second is fine enough, and keeps the division exact enough
            drained = now;
            for (var each : KINDS) {
                long refill = (long) (each.perSecond * (elapsed / 1e9));
                counts[each.ordinal()] = (int) Math.max(0, counts[each.ordinal()] - refill);
            }
        }
        if (counts[kind.ordinal()] > kind.burst) throw new ConnectionException(ErrorCode.ENHANCE_YOUR_CALM, "too many frames: " + kind);
    }
}
