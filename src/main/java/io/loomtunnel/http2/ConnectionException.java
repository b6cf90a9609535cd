package io.loomtunnel.http2;

import java.io.IOException;

/// The connection can't go on: GOAWAY with the code, then close (RFC 9113 §5.4.1).
final class ConnectionException extends IOException {
    private static final long serialVersionUID = 1;

    private final ErrorCode code;
    private final String detail;

    ConnectionException(ErrorCode code, String detail) {
        this.code = code;
        this.detail = detail;
        super("connection: " + code + ": " + detail);
    }

    ErrorCode code() {
        return code;
    }

    /// What is wrong, without the code.
    String detail() {
        return detail;
    }
}
