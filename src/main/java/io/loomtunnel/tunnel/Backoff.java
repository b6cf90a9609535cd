package io.loomtunnel.tunnel;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long a client waits before it dials again.
///
/// Two paces. A link that was up and is gone is dialled about once a second for a minute: a server that restarts finds
/// its clients back at once. After a refusal, or once the minute is over, pauses are drawn from 0 to a bound that
/// doubles from 0.5 s to 30 s ("full jitter": clients that lost one server together do not come back together), and the
/// bound starts anew only after a link was up for a minute.
///
/// Knows no clock: told how long things took. Not safe for use by two threads at once.
public final class Backoff {
    /// How long a lost link is dialled at the quick pace, and how long a link is up before all is forgiven.
    public static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final long FIRST_BOUND = Duration.ofMillis(500).toNanos();
    private static final long LAST_BOUND = Duration.ofSeconds(30).toNanos();
    private static final Duration QUICK_BOUND = Duration.ofSeconds(1);
    private static final Duration FLAPPING = Duration.ofSeconds(1);    // up for less than this is no success

    private final RandomGenerator random;
    private long bound = FIRST_BOUND;
    private Duration quick = Duration.ZERO;          // of the quick pace left

    /// A back-off at its beginning: nothing was up yet.
    /// @param random the source of the jitter
    public Backoff(RandomGenerator random) {
        this.random = random;
    }

    /// A link ended.
    /// @param up how long it was up
    public void lost(Duration up) {
        if (up.compareTo(PATIENCE) >= 0) bound = FIRST_BOUND;
        quick = up.compareTo(FLAPPING) >= 0 ? PATIENCE : Duration.ZERO;
    }

    /// A dial got no answer.
    /// @param tried how long that took
    /// @return the pause before the next one
    public Duration unanswered(Duration tried) {
        quick = quick.minus(tried);
        if (!quick.isPositive()) return refused();
        var pause = upTo(QUICK_BOUND.toNanos());
        quick = quick.minus(pause);
        return pause;
    }

    /// The server refused.
    /// @return the pause before the next dial
    public Duration refused() {
        var pause = upTo(bound);
        bound = Math.min(LAST_BOUND, bound * 2);
        return pause;
    }

    private Duration upTo(long nanos) {
        return Duration.ofNanos(random.nextLong(nanos + 1));
    }
}
