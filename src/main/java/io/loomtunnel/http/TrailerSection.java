package io.loomtunnel.http;

/// What may stand in a trailer section, the same in every version of HTTP.
public final class TrailerSection {
    /// They would mean something for framing, routing, authentication or the content's handling (RFC 9110 §6.5.1).
    private static final String[] FORBIDDEN = {"transfer-encoding", "content-length", "host", "trailer", "te", "connection", "upgrade",
        "authorization", "proxy-authorization", "cookie", "set-cookie", "content-encoding", "content-type", "content-range", "expect",
        "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"};

    private TrailerSection() {}

    /// Takes out what has no place behind the content, so that no hop can merge it into the head.
    /// @param fields as they were received; changed
    /// @return the same fields
    public static Fields clean(Fields fields) {
        if (fields.isEmpty()) return fields;
        for (var name : FORBIDDEN) fields.remove(name);
        return fields;
    }
}
