package io.loomtunnel.http;

import java.io.IOException;

/// One message failed and its connection may live on: the status says what the sender is told.
public class StatusException extends IOException {
    private static final long serialVersionUID = 1;

    /// The status to answer with.
    private final int status;

    /// A failure of one message.
    /// @param status 400 to 599
    /// @param detail one line for the sender to read: no secret, nothing of what it sent
    public StatusException(int status, String detail) {
        this(status, detail, null);
    }

    /// The same with a cause, which only the log sees.
    /// @param status 400 to 599
    /// @param detail one line for the sender to read
    /// @param cause  for the log, or null
    public StatusException(int status, String detail, Throwable cause) {
        if (status < 400 || status > 599) throw new IllegalArgumentException("status " + status);
        this.status = status;
        super(detail, cause);
    }

    /// The status to answer with.
    /// @return 400 to 599
    public int status() {
        return status;
    }
}
