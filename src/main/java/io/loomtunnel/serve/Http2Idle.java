package io.loomtunnel.serve;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.time.Duration;

/// Ends an HTTP/2 connection without requests. Its reader cannot be given a time-out, since it also waits while handlers
/// work; and a peer that only sends PINGs is idle all the same.
final class Http2Idle implements ExchangeHandler, AutoCloseable {
    private static final Duration FAREWELL = Duration.ofSeconds(10);    // from GOAWAY until nobody is waited for

    private final ExchangeHandler handler;
    private final Duration limit;
    private final boolean onlyOne;
    private volatile Deadline idleUntil;        // counted from the last request's end; moves while requests end
    private volatile Http2Connection connection;
    private volatile Watchdog.Limit next;
    private volatile boolean drained;
    private volatile boolean over;

    /// @param handler gets the requests
    /// @param limit   how long there may be none
    /// @param onlyOne whether the connection is to end with its first request
    Http2Idle(ExchangeHandler handler, Duration limit, boolean onlyOne) {
        this.handler = handler;
        this.limit = limit;
        this.onlyOne = onlyOne;
        idleUntil = Deadline.after(limit);
    }

    /// Begins to look after the connection, until [#close].
    void watch(Http2Connection connection) {
        this.connection = connection;
        lookAfter(limit);
    }

    @Override public void handle(Exchange exchange) throws IOException {
        if (onlyOne) connection.drain();
        try {
            handler.handle(exchange);
        } finally {
            idleUntil = Deadline.after(limit);
        }
    }

    @Override public void close() {
        over = true;
        next.close();
    }

    private void look() {
        if (drained) {
            connection.close();
        } else if (connection.streams() > 0) {
            lookAfter(limit);
        } else if (!idleUntil.passed()) {
            lookAfter(idleUntil.left());
        } else {
            drained = true;
            connection.drain();
            lookAfter(FAREWELL);
        }
    }

    private void lookAfter(Duration pause) {
        next = Watchdog.PROCESS.limit(pause, this::look);
        if (over) next.close();         // closed between the two: nothing may be left behind
    }
}
