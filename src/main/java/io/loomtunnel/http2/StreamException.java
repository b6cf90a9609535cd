package io.loomtunnel.http2;

import java.io.IOException;

/// One stream failed and its siblings live on (RFC 9113 §5.4.2). Either side may have reset it.
final class StreamException extends IOException {
    private static final long serialVersionUID = 1;

    private final int id;
    private final ErrorCode code;
    private final String detail;

    StreamException(int streamId, ErrorCode code, String detail) {
        this.id = streamId;
        this.code = code;
        this.detail = detail;
        super("stream " + streamId + ": " + code + ": " + detail);
    }

    int id() {
        return id;
    }

    ErrorCode code() {
        return code;
    }

    /// What is wrong, without stream and code.
    String detail() {
        return detail;
    }
}
