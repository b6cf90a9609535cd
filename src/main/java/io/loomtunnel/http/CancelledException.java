package io.loomtunnel.http;

import java.io.IOException;

/// The peer gave the message up of its own will, as RST_STREAM CANCEL says: nothing broke, and whoever gets the message
/// further on is told the same.
public final class CancelledException extends IOException {
    private static final long serialVersionUID = 1;

    /// A message that was cancelled.
    /// @param detail by whom
    public CancelledException(String detail) {
        super(detail);
    }
}
