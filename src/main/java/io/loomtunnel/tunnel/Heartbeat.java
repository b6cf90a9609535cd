package io.loomtunnel.tunnel;

import static java.lang.System.Logger.Level.DEBUG;

import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/// Finds out whether the far end of a tunnel is still there, by PING (RFC 9113 §6.7), since a cut link says nothing.
///
/// The timer of the process only looks at the clock; a PING is sent and awaited by a virtual thread that lives as long
/// as the question. A peer whose bytes arrive is there even when its answer is late: it queues behind them.
final class Heartbeat implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Heartbeat.class.getName());
    private static final int ROUND_TRIPS = 4;          // an answer may take this many of the usual ones

    private final Http2Connection connection;
    private final HeartbeatConfig config;
    private final Runnable onChange;
    private final AtomicBoolean asking = new AtomicBoolean();
    private volatile Duration roundTrip = Duration.ZERO;
    private volatile boolean suspect;
    private volatile boolean closed;
    private volatile Watchdog.Limit next;

    /// @param onChange runs on a virtual thread whenever [#suspect] has changed
    Heartbeat(Http2Connection connection, HeartbeatConfig config, Runnable onChange) {
        this.connection = connection;
        this.config = config;
        this.onChange = onChange;
    }

    void start() {
        lookAgain(config.interval());
    }

    /// Whether a PING has stayed unanswered, and the peer silent, for longer than it should.
    boolean suspect() {
        return suspect;
    }

    /// Asks now, unless the peer was heard just now or is being asked already. Returns at once.
    void ask() {
        if (connection.silence().compareTo(config.answer()) >= 0) question(() -> ask(config.answer()));
    }

    /// Closes the connection unless the peer is heard within the time for one answer. Returns at once.
    void askForTheLastTime() {
        Thread.ofVirtual().name("loomtunnel-heartbeat").start(() -> {
            try {
                connection.ping(Deadline.after(config.answer()));
            } catch (SocketTimeoutException _) {
                if (connection.silence().compareTo(config.answer()) >= 0) connection.close();
            } catch (IOException e) {
                LOG.log(DEBUG, "the tunnel ended", e);
            }
        });
    }

    /// Asks no more.
    @Override public void close() {
        closed = true;
        var pending = next;
        if (pending != null) pending.close();
    }

    private void lookAgain(Duration pause) {
        next = Watchdog.PROCESS.limit(pause, this::look);
        if (closed) close();                           // it may have been closed before `next` was set
    }

    /// On the timer's thread: no I/O here.
    private void look() {
        if (closed || !connection.isOpen()) return;
        var left = config.interval().minus(connection.silence());
        if (left.isPositive()) {
            lookAgain(left);
        } else {
            question(() -> ask(patience()));
            lookAgain(config.interval());
        }
    }

    private void question(Runnable asked) {
        if (!asking.compareAndSet(false, true)) return;
        Thread.ofVirtual().name("loomtunnel-heartbeat").start(() -> {
            try {
                asked.run();
            } finally {
                asking.set(false);
            }
        });
    }

    private void ask(Duration limit) {
        try {
            while (!answered(limit)) {
                var silence = connection.silence();
                if (silence.compareTo(config.dead()) >= 0) {
                    LOG.log(DEBUG, () -> "the tunnel is dead: silent for " + silence);
                    connection.close();
                    return;
                }
                if (silence.compareTo(config.answer()) >= 0) suspect(true);
                // Long enough to measure a round trip of more than `answer`, and over when the peer counts as dead.
                limit = Backoff.longer(config.answer(), config.dead().minus(silence));
            }
            suspect(false);
        } catch (IOException e) {
            LOG.log(DEBUG, "the tunnel ended", e);
        }
    }

    private boolean answered(Duration limit) throws IOException {
        try {
            roundTrip = connection.ping(Deadline.after(limit));
            return true;
        } catch (SocketTimeoutException _) {
            return false;
        }
    }

    private void suspect(boolean now) {
        if (suspect == now) return;
        suspect = now;
        onChange.run();
    }

    private Duration patience() {
        return Backoff.longer(config.answer(), roundTrip.multipliedBy(ROUND_TRIPS));
    }
}
