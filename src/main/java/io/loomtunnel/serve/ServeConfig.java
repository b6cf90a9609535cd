package io.loomtunnel.serve;

import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.http2.Http2Config;
import java.time.Duration;

/// What a connection of a visitor may ask for, and for how long.
///
/// @param maxRequestLine bytes of a request-line; above it 414
/// @param maxFieldBytes  bytes of a field section; above it 431
/// @param maxFields      fields of a section; above it 431
/// @param maxStreams     requests at once on an HTTP/2 connection; above it REFUSED_STREAM
/// @param headTimeout    for a request head, from its first byte; then 408
/// @param contentTimeout for each byte of a request's content while we are ready to read it; then 408
/// @param idleTimeout    for the first byte of the next request; then the connection is closed
/// @param writeTimeout   for an HTTP/2 stream without window; then it is reset. A connection's writes are the watchdog's of its listener
public record ServeConfig(int maxRequestLine, int maxFieldBytes, int maxFields, int maxStreams, Duration headTimeout,
                          Duration contentTimeout, Duration idleTimeout, Duration writeTimeout) {
    /// 8 KiB, 64 KiB, 200 fields, 100 streams; 10 s, 30 s, 75 s and 60 s.
    public static final ServeConfig DEFAULTS = new ServeConfig(8 * 1024, 64 * 1024, 200, 100,
            Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(75), Duration.ofSeconds(60));

    /// Refuses what would serve nothing.
    public ServeConfig {
        if (maxRequestLine < 1) throw new IllegalArgumentException("maxRequestLine " + maxRequestLine);
        if (maxFieldBytes < 1) throw new IllegalArgumentException("maxFieldBytes " + maxFieldBytes);
        if (maxFields < 1) throw new IllegalArgumentException("maxFields " + maxFields);
        if (maxStreams < 1) throw new IllegalArgumentException("maxStreams " + maxStreams);
        if (headTimeout.isNegative()) throw new IllegalArgumentException("headTimeout " + headTimeout);
        if (contentTimeout.isNegative()) throw new IllegalArgumentException("contentTimeout " + contentTimeout);
        if (idleTimeout.isNegative()) throw new IllegalArgumentException("idleTimeout " + idleTimeout);
        if (writeTimeout.isNegative()) throw new IllegalArgumentException("writeTimeout " + writeTimeout);
    }

    /// The same with other limits of a head.
    public ServeConfig withHeadLimits(int maxRequestLine, int maxFieldBytes, int maxFields) {
        return new ServeConfig(maxRequestLine, maxFieldBytes, maxFields, maxStreams, headTimeout, contentTimeout, idleTimeout, writeTimeout);
    }

    /// The same with other time-outs.
    public ServeConfig withTimeouts(Duration headTimeout, Duration contentTimeout, Duration idleTimeout) {
        return new ServeConfig(maxRequestLine, maxFieldBytes, maxFields, maxStreams, headTimeout, contentTimeout, idleTimeout, writeTimeout);
    }

    /// The same with another number of streams.
    public ServeConfig withMaxStreams(int maxStreams) {
        return new ServeConfig(maxRequestLine, maxFieldBytes, maxFields, maxStreams, headTimeout, contentTimeout, idleTimeout, writeTimeout);
    }

    Http1Config http1() {
        return Http1Config.DEFAULTS.withHeadLimits(maxRequestLine, maxFieldBytes, maxFields).withTimeouts(headTimeout, idleTimeout, contentTimeout);
    }

    Http2Config http2() {
        return Http2Config.PUBLIC.withMaxStreams(maxStreams).withMaxFields(maxFieldBytes, maxFields)
                .withPatience(new Http2Config.Patience(headTimeout, contentTimeout, writeTimeout));
    }
}
