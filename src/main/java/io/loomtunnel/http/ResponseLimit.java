package io.loomtunnel.http;

import io.loomtunnel.net.Watchdog;
import java.time.Duration;

/// How long a response may be in coming. It counts from the end of the request, which another thread may reach than the one
/// that waits; when it has passed the transaction is cancelled. The watchdog counts, since a timed wait costs two wake-ups of
/// a platform thread.
final class ResponseLimit implements AutoCloseable {
    private final Duration limit;
    private final Transaction transaction;
    private volatile Watchdog.Limit running;
    private volatile boolean closed;

    ResponseLimit(Duration limit, Transaction transaction) {
        this.limit = limit;
        this.transaction = transaction;
    }

    /// The request has ended.
    void start() {
        if (limit.isZero() || closed) return;
        var started = Watchdog.PROCESS.limit(limit, transaction::cancel);
        running = started;
        if (closed) started.close();        // the response came meanwhile, and did not see this one
    }

    /// An interim response came; does nothing while the request goes on.
    void restart() {
        var earlier = running;
        if (earlier == null) return;
        earlier.close();
        start();
    }

    /// Whether the response was too late.
    boolean passed() {
        var last = running;
        return last != null && last.passed();
    }

    /// The response came, or is not waited for any longer.
    @Override public void close() {
        closed = true;
        var last = running;
        if (last != null) last.close();
    }
}
