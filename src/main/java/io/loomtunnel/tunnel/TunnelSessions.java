package io.loomtunnel.tunnel;

import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// One client's link with one server, made of several connections that share the load: each is a slot of one instance, kept by a
/// [TunnelSession] of its own. Visitors are served while one of them is up, and what one loses is its own streams.
///
/// `lock` guards which slots are up and what is to be told; nobody is told while it is held.
public final class TunnelSessions implements AutoCloseable {
    /// The most connections of one client.
    public static final int MOST = 100;

    private final List<TunnelSession> sessions = new ArrayList<>();
    private final Consumer<SessionEvent> listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final BitSet up = new BitSet();
    private final Queue<SessionEvent> news = new ArrayDeque<>();
    private boolean telling;

    /// Sessions; nothing is dialled before [#start].
    /// @param dialer      of the server
    /// @param connections 1 to [#MOST]
    /// @param handler     gets each request, on a virtual thread of its own
    /// @param listener    is told how visitors are served, one event at a time; it must not block for long
    public TunnelSessions(TunnelDialer dialer, int connections, ExchangeHandler handler, Consumer<SessionEvent> listener) {
        if (connections < 1 || connections > MOST) throw new IllegalArgumentException("connections " + connections);
        this.listener = listener;
        var client = ClientId.fresh();
        for (int i = 0; i < connections; i++) {
            int slot = i;
            sessions.add(new TunnelSession(dialer, client.inSlot(slot), handler, event -> happened(slot, event)));
        }
    }

    /// Dials from now on, until [#close] or a refusal for good.
    /// @throws IllegalThreadStateException it was started before
    public void start() {
        sessions.forEach(TunnelSession::start);
    }

    /// Waits until the routes are served.
    /// @param deadline of the wait
    /// @return the routes and visitors' addresses
    /// @throws RefusedException the server will not have us
    /// @throws java.net.SocketTimeoutException not in time; the message says what the last dial failed with
    /// @throws IOException the sessions were closed, or the thread interrupted
    public SessionEvent.Attached awaitAttached(Deadline deadline) throws IOException {
        return sessions.getFirst().awaitAttached(deadline);
    }

    /// A round trip through the tunnel, whichever connection is the first to answer.
    /// @param deadline of the wait
    /// @return how long it took
    /// @throws java.net.SocketTimeoutException nobody answered in time
    /// @throws IOException no connection is up; the message says why
    public Duration roundTrip(Deadline deadline) throws IOException {
        var pings = new ArrayList<Callable<Duration>>();
        IOException failure = null;
        for (var session : sessions) {
            try {
                var attachment = session.attachment();
                pings.add(() -> attachment.ping(deadline));
            } catch (IOException e) {
                failure = e;
            }
        }
        if (pings.isEmpty()) throw failure;
        return RoundTrip.first(pings, deadline);
    }

    /// Lets the requests under way finish until the deadline, then ends everything.
    /// @param grace for the requests
    public void close(Deadline grace) {
        var closing = new ArrayList<Thread>();
        for (var session : sessions) closing.add(Thread.ofVirtual().name("loomtunnel-close").start(() -> session.close(grace)));
        try {
            for (var thread : closing) thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Ends everything, giving requests under way a moment.
    @Override public void close() {
        close(Deadline.after(TunnelSession.LAST_WORDS));
    }

    /// What one connection has to say is news only while no other serves.
    private void happened(int slot, SessionEvent event) {
        lock.lock();
        try {
            boolean others = up.cardinality() > (up.get(slot) ? 1 : 0);
            switch (event) {
                case SessionEvent.Attached _ -> up.set(slot);
                case SessionEvent.Lost _ -> up.clear(slot);
                case SessionEvent.Retrying _ -> others |= slot > 0;       // all dial the same server: one of them is enough
                case SessionEvent.Refused _ -> { }
            }
            if (others) return;
            news.add(event);
            if (telling) return;
            telling = true;
        } finally {
            lock.unlock();
        }
        for (SessionEvent next; (next = nextNews()) != null; ) listener.accept(next);
    }

    private SessionEvent nextNews() {
        lock.lock();
        try {
            var next = news.poll();
            if (next == null) telling = false;
            return next;
        } finally {
            lock.unlock();
        }
    }
}
