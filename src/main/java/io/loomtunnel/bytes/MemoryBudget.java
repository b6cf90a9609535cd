package io.loomtunnel.bytes;

import java.util.concurrent.atomic.AtomicLong;

/// How many bytes of other people's data this process may hold at once: received and not consumed yet, and the arrays
/// that grew for bulk. Each user charges what it holds and gives the same amount back; what follows from the level
/// is decided by those who ask.
public final class MemoryBudget {
    /// The budget of this process: a quarter of the heap.
    public static final MemoryBudget PROCESS = new MemoryBudget(Runtime.getRuntime().maxMemory() / 4);

    private static final int LEAST_WINDOW = 2 * 1024;
    private static final int MANY_STREAMS = 2 * 1024;

    private final long limit;
    private final AtomicLong used = new AtomicLong();
    private final AtomicLong grown = new AtomicLong();

    /// @param limit bytes
    public MemoryBudget(long limit) {
        if (limit < 1) throw new IllegalArgumentException("limit " + limit);
        this.limit = limit;
    }

    /// Charges `bytes`, or gives them back when negative.
    public void charge(long bytes) {
        used.addAndGet(bytes);
    }

    public long used() {
        return used.get();
    }

    public long limit() {
        return limit;
    }

    /// Half is used: nothing grows any more.
    public boolean strained() {
        return used.get() >= limit / 2;
    }

    /// Three quarters are used: new work is refused.
    public boolean scarce() {
        return used.get() >= limit - limit / 4;
    }

    /// All is used: somebody must give up what he holds.
    public boolean exhausted() {
        return used.get() >= limit;
    }

    /// Whether one window may grow by `bytes`: what all windows together promise stays within half of the budget, so that a peer
    /// who sends all that he may and a consumer who stops reading never exhaust it.
    public boolean mayGrow(int bytes) {
        return !strained() && grown.get() + bytes <= limit / 4;
    }

    /// Counts what a window has grown by, or gives it back when negative.
    public void grown(long bytes) {
        grown.addAndGet(bytes);
    }

    /// What windows have grown by, all together.
    public long promised() {
        return grown.get();
    }

    /// The receive window that every stream may be promised at once: so many streams that nobody reads stay within a quarter of
    /// the budget, and windows that grow take another.
    /// @param most what a stream starts with where memory is plenty
    /// @return a power of two from 2 KiB on
    public int initialWindow(int most) {
        return (int) Math.max(LEAST_WINDOW, Math.min(most, Long.highestOneBit(Math.max(1, limit / 4 / MANY_STREAMS))));
    }
}
