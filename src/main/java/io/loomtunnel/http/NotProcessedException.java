package io.loomtunnel.http;

import java.io.IOException;

/// The peer surely did nothing with the request: REFUSED_STREAM, a stream id above GOAWAY's, or a connection that takes
/// no more. Whatever its method, it may be sent again as long as none of its content was taken from its sender.
public final class NotProcessedException extends IOException {
    private static final long serialVersionUID = 1;

    /// A request that was not processed.
    /// @param detail why
    public NotProcessedException(String detail) {
        super(detail);
    }
}
