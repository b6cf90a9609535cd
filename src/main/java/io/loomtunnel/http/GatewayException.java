package io.loomtunnel.http;

/// The next hop failed us: what the visitor is told, and why in the words of RFC 9209.
public final class GatewayException extends StatusException {
    private static final long serialVersionUID = 1;

    /// A proxy error type, RFC 9209 §2.3.
    private final String error;

    /// A failure of the next hop.
    /// @param status 502, 503 or 504
    /// @param error  a proxy error type (RFC 9209 §2.3), such as `connection_refused`
    /// @param detail one line for the visitor to read
    /// @param cause  for the log, or null
    public GatewayException(int status, String error, String detail, Throwable cause) {
        this.error = error;
        super(status, detail, cause);
    }

    /// The proxy error type.
    /// @return a token of RFC 9209 §2.3
    public String error() {
        return error;
    }
}
