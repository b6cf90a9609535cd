package io.loomtunnel.tunnel;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long a client waits before it dials again.
///
/// Two paces. A server that was never reached, or is gone, is dialled about once a second for a minute, counted from the
/// beginning of one dial to that of the next: one that restarts, or whose link is mended, finds its clients back at once. After a refusal, or once the minute is over, pauses are drawn from 0 to a
/// bound that doubles from 0.5 s to 30 s ("full jitter": clients that lost one server together do not come back
/// together), and the bound starts anew only after a link was up for a minute. The quick minute starts anew once a link
/// was up for ten seconds, so that a server that drops each link at once is not hammered.
///
/// Knows no clock: told how long things took. Not safe for use by two threads at once.
public final class Backoff {
    private static final Duration PATIENCE = Duration.ofMinutes(1);          // for a lost server, and to forgive
    private static final Duration STEADY = Duration.ofSeconds(10);
    private static final Duration QUICK_BOUND = Duration.ofSeconds(1);
    private static final Duration SPREAD = Duration.ofMillis(100);           // for the first dial after a steady link
    private static final Duration FIRST_BOUND = Duration.ofMillis(500);
    private static final Duration LAST_BOUND = Duration.ofSeconds(30);

    private final RandomGenerator random;
    private Duration bound = FIRST_BOUND;
    private Duration quick = PATIENCE;               // left of the quick pace

    /// A back-off at its beginning: nothing was up yet.
    /// @param random the source of the jitter
    public Backoff(RandomGenerator random) {
        this.random = random;
    }

    /// A link ended.
    /// @param up how long it was up
    /// @return the pause before the next dial
    public Duration lost(Duration up) {
        if (up.compareTo(PATIENCE) >= 0) bound = FIRST_BOUND;
        if (up.compareTo(STEADY) < 0) return hurried(up, Duration.ZERO);
        quick = PATIENCE;
        return upTo(SPREAD);
    }

    /// A dial got no answer.
    /// @param tried how long that took, which counts as part of the pause
    /// @return the pause before the next one
    public Duration unanswered(Duration tried) {
        return hurried(tried, tried);
    }

    /// Whether the quick pace is on: nobody should then wait long for one dial.
    boolean quick() {
        return quick.isPositive();
    }

    /// The server refused.
    /// @return the pause before the next dial
    public Duration refused() {
        var pause = upTo(bound);
        var doubled = bound.multipliedBy(2);
        bound = doubled.compareTo(LAST_BOUND) < 0 ? doubled : LAST_BOUND;
        return pause;
    }

    private Duration hurried(Duration spent, Duration waited) {
        quick = quick.minus(spent);
        if (!quick.isPositive()) return refused();
        var left = upTo(QUICK_BOUND).minus(waited);
        var pause = left.isNegative() ? Duration.ZERO : left;
        quick = quick.minus(pause);
        return pause;
    }

    private Duration upTo(Duration most) {
        return Duration.ofNanos(random.nextLong(most.toNanos() + 1));
    }

    static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) >= 0 ? a : b;
    }
}
