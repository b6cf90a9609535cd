package io.loomtunnel.tunnel;

import static java.lang.System.Logger.Level.WARNING;

import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/// Keeps a client attached to every address that a server's name has: each is a server of its own, with sessions of its own.
///
/// One virtual thread looks the name up, again and again and after each loss. An address that is new gets sessions at once. One that is gone
/// loses them, unless its link stands: then once another address is attached to, and not before `memory` has passed, since some resolvers
/// name a few of many addresses at a time. While the name cannot be looked up all stays as it is.
///
/// `lock` guards the fields below it; nothing is called and nobody told while it is held.
final class NamedServer {
    private static final System.Logger LOG = System.getLogger(NamedServer.class.getName());
    private static final Duration AT_MOST_EVERY = Duration.ofSeconds(1);

    /// When a name is looked up.
    ///
    /// @param resolver asked for the addresses
    /// @param interval from one look to the next
    /// @param memory   how long a link is kept whose address is gone from the name
    record Lookups(Resolver resolver, Duration interval, Duration memory) {
        static final Lookups DEFAULTS = new Lookups(Resolver.SYSTEM, Duration.ofSeconds(30), Duration.ofMinutes(1));
    }

    private final int connections;
    private final Slots slots;
    private final ExchangeHandler handler;
    private final SessionNews news;
    private final Lookups lookups;
    private final Thread thread = Thread.ofVirtual().name("loomtunnel-addresses").unstarted(this::run);
    private final Map<String, Deadline> gone = new HashMap<>();            // the thread's: until when links are kept whose address is gone

    private final ReentrantLock lock = new ReentrantLock();
    private final Changes changes = new Changes(lock);
    private final Map<String, ServerSessions> servers = new LinkedHashMap<>();     // changed by the thread only
    private final Set<ServerSessions> ending = new LinkedHashSet<>();
    private volatile TunnelDialer name;                                     // changed under the lock
    private boolean lost;                                                   // a link, since the last look
    private boolean closing;

    /// @param name        may have several addresses
    /// @param connections to each of them
    NamedServer(TunnelDialer name, int connections, Slots slots, ExchangeHandler handler, SessionNews news, Lookups lookups) {
        this.name = name;
        this.connections = connections;
        this.slots = slots;
        this.handler = handler;
        this.news = news;
        this.lookups = lookups;
        news.joined(name.server());                    // stands for its addresses until they are known
    }

    void start() {
        thread.start();
    }

    /// The sessions of all its addresses.
    List<TunnelSession> sessions() {
        var all = new ArrayList<TunnelSession>();
        lock.lock();
        try {
            for (var server : servers.values()) all.addAll(server.sessions());
        } finally {
            lock.unlock();
        }
        return all;
    }

    /// Attaches with other routes, at each address and each that will come.
    void routes(List<Route> others) {
        List<ServerSessions> all;
        lock.lock();
        try {
            name = name.withRoutes(others);
            all = List.copyOf(servers.values());
        } finally {
            lock.unlock();
        }
        for (var sessions : all) sessions.routes(others);
    }

    /// Lets the requests under way finish until the deadline, then ends everything.
    void close(Deadline grace) {
        List<ServerSessions> all;
        lock.lock();
        try {
            closing = true;
            changes.happened();
            all = new ArrayList<>(servers.values());
            all.addAll(ending);
        } finally {
            lock.unlock();
            thread.interrupt();                        // it may be waiting for the resolver
        }
        All.run(all, sessions -> sessions.close(grace));
    }

    private void run() {
        try {
            for (;;) {
                boolean known = look();
                var soonest = Deadline.after(AT_MOST_EVERY);
                var latest = known ? Deadline.after(lookups.interval) : soonest;
                for (;;) {
                    long seen = changes.seen();
                    if (over()) return;
                    letGo();
                    var next = lost() ? soonest : latest;
                    if (next.passed()) break;
                    changes.await(seen, next);
                }
            }
        } catch (IOException _) {
            // interrupted: closed
        }
    }

    /// @return whether the name could be looked up
    private boolean look() throws IOException {
        looking();
        try {
            update(name.each(lookups.resolver));
            return true;
        } catch (IOException e) {
            if (Thread.currentThread().isInterrupted()) throw e;
            // Told only as long as no address was ever known.
            news.happened(new SessionEvent.Retrying(name.server(), e.getMessage(), AT_MOST_EVERY), 0);
            return false;
        }
    }

    private void update(List<TunnelDialer> found) {
        var present = new LinkedHashMap<String, TunnelDialer>();
        for (var dialer : found) present.put(dialer.server(), dialer);
        for (var server : servers.keySet()) {
            if (present.containsKey(server)) gone.remove(server);
            else gone.computeIfAbsent(server, _ -> Deadline.after(lookups.memory));
        }
        present.forEach((server, dialer) -> {
            if (!servers.containsKey(server)) add(server, dialer);
        });
        if (!servers.containsKey(name.server())) news.forget(name.server());
    }

    private void add(String server, TunnelDialer dialer) {
        var numbers = slots.take(connections);
        if (numbers.isEmpty()) {
            LOG.log(WARNING, server + " is left alone: this client has all the connections that it can have");
            return;
        }
        var sessions = new ServerSessions(dialer, numbers, handler, this::happened);
        List<Route> wanted;
        lock.lock();
        try {
            if (closing) return;
            servers.put(server, sessions);
            wanted = name.routes();
        } finally {
            lock.unlock();
        }
        news.joined(server);
        sessions.routes(wanted);                       // they may have changed during the look-up
        sessions.start();
    }

    private void happened(SessionEvent event, int connection) {
        news.happened(event, connection);
        lock.lock();
        try {
            lost |= event instanceof SessionEvent.Lost;
            changes.happened();
        } finally {
            lock.unlock();
        }
    }

    /// Ends the links that nobody wants any more, but no link that stands before another one does.
    private void letGo() {
        if (gone.isEmpty()) return;
        var up = news.up();
        boolean other = false;
        for (var server : servers.keySet()) other |= up.contains(server) && !gone.containsKey(server);
        for (var entry : List.copyOf(gone.entrySet())) {
            boolean stands = up.contains(entry.getKey());
            if (!stands || other && entry.getValue().passed()) end(entry.getKey());
        }
    }

    private void end(String server) {
        gone.remove(server);
        ServerSessions sessions;
        lock.lock();
        try {
            sessions = servers.remove(server);
            ending.add(sessions);
        } finally {
            lock.unlock();
        }
        news.left(server);
        Thread.ofVirtual().name("loomtunnel-close").start(() -> {
            sessions.close(Deadline.NEVER);
            slots.giveBack(sessions.slots());
            lock.lock();
            try {
                ending.remove(sessions);
            } finally {
                lock.unlock();
            }
        });
    }

    private void looking() {
        lock.lock();
        try {
            lost = false;
        } finally {
            lock.unlock();
        }
    }

    private boolean lost() {
        lock.lock();
        try {
            return lost;
        } finally {
            lock.unlock();
        }
    }

    private boolean over() {
        lock.lock();
        try {
            return closing;
        } finally {
            lock.unlock();
        }
    }
}
