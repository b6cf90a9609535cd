package io.loomtunnel.pool;

import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Connections to origins, kept for the next request. HTTP/1.1: last in, first out; a few connections stay busy and the others
/// grow old and go, and the one taken is the one least likely to have been closed by its origin. HTTP/2: one connection for
/// all requests at once, and more only when an origin allows no more streams on it.
///
/// `lock` guards what there is of each origin; dialling, asking and closing happen outside of it.
public final class ConnectionPool implements AutoCloseable {
    private static final ScheduledExecutorService EVICTOR = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("loomtunnel-evictor").factory());
    /// Idle for longer than this, a connection is looked at before it is used. The look takes a millisecond, which would
    /// be felt only by somebody who sends one request right after the other: then only what is here already is looked at, which
    /// must not become somebody's response.
    private static final long FRESH = Duration.ofMillis(10).toNanos();

    /// Nothing heard of it for longer than this, an idle HTTP/2 connection is asked before a request is trusted to it, which may be
    /// one that can't be sent twice. A shorter time would cost a round trip where nobody doubts.
    private static final Duration DOUBT = Duration.ofSeconds(1);

    private final PoolConfig config;
    private final Duration doubt;
    private final OriginDialer dialer;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition dialled = lock.newCondition();                 // a dial is over
    private final Map<Origin, Connections> origins = new HashMap<>();
    private ScheduledFuture<?> eviction;                                   // set while anything may be idle
    private boolean closed;

    /// An empty pool.
    /// @param config how connections are kept
    public ConnectionPool(PoolConfig config) {
        this(config, DOUBT);
    }

    ConnectionPool(PoolConfig config, Duration doubt) {
        this.config = config;
        this.doubt = doubt;
        dialer = new OriginDialer(config);
    }

    /// Lends a connection: a shared one, one that lies idle, or a new one.
    /// @param origin where to
    /// @return to be closed by the caller
    /// @throws GatewayException the origin cannot be reached (502), or the pool is closed (503)
    public Lease lease(Origin origin) throws GatewayException {
        return lease(origin, Purpose.REQUEST, null);
    }

    /// Lends a connection that can carry an extended CONNECT: HTTP/2 of an origin whose SETTINGS allow it (RFC 8441), else HTTP/1.1,
    /// where it is an Upgrade.
    /// @param origin where to
    /// @return to be closed by the caller
    /// @throws GatewayException the origin cannot be reached, or speaks HTTP/2 alone and without extended CONNECT (502), or the pool is
    ///         closed (503)
    public Lease leaseForUpgrade(Origin origin) throws GatewayException {
        return lease(origin, Purpose.UPGRADE, null);
    }

    /// Lends another connection for the same purpose: a new one, or a shared one of the others, whatever lies idle: when one
    /// that did has failed, the others most likely would, too.
    /// @param failed has failed; may be closed
    /// @return to be closed by the caller
    /// @throws GatewayException as above
    public Lease leaseOther(Lease failed) throws GatewayException {
        return lease(failed.origin(), failed.purpose(), failed);
    }

    /// Connections that lie idle, for all origins.
    /// @return their number
    public int idle() {
        lock.lock();
        try {
            int sum = 0;
            for (var each : origins.values()) sum += each.countIdle();
            return sum;
        } finally {
            lock.unlock();
        }
    }

    /// Requests that wait for somebody else's dial.
    int waiting(Origin origin) {
        lock.lock();
        try {
            var connections = origins.get(origin);
            return connections == null ? 0 : connections.promised();
        } finally {
            lock.unlock();
        }
    }

    private Lease lease(Origin origin, Purpose purpose, Lease failed) throws GatewayException {
        var other = failed == null ? null : failed.shared();
        Deadline deadline = null;
        while (true) {
            Connections.Idle idle = null;
            SharedConnection doubtful = null;
            Dial dial = null;
            boolean apart;
            lock.lock();
            try {
                if (closed) throw closing();
                var connections = origins.computeIfAbsent(origin, Connections::new);
                var shared = connections.take(purpose, other);
                if (shared != null) return new Lease(this, origin, purpose, shared);
                // One that leaves HTTP is used up: it may as well be a new one, which no idle time has ended.
                if (failed == null && purpose == Purpose.REQUEST) idle = connections.takeIdle();
                apart = idle == null && purpose == Purpose.UPGRADE && connections.refusesConnect();
                if (idle == null && !apart) {
                    if (deadline == null) deadline = Deadline.after(config.connectTimeout());
                    else if (deadline.passed()) throw late(origin, null);
                    dial = connections.dialWithRoom();
                    if (dial != null) {
                        await(dial, origin, deadline);
                        continue;
                    }
                    doubtful = connections.takeDoubtful(other);
                    dial = connections.begin();
                }
            } finally {
                lock.unlock();
            }
            if (idle != null) {
                boolean fresh = System.nanoTime() - idle.since() < FRESH && !idle.connection().doubtful();
                if (fresh ? !idle.connection().spoke() : !idle.connection().stale()) return new Lease(this, origin, purpose, idle.connection());
                idle.connection().close();
                continue;
            }
            if (apart) return new Lease(this, origin, purpose, dialHttp1(origin));
            var lease = dial(origin, purpose, dial, doubtful);
            if (lease != null) return lease;
        }
    }

    /// Waits until a dial of somebody else is over; under the lock.
    private void await(Dial dial, Origin origin, Deadline deadline) throws GatewayException {
        dial.promise();
        try {
            while (!dial.over()) deadline.await(dialled);
        } catch (IOException e) {
            throw late(origin, e);
        }
        dial.check();
    }

    /// Dials, unless an idle connection that is in doubt proves to live.
    /// @return null when there is a connection now that others were quicker to fill, or that does not fit the purpose
    private Lease dial(Origin origin, Purpose purpose, Dial dial, SharedConnection doubtful) throws GatewayException {
        var failure = new GatewayException(502, "proxy_internal_error", "The service could not be dialled.", null);
        HttpConnection connection = null;
        SharedConnection shared = null;
        boolean taken = false;
        try {
            if (doubtful != null && doubtful.answers()) {
                shared = doubtful;
            } else {
                connection = dialer.dial(origin, true);
                if (connection instanceof Http2Connection http2) shared = new SharedConnection(http2, doubt);
            }
            failure = null;
        } catch (GatewayException e) {
            failure = e;
            throw e;
        } finally {
            lock.lock();
            try {
                if (failure == null && closed) failure = closing();
                if (failure == null && shared != null && !shared.hasRoom()) failure = full(origin);
                var connections = origins.get(origin);
                if (failure == null && shared != null) {
                    connections.add(shared);
                    taken = purpose == Purpose.REQUEST || shared.takesConnect();
                    if (taken) shared.lease();
                    else schedule();
                } else if (connection != null) {
                    connections.oneAtATime();
                }
                connections.ended(dial);
                if (connections.isEmpty()) origins.remove(origin);
                dial.end(failure);
                dialled.signalAll();
            } finally {
                lock.unlock();
            }
        }
        if (failure != null) {
            if (shared != null) shared.end();
            else ((Http1Client) connection).close();
            throw failure;
        }
        if (shared == null) return new Lease(this, origin, purpose, (Http1Client) connection);
        if (connection instanceof Http2Connection http2) {
            var added = shared;
            http2.onGoAway(() -> leave(origin, added));
        }
        return taken ? new Lease(this, origin, purpose, shared) : null;
    }

    /// A connection for an Upgrade to an origin that takes none by HTTP/2: few WebSocket servers know RFC 8441.
    private Http1Client dialHttp1(Origin origin) throws GatewayException {
        if (!origin.secure()) throw noConnect(origin);
        try {
            return (Http1Client) dialer.dial(origin, false);
        } catch (GatewayException e) {
            throw e.error().equals("tls_alert_received") ? noConnect(origin) : e;
        }
    }

    private static GatewayException closing() {
        return new GatewayException(503, "destination_unavailable", "The way to the service is being closed.", null);
    }

    private static GatewayException late(Origin origin, IOException cause) {
        return new GatewayException(502, "connection_timeout", "The service at " + origin.authority() + " had no connection for the request in time.", cause);
    }

    private static GatewayException full(Origin origin) {
        return new GatewayException(503, "destination_unavailable", "The service at " + origin.authority() + " takes no requests now.", null);
    }

    private static GatewayException noConnect(Origin origin) {
        return new GatewayException(502, "http_upgrade_failed", "The service at " + origin.authority()
                + " speaks HTTP/2 and takes no WebSocket there (RFC 8441): its target must be http:// for that.", null);
    }

    void giveBack(Origin origin, Http1Client connection) {
        connection.rest();
        Http1Client surplus = null;
        lock.lock();
        try {
            if (closed || config.maxIdlePerHost() == 0) {
                surplus = connection;
            } else {
                surplus = origins.computeIfAbsent(origin, Connections::new).keep(connection, config.maxIdlePerHost());
                schedule();
            }
        } finally {
            lock.unlock();
        }
        if (surplus != null) surplus.close();
    }

    void giveBack(Origin origin, SharedConnection connection) {
        boolean ends;
        lock.lock();
        try {
            var connections = origins.computeIfAbsent(origin, Connections::new);
            ends = connections.giveBack(connection, config.maxIdlePerHost());
            if (connections.isEmpty()) origins.remove(origin);
            else if (connection.idle()) schedule();
        } finally {
            lock.unlock();
        }
        if (ends) connection.end();
    }

    /// The connection takes no more requests; those that are on it go on.
    private void leave(Origin origin, SharedConnection connection) {
        lock.lock();
        try {
            var connections = origins.get(origin);
            if (connections == null) return;
            connections.remove(connection);
            if (connections.isEmpty()) origins.remove(origin);
        } finally {
            lock.unlock();
        }
    }

    /// Under the lock.
    private void schedule() {
        if (eviction == null && !closed) schedule(config.evictionInterval().toNanos());
    }

    private void schedule(long nanos) {
        eviction = EVICTOR.schedule(() -> {
            var evicted = new ArrayList<Runnable>();
            lock.lock();
            try {
                long next = evict(System.nanoTime(), evicted);
                eviction = null;
                if (next > 0 && !closed) schedule(Math.max(next, config.evictionInterval().toNanos()));
            } finally {
                lock.unlock();
            }
            // Closing may take a while; the evictor serves every pool.
            if (!evicted.isEmpty()) Thread.ofVirtual().start(() -> evicted.forEach(Runnable::run));
        }, nanos, TimeUnit.NANOSECONDS);
    }

    /// Takes out what has been idle for too long; under the lock.
    /// @param now     ns, of the clock by which connections were given back
    /// @param evicted gets what is to be done to close it
    /// @return ns until the next one is due, or 0 when nothing is idle
    long evict(long now, List<Runnable> evicted) {
        long limit = config.idleTimeout().toNanos();
        long next = 0;
        for (var all = origins.values().iterator(); all.hasNext(); ) {
            var each = all.next();
            long due = each.evict(now, limit, evicted);
            if (due > 0) next = next == 0 ? due : Math.min(next, due);
            else if (each.isEmpty()) all.remove();
        }
        return next;
    }

    /// Closes what lies idle; what is in use ends with its last request.
    @Override public void close() {
        var ends = new ArrayList<Runnable>();
        lock.lock();
        try {
            closed = true;
            for (var each : origins.values()) each.clear(ends);
            if (eviction != null) eviction.cancel(false);
        } finally {
            lock.unlock();
        }
        ends.forEach(Runnable::run);
    }
}
