package io.loomtunnel.pool;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.net.Dialer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// Connections to origins, kept for the next request. Last in, first out: a few connections stay busy and the others
/// grow old and go, and the one taken is the one least likely to have been closed by its origin.
///
/// `lock` guards the idle connections; dialling, looking and closing happen outside of it.
public final class ConnectionPool implements AutoCloseable {
    private static final ScheduledExecutorService EVICTOR = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("loomtunnel-evictor").factory());
    /// Idle for longer than this, a connection is looked at before it is used. The look takes a millisecond, which would
    /// be felt only by somebody who sends one request right after the other.
    private static final long FRESH = Duration.ofMillis(10).toNanos();

    private final PoolConfig config;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Origin, ArrayDeque<Idle>> idle = new HashMap<>();    // the newest last
    private ScheduledFuture<?> eviction;                                   // set while anything is idle
    private boolean closed;

    private record Idle(Http1Client connection, long since) {}

    /// An empty pool.
    /// @param config how connections are kept
    public ConnectionPool(PoolConfig config) {
        this.config = config;
    }

    /// Lends a connection: one that lies idle, or a new one.
    /// @param origin where to
    /// @return to be closed by the caller
    /// @throws GatewayException the origin cannot be reached (502), or the pool is closed (503)
    public Lease lease(Origin origin) throws GatewayException {
        for (Idle candidate; (candidate = take(origin)) != null; ) {
            if (System.nanoTime() - candidate.since < FRESH || !candidate.connection.stale()) return new Lease(this, origin, candidate.connection);
            candidate.connection.close();
        }
        return leaseNew(origin);
    }

    /// Lends a new connection, whatever lies idle: when one that did has failed, the others most likely would, too.
    /// @param origin where to
    /// @return to be closed by the caller
    /// @throws GatewayException the origin cannot be reached (502)
    public Lease leaseNew(Origin origin) throws GatewayException {
        return new Lease(this, origin, dial(origin));
    }

    /// Connections that lie idle, for all origins.
    /// @return their number
    public int idle() {
        lock.lock();
        try {
            int sum = 0;
            for (var each : idle.values()) sum += each.size();
            return sum;
        } finally {
            lock.unlock();
        }
    }

    private Idle take(Origin origin) throws GatewayException {
        lock.lock();
        try {
            if (closed) throw new GatewayException(503, "destination_unavailable", "The way to the service is being closed.", null);
            var connections = idle.get(origin);
            if (connections == null) return null;
            var newest = connections.pollLast();
            if (connections.isEmpty()) idle.remove(origin);
            return newest;
        } finally {
            lock.unlock();
        }
    }

    private Http1Client dial(Origin origin) throws GatewayException {
        try {
            var duplex = Dialer.DEFAULT.connect(origin.host(), origin.port(), config.connectTimeout());
            return new Http1Client(duplex, new ByteReader(duplex.in(), MemoryBudget.PROCESS), Http1Config.ORIGIN);
        } catch (UnknownHostException e) {
            throw new GatewayException(502, "dns_error", "The service's name " + origin.host() + " is not known here.", e);
        } catch (SocketTimeoutException e) {
            throw new GatewayException(502, "connection_timeout", "The service at " + origin.authority() + " did not take a connection in time.", e);
        } catch (ConnectException e) {
            throw new GatewayException(502, "connection_refused",
                    "The service at " + origin.authority() + " refused the connection: most likely it is not running.", e);
        } catch (IOException e) {
            throw new GatewayException(502, "destination_unavailable", "No connection to the service at " + origin.authority() + ": " + e.getMessage() + ".", e);
        }
    }

    void giveBack(Origin origin, Http1Client connection) {
        connection.rest();
        Http1Client surplus = null;
        lock.lock();
        try {
            if (closed || config.maxIdlePerHost() == 0) {
                surplus = connection;
            } else {
                var connections = idle.computeIfAbsent(origin, _ -> new ArrayDeque<>());
                connections.addLast(new Idle(connection, System.nanoTime()));
                if (connections.size() > config.maxIdlePerHost()) surplus = connections.pollFirst().connection;
                if (eviction == null) schedule(config.evictionInterval().toNanos());
            }
        } finally {
            lock.unlock();
        }
        if (surplus != null) surplus.close();
    }

    /// Under the lock.
    private void schedule(long nanos) {
        eviction = EVICTOR.schedule(() -> {
            var evicted = new ArrayList<Http1Client>();
            lock.lock();
            try {
                long next = evict(System.nanoTime(), evicted);
                eviction = null;
                if (next > 0 && !closed) schedule(Math.max(next, config.evictionInterval().toNanos()));
            } finally {
                lock.unlock();
            }
            // Closing may take a while; the evictor serves every pool.
            if (!evicted.isEmpty()) Thread.ofVirtual().start(() -> evicted.forEach(Http1Client::close));
        }, nanos, TimeUnit.NANOSECONDS);
    }

    /// Takes out what has been idle for too long; under the lock.
    /// @param now     ns, of the clock by which connections were given back
    /// @param evicted gets what is to be closed
    /// @return ns until the next one is due, or 0 when nothing is idle
    long evict(long now, List<Http1Client> evicted) {
        long limit = config.idleTimeout().toNanos();
        long next = 0;
        for (var connections = idle.values().iterator(); connections.hasNext(); ) {
            var each = connections.next();
            while (!each.isEmpty() && now - each.peekFirst().since >= limit) evicted.add(each.pollFirst().connection);
            if (each.isEmpty()) {
                connections.remove();
                continue;
            }
            long due = limit - (now - each.peekFirst().since);
            next = next == 0 ? due : Math.min(next, due);
        }
        return next;
    }

    /// Closes what lies idle; leases that are out are closed when they come back.
    @Override public void close() {
        var all = new ArrayList<Http1Client>();
        lock.lock();
        try {
            closed = true;
            for (var each : idle.values()) for (var one : each) all.add(one.connection);
            idle.clear();
            if (eviction != null) eviction.cancel(false);
        } finally {
            lock.unlock();
        }
        all.forEach(Http1Client::close);
    }
}
