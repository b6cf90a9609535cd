package io.loomtunnel.tunnel;

import java.time.Duration;
import java.util.Set;

/// What a server asks of those who attach.
///
/// @param handshake     from the request's head to the client's SETTINGS, whole; past it the connection is closed
/// @param maxRoutes     of one connection; above it 400
/// @param names         the hosts that this server answers to, in lower case and without ports: a handshake for another
///                      one is refused with 421; empty when any name will do
/// @param heartbeat     when a client is suspect, and when it is dead
/// @param refusal       from the request's head to the answer, when a token, its rights or what others hold refuse it: the
///                      same time for all reasons; zero for none
/// @param firstStreamId of each tunnel, odd; higher ones let a test see the ids run out
public record PtthConfig(Duration handshake, int maxRoutes, Set<String> names, HeartbeatConfig heartbeat,
                         Duration refusal, int firstStreamId) {
    /// 10 s, 100 routes, any name, refusals after 100 ms.
    public static final PtthConfig DEFAULTS =
            new PtthConfig(Duration.ofSeconds(10), 100, Set.of(), HeartbeatConfig.DEFAULTS, Duration.ofMillis(100), 1);

    /// Refuses limits that let nobody in.
    public PtthConfig {
        if (!handshake.isPositive()) throw new IllegalArgumentException("handshake " + handshake);
        if (refusal.isNegative()) throw new IllegalArgumentException("refusal " + refusal);
        if (maxRoutes < 1) throw new IllegalArgumentException("maxRoutes " + maxRoutes);
        boolean odd = firstStreamId % 2 == 1;
        if (firstStreamId < 1 || !odd) throw new IllegalArgumentException("firstStreamId " + firstStreamId);
        names = Set.copyOf(names);
    }

    /// The same with another time limit.
    /// @param limit for the whole handshake
    /// @return a new configuration
    public PtthConfig withHandshake(Duration limit) {
        return new PtthConfig(limit, maxRoutes, names, heartbeat, refusal, firstStreamId);
    }

    /// The same for a server that knows its names.
    /// @param hosts in lower case, without ports
    /// @return a new configuration
    public PtthConfig withNames(Set<String> hosts) {
        return new PtthConfig(handshake, maxRoutes, hosts, heartbeat, refusal, firstStreamId);
    }

    /// The same with another heartbeat.
    /// @param times when a client is suspect, and when it is dead
    /// @return a new configuration
    public PtthConfig withHeartbeat(HeartbeatConfig times) {
        return new PtthConfig(handshake, maxRoutes, names, times, refusal, firstStreamId);
    }

    /// The same with another time for refusals.
    /// @param time from the request's head to the answer; zero for at once
    /// @return a new configuration
    public PtthConfig withRefusal(Duration time) {
        return new PtthConfig(handshake, maxRoutes, names, heartbeat, time, firstStreamId);
    }

    /// The same with stream ids that begin elsewhere.
    /// @param id odd
    /// @return a new configuration
    public PtthConfig withFirstStreamId(int id) {
        return new PtthConfig(handshake, maxRoutes, names, heartbeat, refusal, id);
    }
}
