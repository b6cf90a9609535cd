package io.loomtunnel.tunnel;

import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.io.Deadline;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjIntConsumer;

/// One client's link with one server, made of connections that share the load, each kept by a [TunnelSession]. Visitors are served
/// while one of them is up, and what one loses is its own streams.
final class ServerSessions {
    private final List<TunnelSession> sessions = new ArrayList<>();
    private final List<ClientId> slots;

    /// @param slots    one for each connection
    /// @param listener is told what happens, and to which connection, counted from 0
    ServerSessions(TunnelDialer dialer, List<ClientId> slots, ExchangeHandler handler, ObjIntConsumer<SessionEvent> listener) {
        this.slots = slots;
        for (int i = 0; i < slots.size(); i++) {
            int number = i;
            sessions.add(new TunnelSession(dialer, slots.get(i), handler, event -> listener.accept(event, number)));
        }
    }

    void start() {
        sessions.forEach(TunnelSession::start);
    }

    /// Attaches with other routes.
    void routes(List<Route> others) {
        for (var session : sessions) session.routes(others);
    }

    List<TunnelSession> sessions() {
        return sessions;
    }

    List<ClientId> slots() {
        return slots;
    }

    /// Lets the requests under way finish until the deadline, then ends everything. May be called again with an earlier one meanwhile.
    void close(Deadline grace) {
        All.run(sessions, session -> session.close(grace));
    }
}
