package io.loomtunnel.ingress;

import java.time.Duration;

/// How much visitors may ask for at a public HTTP port, and how long they may take.
///
/// @param maxConnections  public connections served at once; further ones wait in the backlog
/// @param maxStreams      requests at once on an HTTP/2 connection, each counted until its handler has ended; above it REFUSED_STREAM
/// @param maxRequestLine  bytes of a request-line; above it 414
/// @param maxFieldBytes   bytes of a field section; above it 431
/// @param maxFields       fields of a section; above it 431
/// @param maxRequestBody  bytes of a request's content; above it 413, before anything is forwarded when the length is declared
/// @param maxResponseBody bytes of a response's content; above it 502 when the length is declared, else it is cut there
/// @param headTimeout     for a whole request head, from its first byte; then 408; in HTTP/2 for a frame or field block; then GOAWAY
/// @param contentTimeout  without a byte of request content while we are ready to read it; then 408
/// @param idleTimeout     between two requests; then the connection is closed
/// @param writeTimeout    without progress while bytes wait to be sent, HTTP/2's windows included; then the connection or the
///                        stream is reset
public record VisitorLimits(int maxConnections, int maxStreams, int maxRequestLine, int maxFieldBytes, int maxFields, long maxRequestBody,
                            long maxResponseBody, Duration headTimeout, Duration contentTimeout, Duration idleTimeout, Duration writeTimeout) {
    /// For content of any length.
    public static final long UNLIMITED = Long.MAX_VALUE;

    /// 10,000 connections of 100 streams; heads of 8 KiB and 64 KiB in 200 fields; content without limit; 10 s, 30 s, 75 s, 60 s.
    public static final VisitorLimits DEFAULTS = new VisitorLimits(10_000, 100, 8 * 1024, 64 * 1024, 200, UNLIMITED, UNLIMITED,
            Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(75), Duration.ofSeconds(60));

    /// Refuses what would serve nobody.
    public VisitorLimits {
        positive("maxConnections", maxConnections);
        positive("maxStreams", maxStreams);
        positive("maxRequestLine", maxRequestLine);
        positive("maxFieldBytes", maxFieldBytes);
        positive("maxFields", maxFields);
        if (maxRequestBody < 0) throw new IllegalArgumentException("maxRequestBody " + maxRequestBody);
        if (maxResponseBody < 0) throw new IllegalArgumentException("maxResponseBody " + maxResponseBody);
        positive("headTimeout", headTimeout);
        positive("contentTimeout", contentTimeout);
        positive("idleTimeout", idleTimeout);
        positive("writeTimeout", writeTimeout);
    }

    private static void positive(String name, int value) {
        if (value < 1) throw new IllegalArgumentException(name + " " + value);
    }

    private static void positive(String name, Duration value) {
        if (!value.isPositive()) throw new IllegalArgumentException(name + " " + value);
    }

    /// The same with another number of connections.
    /// @param limit served at once
    /// @return new limits
    public VisitorLimits withMaxConnections(int limit) {
        return new VisitorLimits(limit, maxStreams, maxRequestLine, maxFieldBytes, maxFields, maxRequestBody, maxResponseBody,
                headTimeout, contentTimeout, idleTimeout, writeTimeout);
    }

    /// The same with another number of requests at once on a connection.
    /// @param limit of an HTTP/2 connection
    /// @return new limits
    public VisitorLimits withMaxStreams(int limit) {
        return new VisitorLimits(maxConnections, limit, maxRequestLine, maxFieldBytes, maxFields, maxRequestBody, maxResponseBody,
                headTimeout, contentTimeout, idleTimeout, writeTimeout);
    }

    /// The same with other limits of a head.
    /// @param requestLine bytes
    /// @param fieldBytes  bytes
    /// @param fields      their number
    /// @return new limits
    public VisitorLimits withHead(int requestLine, int fieldBytes, int fields) {
        return new VisitorLimits(maxConnections, maxStreams, requestLine, fieldBytes, fields, maxRequestBody, maxResponseBody,
                headTimeout, contentTimeout, idleTimeout, writeTimeout);
    }

    /// The same with other limits of content.
    /// @param request  bytes, or [#UNLIMITED]
    /// @param response bytes, or [#UNLIMITED]
    /// @return new limits
    public VisitorLimits withBodies(long request, long response) {
        return new VisitorLimits(maxConnections, maxStreams, maxRequestLine, maxFieldBytes, maxFields, request, response,
                headTimeout, contentTimeout, idleTimeout, writeTimeout);
    }

    /// The same with other times.
    /// @param head    for a request head
    /// @param content without a byte of request content
    /// @param idle    between two requests
    /// @param write   without progress of a response
    /// @return new limits
    public VisitorLimits withTimeouts(Duration head, Duration content, Duration idle, Duration write) {
        return new VisitorLimits(maxConnections, maxStreams, maxRequestLine, maxFieldBytes, maxFields, maxRequestBody, maxResponseBody,
                head, content, idle, write);
    }
}
