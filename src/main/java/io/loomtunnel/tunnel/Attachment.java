package io.loomtunnel.tunnel;

import static java.lang.System.Logger.Level.DEBUG;

import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/// The client's end of one tunnel: a connection that we dialled, and on which the server sends the requests.
/// A thread of its own reads it until it ends.
public final class Attachment implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Attachment.class.getName());
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final Http2Connection connection;
    private final PtthAnswer answer;
    private final Heartbeat heartbeat;
    private final Runnable onChange;
    private final Thread reader;
    private final long since = System.nanoTime();
    private volatile boolean replacementAsked;
    private volatile IOException failure;

    /// Takes over a connection whose handshake was answered with a 101.
    /// @param onChange runs whenever one of the questions below would be answered differently; it must not block
    Attachment(Http2Connection connection, PtthAnswer answer, HeartbeatConfig config, Runnable onChange) {
        this.connection = connection;
        this.answer = answer;
        this.onChange = onChange;
        heartbeat = new Heartbeat(connection, config, onChange);
        connection.onGoAway(this::askedForReplacement);
        reader = Thread.ofVirtual().name("loomtunnel-client").unstarted(this::read);
    }

    /// Reads from now on, and waits for the server's SETTINGS.
    /// @throws IOException they did not come; the connection is closed then
    void open(Deadline deadline) throws IOException {
        reader.start();
        try {
            if (!connection.awaitSettings(deadline)) throw new IOException("the server closed the connection", failure);
        } catch (IOException e) {
            connection.close();
            throw e;
        }
        heartbeat.start();
    }

    /// What the server registered.
    /// @return the routes of the 101
    public List<Route> routes() {
        return answer.routes();
    }

    /// Where visitors reach the routes.
    /// @return one URL for each route, or none when the server does not say
    public List<String> visitors() {
        return answer.visitors();
    }

    /// Whether the connection still stands.
    /// @return false for good once it ended
    public boolean isOpen() {
        return connection.isOpen();
    }

    /// Whether the server has asked us to attach again, here or elsewhere; this tunnel serves until we did.
    /// @return true after the server's GOAWAY
    public boolean replacementAsked() {
        return replacementAsked;
    }

    /// Whether nothing is heard of the server though it was asked.
    /// @return true until a PING is answered
    public boolean suspect() {
        return heartbeat.suspect();
    }

    /// One round trip to the server, by PING.
    /// @param deadline of the wait
    /// @return how long it took
    /// @throws IOException the deadline has passed, or the connection ended
    public Duration ping(Deadline deadline) throws IOException {
        return connection.ping(deadline);
    }

    /// How long it has been up.
    Duration up() {
        return Duration.ofNanos(System.nanoTime() - since);
    }

    /// Why it ended, in one line.
    String end() {
        var cause = failure;
        return cause == null || cause.getMessage() == null ? "the server closed the connection" : cause.getMessage();
    }

    /// Takes no new requests, and ends with the last one that is under way.
    void drain() {
        connection.drain();
    }

    /// Waits for the end.
    /// @return false when the deadline came first
    boolean awaitEnd(Deadline deadline) {
        try {
            return reader.join(deadline.left());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// Ends it at once, whatever is under way.
    @Override public void close() {
        heartbeat.close();
        connection.close();
        awaitEnd(Deadline.after(LAST_WORDS));
    }

    private void askedForReplacement() {
        replacementAsked = true;
        onChange.run();
    }

    private void read() {
        try {
            connection.run();
        } catch (IOException e) {
            failure = e;
            LOG.log(DEBUG, "the tunnel ended", e);
        } finally {
            heartbeat.close();
            onChange.run();
        }
    }
}
