package io.loomtunnel.pool;

import io.loomtunnel.http.Hop;
import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http1.Http1Client;

/// A connection to an origin, lent for one transaction.
public final class Lease implements Hop {
    private final ConnectionPool pool;
    private final Origin origin;
    private final Http1Client connection;
    private boolean completed;
    private boolean closed;

    Lease(ConnectionPool pool, Origin origin, Http1Client connection) {
        this.pool = pool;
        this.origin = origin;
        this.connection = connection;
    }

    @Override public HttpConnection connection() {
        return connection;
    }

    /// The last byte of the response was read: [#close] gives the connection back, if its origin lets it be used again.
    @Override public void completed() {
        completed = true;
    }

    @Override public void close() {
        if (closed) return;
        closed = true;
        if (completed && connection.reusable()) pool.giveBack(origin, connection);
        else connection.close();
    }
}
