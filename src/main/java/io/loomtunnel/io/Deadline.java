package io.loomtunnel.io;

import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/// A point in time by which something must have happened. The one place that asks `System.nanoTime`
/// how long there is left to wait.
public final class Deadline {
    /// Never passes.
    public static final Deadline NEVER = new Deadline(0, false);

    private final long nanoTime;
    private final boolean bounded;

    private Deadline(long nanoTime, boolean bounded) {
        this.nanoTime = nanoTime;
        this.bounded = bounded;
    }

    /// A deadline counted from now.
    /// @param limit how long from now; [Duration#ZERO] means never, as for socket time-outs
    /// @return the deadline
    public static Deadline after(Duration limit) {
        return limit.isZero() ? NEVER : new Deadline(System.nanoTime() + limit.toNanos(), true);
    }

    /// The time left.
    /// @return zero once the deadline has passed; never negative; about 292 years for [#NEVER]
    public Duration left() {
        return bounded ? Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime())) : Duration.ofNanos(Long.MAX_VALUE);
    }

    /// Whether the time is up.
    /// @return true from the deadline on
    public boolean passed() {
        return bounded && nanoTime - System.nanoTime() <= 0;
    }

    /// Waits for a signal, at most until the deadline; the caller re-tests its condition, and the call that
    /// follows the deadline throws.
    /// @param condition whose lock the caller holds
    /// @throws SocketTimeoutException once the time is up
    /// @throws InterruptedIOException when the thread is interrupted; its interrupt status stays set
    public void await(Condition condition) throws SocketTimeoutException, InterruptedIOException {
        try {
            if (!bounded) {
                condition.await();
                return;
            }
            long left = nanoTime - System.nanoTime();
            if (left <= 0) throw new SocketTimeoutException("timed out");
            condition.await(left, TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }
}
