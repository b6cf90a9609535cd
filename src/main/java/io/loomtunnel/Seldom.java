package io.loomtunnel;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// How often strangers may fill a log: twenty lines at once, and then one each three seconds. `lock` guards the fields.
final class Seldom {
    private static final int BURST = 20;
    private static final long PAUSE = 3_000_000_000L;         // nanoseconds for one more

    private final ReentrantLock lock = new ReentrantLock();
    private final LongSupplier nanoTime;
    private long full;                                        // when all of the burst may be used again

    /// @param nanoTime `System::nanoTime`, or a test's
    Seldom(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        full = nanoTime.getAsLong();
    }

    /// Whether there may be one line more; it counts then.
    boolean again() {
        lock.lock();
        try {
            long now = nanoTime.getAsLong();
            long next = (full - now > 0 ? full : now) + PAUSE;
            if (next - now > BURST * PAUSE) return false;
            full = next;
            return true;
        } finally {
            lock.unlock();
        }
    }
}
