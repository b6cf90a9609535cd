package io.loomtunnel.tunnel;

import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/// One client's links with all its servers: those that were named, and of each every address that its name has, looked up again and again.
/// Each server is independent of the others, and has the same number of connections.
public final class TunnelSessions implements AutoCloseable {
    /// The most connections of one client to each server.
    public static final int MOST = 100;

    private final List<NamedServer> servers = new ArrayList<>();
    private final SessionNews news;

    /// Sessions with one server; nothing is dialled before [#start].
    /// @param dialer      of the server
    /// @param connections 1 to [#MOST]
    /// @param handler     gets each request, on a virtual thread of its own
    /// @param listener    is told how visitors are served, one event at a time; it must not block for long
    public TunnelSessions(TunnelDialer dialer, int connections, ExchangeHandler handler, Consumer<SessionEvent> listener) {
        this(List.of(dialer), connections, handler, listener);
    }

    /// Sessions with several servers; nothing is dialled before [#start].
    /// @param dialers     of the servers, at least one
    /// @param connections 1 to [#MOST], to each of them
    /// @param handler     gets each request, on a virtual thread of its own
    /// @param listener    is told how visitors are served, one event at a time; it must not block for long
    public TunnelSessions(List<TunnelDialer> dialers, int connections, ExchangeHandler handler, Consumer<SessionEvent> listener) {
        this(dialers, connections, handler, listener, NamedServer.Lookups.DEFAULTS);
    }

    TunnelSessions(List<TunnelDialer> dialers, int connections, ExchangeHandler handler, Consumer<SessionEvent> listener,
                   NamedServer.Lookups lookups) {
        if (connections < 1 || connections > MOST) throw new IllegalArgumentException("connections " + connections);
        if (dialers.isEmpty()) throw new IllegalArgumentException("no server is named");
        news = new SessionNews(listener);
        var slots = new Slots();
        for (var dialer : dialers) servers.add(new NamedServer(dialer, connections, slots, handler, news, lookups));
    }

    /// Dials from now on, until [#close] or a refusal for good.
    /// @throws IllegalThreadStateException it was started before
    public void start() {
        servers.forEach(NamedServer::start);
    }

    /// Waits until the routes are served by one server at least.
    /// @param deadline of the wait
    /// @return the routes and visitors' addresses
    /// @throws RefusedException no server will have us
    /// @throws java.net.SocketTimeoutException not in time; the message says what the last dial failed with
    /// @throws IOException the sessions were closed, or the thread interrupted
    public SessionEvent.Attached awaitAttached(Deadline deadline) throws IOException {
        return news.awaitAttached(deadline);
    }

    /// A round trip through the tunnel, whichever connection is the first to answer.
    /// @param deadline of the wait
    /// @return how long it took
    /// @throws java.net.SocketTimeoutException nobody answered in time
    /// @throws IOException no connection is up; the message says why
    public Duration roundTrip(Deadline deadline) throws IOException {
        var pings = new ArrayList<Callable<Duration>>();
        var failure = new IOException("not attached");
        for (var server : servers) {
            for (var session : server.sessions()) {
                try {
                    var attachment = session.attachment();
                    pings.add(() -> attachment.ping(deadline));
                } catch (IOException e) {
                    failure = e;
                }
            }
        }
        if (pings.isEmpty()) throw failure;
        return RoundTrip.first(pings, deadline);
    }

    /// Attaches with other routes, on each connection; what is attached serves until the new one does, and finishes what it has.
    /// @param others at least one
    public void routes(List<Route> others) {
        for (var server : servers) server.routes(others);
    }

    /// Lets the requests under way finish until the deadline, then ends everything.
    /// @param grace for the requests
    public void close(Deadline grace) {
        news.close();
        All.run(servers, server -> server.close(grace));
    }

    /// Ends everything, giving requests under way a moment.
    @Override public void close() {
        close(Deadline.after(TunnelSession.LAST_WORDS));
    }
}
