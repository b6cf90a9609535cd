package io.loomtunnel.http1;

import java.time.Duration;

/// What one HTTP/1.1 connection allows its peer.
///
/// @param maxRequestLine bytes of the request-line or status-line, its CRLF included: above it 414
/// @param maxFieldBytes  of a field section, line ends included: above it 431
/// @param maxFields      of a field section: above it 431
/// @param headTimeout    from the first byte of a head to its end: then 408
/// @param idleTimeout    between two requests: then the connection is closed
/// @param contentTimeout without a byte while we are ready to read request content: then 408
/// @param drainBytes     of request content that are read and thrown away after an early response, to keep the connection
/// @param drainTimeout   how long that may take, and how long a closing connection is read so that the response arrives
public record Http1Config(int maxRequestLine, int maxFieldBytes, int maxFields, Duration headTimeout, Duration idleTimeout,
                          Duration contentTimeout, int drainBytes, Duration drainTimeout) {
    /// For connections that we accept.
    public static final Http1Config DEFAULTS = new Http1Config(8 * 1024, 64 * 1024, 200, Duration.ofSeconds(10),
            Duration.ofSeconds(75), Duration.ofSeconds(30), 256 * 1024, Duration.ofSeconds(2));
    /// For connections to origins: they may be a little larger than what visitors may send, and take their time.
    public static final Http1Config ORIGIN = new Http1Config(8 * 1024, 96 * 1024, 256, Duration.ZERO, Duration.ZERO,
            Duration.ZERO, 0, Duration.ZERO);

    public Http1Config {
        if (maxRequestLine < 1) throw new IllegalArgumentException("maxRequestLine " + maxRequestLine);
        if (maxFieldBytes < 1) throw new IllegalArgumentException("maxFieldBytes " + maxFieldBytes);
        if (maxFields < 1) throw new IllegalArgumentException("maxFields " + maxFields);
        if (drainBytes < 0) throw new IllegalArgumentException("drainBytes " + drainBytes);
    }

    public Http1Config withHeadLimits(int requestLine, int fieldBytes, int fields) {
        return new Http1Config(requestLine, fieldBytes, fields, headTimeout, idleTimeout, contentTimeout, drainBytes, drainTimeout);
    }

    public Http1Config withTimeouts(Duration head, Duration idle, Duration content) {
        return new Http1Config(maxRequestLine, maxFieldBytes, maxFields, head, idle, content, drainBytes, drainTimeout);
    }

    public Http1Config withDrain(int bytes, Duration timeout) {
        return new Http1Config(maxRequestLine, maxFieldBytes, maxFields, headTimeout, idleTimeout, contentTimeout, bytes, timeout);
    }
}
