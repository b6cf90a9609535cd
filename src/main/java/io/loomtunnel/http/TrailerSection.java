package io.loomtunnel.http;

import java.util.Set;

/// What may stand in a trailer section, the same in every version of HTTP.
public final class TrailerSection {
    /// They would mean something for framing, routing, authentication, the request's or the content's handling (RFC 9110 §6.5.1), or
    /// for one connection (§7.6.1).
    private static final Set<String> FORBIDDEN = Set.of(
        "transfer-encoding", "content-length", "trailer", "te", "connection", "keep-alive", "proxy-connection", "upgrade", "http2-settings",
        "host", "max-forwards", "via", "expect", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
        "cache-control", "pragma", "age", "expires", "vary", "location", "retry-after",
        "authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "cookie", "set-cookie",
        "content-encoding", "content-type", "content-range", "forwarded", "x-real-ip");

    private static final String FAMILY = "x-forwarded-";

    private TrailerSection() {}

    /// Takes out what has no place behind the content, so that no hop can merge it into the head.
    /// @param fields as they were received; changed
    /// @return the same fields
    public static Fields clean(Fields fields) {
        if (!fields.isEmpty()) fields.removeIf(i -> forbidden(fields.name(i).replace('_', '-')));       // some origins take one for the other
        return fields;
    }

    private static boolean forbidden(String name) {
        return FORBIDDEN.contains(name) || name.startsWith(FAMILY);
    }
}
