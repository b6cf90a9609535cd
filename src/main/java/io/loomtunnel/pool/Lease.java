package io.loomtunnel.pool;

import io.loomtunnel.http.Hop;
import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http1.Http1Client;

/// A connection to an origin, lent for one transaction: an HTTP/1.1 connection alone, or a place on an HTTP/2 connection that
/// others use at the same time.
public final class Lease implements Hop {
    private final ConnectionPool pool;
    private final Origin origin;
    private final Purpose purpose;
    private final Http1Client alone;          // one of the two is null
    private final SharedConnection shared;
    private boolean completed;
    private boolean closed;

    Lease(ConnectionPool pool, Origin origin, Purpose purpose, Http1Client alone) {
        this.pool = pool;
        this.origin = origin;
        this.purpose = purpose;
        this.alone = alone;
        shared = null;
    }

    Lease(ConnectionPool pool, Origin origin, Purpose purpose, SharedConnection shared) {
        this.pool = pool;
        this.origin = origin;
        this.purpose = purpose;
        this.shared = shared;
        alone = null;
    }

    @Override public HttpConnection connection() {
        return shared != null ? shared.http() : alone;
    }

    /// The last byte of the response was read: [#close] gives the connection back, if its origin lets it be used again. A place on
    /// an HTTP/2 connection is given back in any case.
    @Override public void completed() {
        completed = true;
    }

    @Override public void close() {
        if (closed) return;
        closed = true;
        if (shared != null) pool.giveBack(origin, shared);
        else if (completed && alone.reusable()) pool.giveBack(origin, alone);
        else alone.close();
    }

    Origin origin() {
        return origin;
    }

    Purpose purpose() {
        return purpose;
    }

    SharedConnection shared() {
        return shared;
    }
}
