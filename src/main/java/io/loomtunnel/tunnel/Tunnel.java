package io.loomtunnel.tunnel;

import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// One attached client as its server sees it: a connection on which requests are sent, though the far side dialled it.
public final class Tunnel implements HttpConnection {
    private final Claim claim;
    private final Http2Connection connection;
    private final Heartbeat heartbeat;
    private final String mark;
    private final int renewal;                         // from this stream id on the client is asked to attach again
    private final AtomicBoolean asked = new AtomicBoolean();
    private volatile boolean withdrawn;
    private volatile String reason = "";

    /// @param onDoubt is told when the tunnel became suspect or takes streams again, on a thread of its own
    Tunnel(Claim claim, Http2Connection connection, PtthConfig config, Consumer<Tunnel> onDoubt) {
        this.claim = claim;
        this.connection = connection;
        mark = claim.client().mark();
        // Half of the ids are left for the time until then: 2^30, but for a test that begins near the end.
        renewal = config.firstStreamId() + (Integer.MAX_VALUE - config.firstStreamId()) / 2;
        heartbeat = new Heartbeat(connection, config.heartbeat(), () -> onDoubt.accept(this));
    }

    /// Who attached it.
    /// @return the name that the [Authenticator] gave the token
    public String owner() {
        return claim.owner();
    }

    /// Which connection of which process it is.
    /// @return the same at both ends
    public ClientId client() {
        return claim.client();
    }

    /// Names the process that attached it to visitors.
    /// @return the same for all its tunnels, at every server: [ClientId#mark]
    public String mark() {
        return mark;
    }

    /// What it serves.
    /// @return at least one route
    public List<Route> routes() {
        return claim.routes();
    }

    /// Where the client dialled from.
    /// @return its address
    public Peer peer() {
        return claim.peer();
    }

    /// Whether its heartbeat fails: it gets no new streams until a PING is answered.
    /// @return true while nothing is heard of it
    public boolean suspect() {
        return heartbeat.suspect();
    }

    /// Why the server ended it before its time.
    /// @return one line; empty as long as it did not
    public String reason() {
        return reason;
    }

    /// Requests under way.
    /// @return open streams
    public int streams() {
        return connection.streams();
    }

    /// Whether a new request may be sent on it now.
    /// @return false while it is suspect, leaving, or full
    public boolean accepting() {
        return !withdrawn && !heartbeat.suspect() && connection.accepting();
    }

    @Override public Transaction send(RequestHead head) throws IOException {
        var transaction = connection.send(head);
        if (connection.lastStreamId() >= renewal) askToAttachAgain();
        return transaction;
    }

    /// Tells the client to attach again, here or elsewhere (a GOAWAY of the one who sends requests has no other
    /// meaning). The tunnel serves until the new one is routable.
    void askToAttachAgain() {
        if (asked.compareAndSet(false, true)) connection.goAway();
    }

    /// Whether only the number of its streams keeps new ones away: waiting for another tunnel would be in vain.
    boolean full() {
        return connection.isOpen() && !withdrawn && !asked.get() && !heartbeat.suspect() && !connection.accepting();
    }

    /// Whether it has ended, or will with its last stream.
    boolean over() {
        return withdrawn || !connection.isOpen();
    }

    /// One round trip by PING.
    Duration ping(Deadline deadline) throws IOException {
        return connection.ping(deadline);
    }

    void start() {
        heartbeat.start();
    }

    /// Makes sure that the client is still there; returns at once.
    void ask() {
        heartbeat.ask();
    }

    /// No new streams from now on.
    void withdraw() {
        withdrawn = true;
    }

    boolean withdrawn() {
        return withdrawn;
    }

    /// A later dial has replaced it: it ends with its last stream, or soon when nobody is there any more.
    void retire() {
        withdrawn = true;
        connection.drain();
        heartbeat.askForTheLastTime();
    }

    /// Ends it with its last stream.
    void drain() {
        withdrawn = true;
        connection.drain();
    }

    /// Ends it at once when its token has lost the right to it.
    void review(Instant now) {
        var objection = claim.grant().objection(claim.routes(), now);
        if (objection.isEmpty() || !reason.isEmpty()) return;
        reason = objection;
        close();
    }

    /// Ends it at once, whatever is under way.
    void close() {
        heartbeat.close();
        connection.close();
    }

    @Override public String toString() {
        return "tunnel of " + claim.owner() + " from " + claim.peer().address() + " for " + claim.routes();
    }
}
