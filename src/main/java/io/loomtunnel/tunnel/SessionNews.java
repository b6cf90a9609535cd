package io.loomtunnel.tunnel;

import static java.lang.System.Logger.Level.WARNING;

import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// What many connections to several servers have to say, told one at a time: of each server only what changes anything for its visitors.
///
/// `lock` guards everything; nobody is told while it is held.
final class SessionNews {
    private static final System.Logger LOG = System.getLogger(SessionNews.class.getName());

    private final Consumer<SessionEvent> listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<String, Server> servers = new LinkedHashMap<>();
    private final Queue<SessionEvent> news = new ArrayDeque<>();
    private boolean telling;
    private String trouble = "";                       // the last one
    private boolean closed;

    /// One server's state.
    private static final class Server {
        private final BitSet up = new BitSet();        // by connection
        private SessionEvent.Attached attached;        // the last time
        private SessionEvent.Refused refused;          // null unless it was
    }

    SessionNews(Consumer<SessionEvent> listener) {
        this.listener = listener;
    }

    /// There is one server more, of which nothing is told yet.
    void joined(String server) {
        lock.lock();
        try {
            servers.putIfAbsent(server, new Server());
        } finally {
            lock.unlock();
        }
    }

    /// There is one server less, of which nothing more is told.
    void left(String server) {
        lock.lock();
        try {
            if (servers.remove(server) == null) return;
            news.add(new SessionEvent.Left(server));
            var refused = refusedByAll();
            if (refused != null) news.add(inView(refused));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        tell();
    }

    /// A server turned out to be a name only; nobody was told of it.
    void forget(String server) {
        lock.lock();
        try {
            servers.remove(server);
        } finally {
            lock.unlock();
        }
    }

    /// The servers that are attached to.
    Set<String> up() {
        lock.lock();
        try {
            var up = new HashSet<String>();
            servers.forEach((name, server) -> {
                if (!server.up.isEmpty()) up.add(name);
            });
            return up;
        } finally {
            lock.unlock();
        }
    }

    /// What one connection has to say is news only while no other of the same server serves.
    /// @param connection of the server, counted from 0
    void happened(SessionEvent event, int connection) {
        lock.lock();
        try {
            var server = servers.get(event.server());
            if (server == null) return;
            boolean others = server.up.cardinality() > (server.up.get(connection) ? 1 : 0);
            switch (event) {
                case SessionEvent.Attached attached -> {
                    server.up.set(connection);
                    others &= server.attached != null && server.attached.routes().equals(attached.routes());
                    server.attached = attached;
                }
                case SessionEvent.Lost _ -> server.up.clear(connection);
                case SessionEvent.Retrying(var _, var reason, var _) -> {
                    trouble = reason;
                    others |= connection > 0;          // all dial the same server: one of them is enough
                }
                case SessionEvent.Refused refused -> {
                    others |= server.refused != null;
                    server.refused = refused;
                }
                case SessionEvent.Kept _ -> others = connection > 0;
                case SessionEvent.Left _ -> { }
            }
            changed.signalAll();
            if (others) return;
            news.add(event instanceof SessionEvent.Refused refused ? inView(refused) : event);
        } finally {
            lock.unlock();
        }
        tell();
    }

    /// Waits until a server is attached to.
    /// @throws RefusedException none will have us
    /// @throws SocketTimeoutException not in time; the message says what the last dial failed with
    /// @throws IOException all was closed, or the thread interrupted
    SessionEvent.Attached awaitAttached(Deadline deadline) throws IOException {
        lock.lock();
        try {
            for (;;) {
                if (closed) throw new IOException("the client is closed");
                for (var server : servers.values()) if (!server.up.isEmpty()) return server.attached;
                var refused = refusedByAll();
                if (refused != null) throw new RefusedException(refused.status(), refused.reason(), Duration.ZERO);
                deadline.await(changed);
            }
        } catch (SocketTimeoutException e) {
            if (trouble.isEmpty()) throw e;
            throw (SocketTimeoutException) new SocketTimeoutException(trouble).initCause(e);
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private SessionEvent.Refused inView(SessionEvent.Refused refused) {
        return new SessionEvent.Refused(refused.server(), refused.status(), refused.reason(), refusedByAll() != null);
    }

    private SessionEvent.Refused refusedByAll() {
        SessionEvent.Refused last = null;
        for (var server : servers.values()) {
            if (server.refused == null) return null;
            last = server.refused;
        }
        return last;
    }

    /// Whoever finds nobody telling tells until there is nothing more.
    private void tell() {
        for (SessionEvent next; (next = next()) != null; ) {
            try {
                listener.accept(next);
            } catch (RuntimeException e) {
                LOG.log(WARNING, "a listener failed", e);
            } finally {
                told();
            }
        }
    }

    private SessionEvent next() {
        lock.lock();
        try {
            if (telling) return null;
            var next = news.poll();
            telling = next != null;
            return next;
        } finally {
            lock.unlock();
        }
    }

    private void told() {
        lock.lock();
        try {
            telling = false;
        } finally {
            lock.unlock();
        }
    }
}
