package io.loomtunnel.http;

/// The control data and header section of a request (RFC 9110 §6), free of any version's syntax.
///
/// @param method    case-sensitive
/// @param scheme    `http` or `https`; empty for a CONNECT without `protocol`
/// @param authority host and optional port, as the visitor wrote it; empty when it sent none (HTTP/1.0)
/// @param path      path and query exactly as sent, `*` for OPTIONS; empty for a CONNECT without `protocol`
/// @param protocol  the `:protocol` of an extended CONNECT (RFC 8441 §4); empty for every other request
/// @param fields    without `host`, which is `authority`; the owner of the head may change them
public record RequestHead(String method, String scheme, String authority, String path, String protocol, Fields fields) {
    /// An ordinary request.
    /// @param method    case-sensitive
    /// @param scheme    `http` or `https`
    /// @param authority host and optional port
    /// @param path      path and query, or `*`
    /// @param fields    without `host`
    public RequestHead(String method, String scheme, String authority, String path, Fields fields) {
        this(method, scheme, authority, path, "", fields);
    }

    /// The same control data with other fields.
    /// @param fields replace these
    /// @return a new head
    public RequestHead with(Fields fields) {
        return new RequestHead(method, scheme, authority, path, protocol, fields);
    }

    /// Whether the method is defined as safe (RFC 9110 §9.2.1).
    /// @return true for GET, HEAD, OPTIONS and TRACE
    public boolean safe() {
        return switch (method) {
            case "GET", "HEAD", "OPTIONS", "TRACE" -> true;
            default -> false;
        };
    }

    /// Whether sending the request twice has the effect of sending it once (RFC 9110 §9.2.2).
    /// @return true for the safe methods, PUT and DELETE
    public boolean idempotent() {
        return safe() || method.equals("PUT") || method.equals("DELETE");
    }
}
