package io.loomtunnel.cli;

import java.io.IOException;

/// The command ends here, for a reason that one line tells the person at the terminal.
final class ExitException extends IOException {
    static final int DONE = 0;
    static final int FAILURE = 1;
    static final int USAGE = 2;
    static final int REFUSED = 3;

    private static final long serialVersionUID = 1;

    /// The exit status of the process.
    private final int status;

    private ExitException(int status, String line, Throwable cause) {
        this.status = status;
        super(line, cause);
    }

    /// What was asked for makes no sense or cannot be had: the person has to ask for something else.
    static ExitException usage(String line) {
        return new ExitException(USAGE, line, null);
    }

    static ExitException usage(String line, Throwable cause) {
        return new ExitException(USAGE, line, cause);
    }

    static ExitException failure(String line, Throwable cause) {
        return new ExitException(FAILURE, line, cause);
    }

    /// The server will not have this client.
    static ExitException refused(String reason) {
        return new ExitException(REFUSED, "refused by the server: " + reason, null);
    }

    /// The proxy on the way to the server will not have this client.
    static ExitException refusedByProxy(String reason) {
        return new ExitException(REFUSED, "refused: " + reason, null);
    }

    int status() {
        return status;
    }
}
