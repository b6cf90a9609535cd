package io.loomtunnel.http2;

import java.time.Duration;

/// What one HTTP/2 connection allows its peer.
///
/// @param maxStreams    streams that the peer may have open at once, each counted until its handler has ended
/// @param maxFrameSize  bytes of a frame's payload that we accept, 16,384 to 2^24−1; what we send follows the peer's value
/// @param maxFieldBytes of a field section, counted as RFC 9113 §6.5.2 does (32 more for each field): above it 431
/// @param maxFields     of a field section: above it 431
/// @param connect       whether extended CONNECT is offered (RFC 8441 §3)
/// @param guarded       whether floods of cheap frames end the connection: public ones; a tunnel carries many visitors, of
///                      whom one must not end it for all
/// @param firstStreamId the first id that we use as the client: odd; higher ones let a test reach the end of the ids
/// @param patience      how long we wait for the peer in the midst of something
/// @param quota         bounds our streams together with those of other connections; null when none do
public record Http2Config(int maxStreams, int maxFrameSize, int maxFieldBytes, int maxFields, boolean connect,
                          boolean guarded, int firstStreamId, Patience patience, StreamQuota quota) {
    /// How long we wait for the peer in the midst of something; zero for ever.
    ///
    /// @param head    for a frame or field block, from its first byte on, and for the answer to our SETTINGS: then GOAWAY
    /// @param content without a byte of request content while we are ready to read it: then 408
    /// @param write   without window for what we have to send: then RST_STREAM
    public record Patience(Duration head, Duration content, Duration write) {
        /// With peers that we trust.
        public static final Patience ENDLESS = new Patience(Duration.ZERO, Duration.ZERO, Duration.ZERO);
        /// 10 s, 30 s, 60 s.
        public static final Patience PUBLIC = new Patience(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(60));
    }

    /// For connections that visitors open.
    public static final Http2Config PUBLIC = new Http2Config(100, 16 * 1024, 64 * 1024, 200, true, true, 1, Patience.PUBLIC, null);
    /// For tunnels, at either end. What a public connection let through must fit, with what the server adds.
    public static final Http2Config TUNNEL = new Http2Config(100_000, 64 * 1024, 96 * 1024, 256, true, false, 1, Patience.ENDLESS, null);
    /// For connections to origins.
    public static final Http2Config ORIGIN = new Http2Config(0, 16 * 1024, 96 * 1024, 256, false, false, 1, Patience.ENDLESS, null);

    public Http2Config {
        if (maxStreams < 0) throw new IllegalArgumentException("maxStreams " + maxStreams);
        if (maxFrameSize < 16_384 || maxFrameSize > 0xffffff) throw new IllegalArgumentException("maxFrameSize " + maxFrameSize);
        if (maxFieldBytes < 1) throw new IllegalArgumentException("maxFieldBytes " + maxFieldBytes);
        if (maxFields < 1) throw new IllegalArgumentException("maxFields " + maxFields);
        if (firstStreamId < 1 || firstStreamId % 2 == 0) throw new IllegalArgumentException("firstStreamId " + firstStreamId);
    }

    public Http2Config withMaxStreams(int limit) {
        return new Http2Config(limit, maxFrameSize, maxFieldBytes, maxFields, connect, guarded, firstStreamId, patience, quota);
    }

    public Http2Config withMaxFields(int bytes, int count) {
        return new Http2Config(maxStreams, maxFrameSize, bytes, count, connect, guarded, firstStreamId, patience, quota);
    }

    public Http2Config withFirstStreamId(int id) {
        return new Http2Config(maxStreams, maxFrameSize, maxFieldBytes, maxFields, connect, guarded, id, patience, quota);
    }

    public Http2Config withPatience(Patience patience) {
        return new Http2Config(maxStreams, maxFrameSize, maxFieldBytes, maxFields, connect, guarded, firstStreamId, patience, quota);
    }

    public Http2Config withQuota(StreamQuota quota) {
        return new Http2Config(maxStreams, maxFrameSize, maxFieldBytes, maxFields, connect, guarded, firstStreamId, patience, quota);
    }
}
