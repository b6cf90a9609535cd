package io.loomtunnel.http;

import java.io.IOException;

/// A connection that had already served a request ended before any byte of this response: most likely its peer
/// closed it while it was idle. A safe or idempotent request may be sent again (RFC 9110 §9.2.2, RFC 9112 §9.3.1).
public final class NoResponseException extends IOException {
    private static final long serialVersionUID = 1;

    /// A response that never began.
    /// @param cause how the connection ended
    public NoResponseException(Throwable cause) {
        super("the connection ended before the response", cause);
    }
}
