package io.loomtunnel.tunnel;

import java.io.IOException;
import java.time.Duration;

/// The server refused a handshake, and said why; or a proxy on the way to it did (407).
public final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    /// The status that it answered with.
    private final int status;
    /// How long it wants to be left alone; zero when it did not say.
    private final Duration retryAfter;

    /// A refusal.
    /// @param status     that the server answered with
    /// @param reason     one line of its content
    /// @param retryAfter zero when the server did not say
    public RefusedException(int status, String reason, Duration retryAfter) {
        this.status = status;
        this.retryAfter = retryAfter;
        super(reason);
    }

    /// The status that the server answered with.
    /// @return no 1xx and, unless the server is none of ours, 4xx or 5xx
    public int status() {
        return status;
    }

    /// The `Retry-After` of the answer.
    /// @return zero without one
    public Duration retryAfter() {
        return retryAfter;
    }

    /// Whether the same request will be refused again, so that only a person can help.
    /// @return true for 400, 401, 403, 407 and 426
    public boolean lasting() {
        return switch (status) {
            case 400, 401, 403, 407, 426 -> true;
            default -> false;
        };
    }
}
