package io.loomtunnel.pool;

import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;

/// An HTTP/2 connection that many requests have at once. The pool's lock guards the number of its leases, which never exceeds
/// what the origin allows: a lease is a stream that may be begun.
final class SharedConnection {
    private static final Duration ANSWER = Duration.ofSeconds(1);

    private final Http2Connection connection;
    private final Duration doubt;
    private int leases;
    private long idleSince = System.nanoTime();

    /// @param doubt after so long without a sign of life an idle connection is asked for one before it is used
    SharedConnection(Http2Connection connection, Duration doubt) {
        this.connection = connection;
        this.doubt = doubt;
    }

    HttpConnection http() {
        return connection;
    }

    // ---- under the pool's lock; what the connection is asked there takes no lock of its own --------------------

    boolean hasRoom() {
        return leases < connection.maxStreams();
    }

    void lease() {
        leases++;
    }

    void giveBack() {
        if (--leases == 0) idleSince = System.nanoTime();
    }

    boolean idle() {
        return leases == 0;
    }

    long idleSince() {
        return idleSince;
    }

    /// Whether it takes no more requests: it is over, or told to end, or out of stream ids.
    boolean spent() {
        return connection.spent();
    }

    boolean doubtful() {
        return leases == 0 && connection.silence().compareTo(doubt) > 0;
    }

    int maxStreams() {
        return connection.maxStreams();
    }

    boolean takesConnect() {
        return connection.connectProtocol();
    }

    // ---- without it ---------------------------------------------------------------------------------------------

    /// Asks the origin; a connection that does not answer is closed.
    boolean answers() {
        try {
            connection.ping(Deadline.after(ANSWER));
            return true;
        } catch (IOException _) {
            connection.close();
            return false;
        }
    }

    /// Takes no new streams, and ends with the last one.
    void end() {
        connection.drain();
    }
}
