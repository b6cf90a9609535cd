package io.loomtunnel.pool;

import io.loomtunnel.http.GatewayException;

/// A connection in the making, on which others may count as well. The pool's lock guards it.
final class Dial {
    private int promised;                  // who waits for a place on it
    private boolean over;
    private GatewayException failure;

    void promise() {
        promised++;
    }

    int promised() {
        return promised;
    }

    /// @param why null when it succeeded
    void end(GatewayException why) {
        over = true;
        failure = why;
    }

    boolean over() {
        return over;
    }

    /// Fails when the dial has: for everybody who counted on it, so that a dead origin is not dialled once for each of them.
    void check() throws GatewayException {
        if (failure != null) throw new GatewayException(failure.status(), failure.error(), failure.getMessage(), failure);
    }
}
