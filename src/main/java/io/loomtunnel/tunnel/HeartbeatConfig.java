package io.loomtunnel.tunnel;

import java.time.Duration;

/// When one end of a tunnel doubts that the other is still there.
///
/// @param interval without a byte, after which a PING asks
/// @param answer   how long a PING may stay unanswered, at least; on slow links four round trips. After it the tunnel
///                 is suspect: it gets no new streams until an answer comes
/// @param dead     without a byte, after which the tunnel is closed
public record HeartbeatConfig(Duration interval, Duration answer, Duration dead) {
    /// 5 s, 1 s, 15 s.
    public static final HeartbeatConfig DEFAULTS =
            new HeartbeatConfig(Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ofSeconds(15));

    /// Refuses times that make no sense together.
    public HeartbeatConfig {
        if (!interval.isPositive()) throw new IllegalArgumentException("interval " + interval);
        if (!answer.isPositive()) throw new IllegalArgumentException("answer " + answer);
        if (dead.compareTo(interval.plus(answer)) < 0) throw new IllegalArgumentException("dead " + dead);
    }
}
