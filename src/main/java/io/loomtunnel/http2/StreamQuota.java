package io.loomtunnel.http2;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/// How many streams of ours several connections may have together.
public final class StreamQuota {
    private final IntSupplier limit;
    private final AtomicInteger taken = new AtomicInteger();

    /// @param limit is asked for each stream: what it says may change, and ends no stream that is there
    public StreamQuota(IntSupplier limit) {
        this.limit = limit;
    }

    /// The streams that are open now.
    public int taken() {
        return taken.get();
    }

    boolean full() {
        return taken.get() >= limit.getAsInt();
    }

    /// Counts one more.
    /// @return false when there are as many as may be
    boolean take() {
        if (taken.incrementAndGet() <= limit.getAsInt()) return true;
        taken.decrementAndGet();
        return false;
    }

    void giveBack() {
        taken.decrementAndGet();
    }
}
