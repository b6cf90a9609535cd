package io.loomtunnel.pool;

import io.loomtunnel.http1.Http1Client;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// What the pool has of one origin. Its lock guards all of it; nothing here dials, looks or closes.
final class Connections {
    /// An HTTP/1.1 connection that nobody uses.
    record Idle(Http1Client connection, long since) {}

    private final ArrayDeque<Idle> idle = new ArrayDeque<>();                   // the newest last
    private final ArrayList<SharedConnection> shared = new ArrayList<>(1);      // the oldest first: later ones fall idle and go
    private final ArrayDeque<Dial> dials = new ArrayDeque<>(1);
    private int perConnection;          // requests at once, as the last connection said

    Connections(Origin origin) {
        perConnection = origin.scheme() == Origin.Scheme.HTTP ? 1 : Integer.MAX_VALUE;
    }

    boolean isEmpty() {
        return idle.isEmpty() && shared.isEmpty() && dials.isEmpty();
    }

    // ---- HTTP/2 -------------------------------------------------------------------------------------------------

    /// A shared connection with a place for one more request, which is taken.
    /// @param purpose what it must be able to carry
    /// @param failed  not this one, or null
    /// @return null when there is none
    SharedConnection take(Purpose purpose, SharedConnection failed) {
        for (int i = 0; i < shared.size(); i++) {
            var each = shared.get(i);
            if (each.spent()) {
                shared.remove(i--);
            } else if (each != failed && each.hasRoom() && !each.doubtful() && (purpose == Purpose.REQUEST || each.takesConnect())) {
                each.lease();
                return each;
            }
        }
        return null;
    }

    /// A connection that must be asked whether it lives; nobody gets it meanwhile.
    /// @param failed not this one, or null
    /// @return null when there is none
    SharedConnection takeDoubtful(SharedConnection failed) {
        for (var each : shared) {
            if (each == failed || !each.doubtful()) continue;
            shared.remove(each);
            return each;
        }
        return null;
    }

    void add(SharedConnection connection) {
        perConnection = connection.maxStreams();
        shared.add(connection);
    }

    /// Counts the connection's lease as ended.
    /// @param most idle connections that are kept
    /// @return whether it must be ended, too
    boolean giveBack(SharedConnection connection, int most) {
        connection.giveBack();
        if (!connection.idle()) return false;
        if (!connection.spent() && countIdle() <= most) return false;
        shared.remove(connection);
        return true;
    }

    void remove(SharedConnection connection) {
        shared.remove(connection);
    }

    /// Whether the origin speaks HTTP/2 and takes no extended CONNECT there (RFC 8441 §3).
    boolean refusesConnect() {
        for (var each : shared) if (each.takesConnect()) return false;
        return !shared.isEmpty();
    }

    // ---- HTTP/1.1 -----------------------------------------------------------------------------------------------

    /// @return null when none lies idle
    Idle takeIdle() {
        return idle.pollLast();
    }

    /// @param most idle connections that are kept
    /// @return what is too many and must be closed, or null
    Http1Client keep(Http1Client connection, int most) {
        idle.addLast(new Idle(connection, System.nanoTime()));
        return idle.size() > most ? idle.pollFirst().connection : null;
    }

    // ---- dials --------------------------------------------------------------------------------------------------

    /// A dial under way that will have a place for one more.
    /// @return null when there is none: the caller dials
    Dial dialWithRoom() {
        for (var each : dials) if (each.promised() < perConnection - 1) return each;
        return null;
    }

    Dial begin() {
        var dial = new Dial();
        dials.add(dial);
        return dial;
    }

    int promised() {
        int sum = 0;
        for (var each : dials) sum += each.promised();
        return sum;
    }

    void ended(Dial dial) {
        dials.remove(dial);
    }

    /// The origin chose HTTP/1.1.
    void oneAtATime() {
        perConnection = 1;
    }

    // ---- all ----------------------------------------------------------------------------------------------------

    /// Connections that nobody uses.
    int countIdle() {
        int count = idle.size();
        for (var each : shared) if (each.idle() && !each.spent()) count++;
        return count;
    }

    /// Takes out what has been idle for too long.
    /// @param now     ns
    /// @param limit   ns
    /// @param evicted gets what is to be closed
    /// @return ns until the next one is due, or 0 when nothing is idle
    long evict(long now, long limit, List<Runnable> evicted) {
        while (!idle.isEmpty() && now - idle.peekFirst().since >= limit) evicted.add(idle.pollFirst().connection::close);
        long oldest = idle.isEmpty() ? -1 : now - idle.peekFirst().since;
        for (int i = 0; i < shared.size(); i++) {
            var each = shared.get(i);
            if (!each.idle()) continue;
            long age = now - each.idleSince();
            if (age >= limit || each.spent()) {
                shared.remove(i--);
                evicted.add(each::end);
            } else {
                oldest = Math.max(oldest, age);
            }
        }
        return oldest < 0 ? 0 : limit - oldest;
    }

    /// Takes everything out: what is in use ends with its last request.
    void clear(List<Runnable> ends) {
        for (var each : idle) ends.add(each.connection::close);
        for (var each : shared) ends.add(each::end);
        idle.clear();
        shared.clear();
    }
}
