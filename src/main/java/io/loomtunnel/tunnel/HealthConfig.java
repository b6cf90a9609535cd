package io.loomtunnel.tunnel;

import java.time.Duration;

/// How a server finds out whether the program behind a client may be given visitors, when the client asks for that.
///
/// @param interval between the checks of a program that is well
/// @param retry    between those of one that is not, or whose last check failed
/// @param timeout  for the whole answer; past it the check has failed
public record HealthConfig(Duration interval, Duration retry, Duration timeout) {
    /// 5 s, 1 s, 5 s.
    public static final HealthConfig DEFAULTS = new HealthConfig(Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ofSeconds(5));

    /// Refuses times that would keep both ends busy, or hear no answer.
    public HealthConfig {
        if (!interval.isPositive()) throw new IllegalArgumentException("interval " + interval);
        if (!retry.isPositive()) throw new IllegalArgumentException("retry " + retry);
        if (!timeout.isPositive()) throw new IllegalArgumentException("timeout " + timeout);
    }
}
