package io.loomtunnel.tunnel;

import static java.lang.System.Logger.Level.WARNING;

import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Keeps a client attached to one server: dials, and dials again when the link is lost, in doubt, or the server asks
/// for it. A new link is up before the old one ends, wherever the old one still works.
///
/// One virtual thread does all of it; attachments only wake it, and it looks at their state. `lock` guards the fields
/// below it; nothing is called and nobody told while it is held.
public final class TunnelSession implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TunnelSession.class.getName());
    private static final Duration IN_DOUBT = Duration.ofSeconds(1);          // from one dial to the next, and for each to connect
    private static final int ROUND_TRIPS = 4;                                // of a far server: as long as its last attachment took, so many times
    static final Duration LAST_WORDS = Duration.ofSeconds(2);
    private static final int MAX_DRAINING = 32;                            // links that only finish their requests

    /// Why there is something to dial for.
    private enum Need { NOTHING, DOUBT, REPLACEMENT, LINK }

    private final String server;
    private final ExchangeHandler handler;
    private final Consumer<SessionEvent> listener;
    private final Backoff backoff;                                           // the session thread's, as the next four
    private ClientId client;
    private Duration known;                                                  // what a dial takes when the link is well; null before the first
    private Need pausing = Need.NOTHING;
    private TunnelDialer pausingFor;
    private Deadline pause = Deadline.NEVER;
    private final Thread thread = Thread.ofVirtual().name("loomtunnel-session").unstarted(this::run);

    private final ReentrantLock lock = new ReentrantLock();
    private final Changes changes = new Changes(lock);
    private final Deque<Attachment> draining = new ArrayDeque<>();
    private TunnelDialer dialer;
    private TunnelDialer served;                                             // what `current` was dialled by
    private Attachment current;
    private IOException failure;                                             // of the last dial
    private boolean refused;
    private boolean closing;

    /// A session; nothing is dialled before [#start].
    /// @param dialer   of the server
    /// @param handler  gets each request, on a virtual thread of its own
    /// @param listener is told what happens, one event at a time; it must not block for long
    public TunnelSession(TunnelDialer dialer, ExchangeHandler handler, Consumer<SessionEvent> listener) {
        this(dialer, ClientId.fresh(), handler, listener);
    }

    /// A session of one among several connections.
    TunnelSession(TunnelDialer dialer, ClientId client, ExchangeHandler handler, Consumer<SessionEvent> listener) {
        this(dialer, client, handler, listener, new Backoff(new SplittableRandom()));
    }

    TunnelSession(TunnelDialer dialer, ClientId client, ExchangeHandler handler, Consumer<SessionEvent> listener, Backoff backoff) {
        this.dialer = dialer;
        server = dialer.server();
        this.client = client;
        this.handler = handler;
        this.listener = listener;
        this.backoff = backoff;
    }

    /// Dials from now on, until [#close] or a refusal for good.
    /// @throws IllegalThreadStateException it was started before
    public void start() {
        thread.start();
    }

    /// Attaches with other routes; what is attached serves until the new one does, and finishes what it has.
    /// @param others at least one
    public void routes(List<Route> others) {
        lock.lock();
        try {
            if (Set.copyOf(others).equals(Set.copyOf(dialer.routes()))) return;
            dialer = dialer.withRoutes(others);
            changes.happened();
        } finally {
            lock.unlock();
        }
    }

    /// Waits until the routes are served.
    /// @param deadline of the wait
    /// @return the attachment's routes and visitors' addresses
    /// @throws RefusedException the server will not have us
    /// @throws SocketTimeoutException not in time; the message says what the last dial failed with
    /// @throws IOException the session was closed, or the thread interrupted
    public SessionEvent.Attached awaitAttached(Deadline deadline) throws IOException {
        lock.lock();
        try {
            while (current == null || !current.isOpen()) {
                if (refused) throw failure;
                if (closing) throw new IOException("the client is closed");
                changes.awaitNext(deadline);
            }
            return new SessionEvent.Attached(server, current.routes(), current.visitors());
        } catch (SocketTimeoutException e) {
            if (failure == null) throw e;
            var late = new SocketTimeoutException(failure.getMessage());
            late.initCause(failure);
            throw late;
        } finally {
            lock.unlock();
        }
    }

    /// The link that serves now.
    /// @throws IOException there is none; the message says why
    Attachment attachment() throws IOException {
        lock.lock();
        try {
            if (current != null && current.isOpen()) return current;
            throw failure == null ? new IOException("not attached") : new IOException("not attached: " + line(failure), failure);
        } finally {
            lock.unlock();
        }
    }

    /// Lets the requests under way finish until the deadline, then ends everything.
    /// @param grace for the requests
    public void close(Deadline grace) {
        var links = stop();
        links.forEach(Attachment::drain);
        for (var link : links) if (!link.awaitEnd(grace)) link.close();
        join();
    }

    /// Ends everything, giving requests under way a moment.
    @Override public void close() {
        close(Deadline.after(LAST_WORDS));
    }

    private List<Attachment> stop() {
        lock.lock();
        try {
            closing = true;
            changes.happened();
            var links = new ArrayList<>(draining);
            if (current != null) links.add(current);
            return links;
        } finally {
            lock.unlock();
            thread.interrupt();        // it may be dialling
        }
    }

    private void join() {
        try {
            if (thread.getState() != Thread.State.NEW) thread.join(LAST_WORDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            for (;;) {
                long seen = changes.seen();
                if (over()) return;
                noticeEnds();
                var need = need();
                var by = dialer();
                if (need == Need.NOTHING) changes.await(seen, Deadline.NEVER);
                else if (need == pausing && by == pausingFor && !pause.passed()) changes.await(seen, pause);
                else dial(need, by);
            }
        } catch (IOException _) {
            // interrupted: closed
        }
    }

    private void dial(Need need, TunnelDialer by) {
        client = client.next();
        pausingFor = by;
        long began = System.nanoTime();
        try {
            var attachment = by.attach(client, handler, this::wake, connectLimit(need, by));
            known = since(began);
            replace(attachment, by);
            pausing = Need.NOTHING;
        } catch (RefusedException e) {
            if (e.lasting()) refused(e, by);
            else retry(e, need, Backoff.longer(backoff.refused(), e.retryAfter()));
        } catch (IOException e) {
            var tried = since(began);
            retry(e, need, need == Need.DOUBT ? Backoff.longer(IN_DOUBT.minus(tried), Duration.ZERO) : backoff.unanswered(tried));
        }
    }

    /// A packet that a cut link swallowed is sent again by TCP only after seconds: a new dial finds the mended link sooner.
    private Duration connectLimit(Need need, TunnelDialer by) {
        var usual = by.connectLimit();
        if (known == null || need != Need.DOUBT && !backoff.quick()) return usual;
        var quick = Backoff.longer(IN_DOUBT, known.multipliedBy(ROUND_TRIPS));
        return quick.compareTo(usual) < 0 ? quick : usual;
    }

    private static Duration since(long began) {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    private void retry(IOException cause, Need need, Duration wait) {
        lock.lock();
        try {
            if (closing) return;
            failure = cause;
        } finally {
            lock.unlock();
        }
        pausing = need;
        pause = soon(wait);
        publish(new SessionEvent.Retrying(server, line(cause), wait));
    }

    /// For good, unless it is only the change of routes that is refused.
    private void refused(RefusedException cause, TunnelDialer by) {
        boolean kept;
        lock.lock();
        try {
            kept = current != null && current.isOpen() && served != by;
            if (kept) {
                if (dialer == by) dialer = served;
            } else {
                failure = cause;
                refused = true;
            }
            changes.happened();
        } finally {
            lock.unlock();
        }
        publish(kept ? new SessionEvent.Kept(server, cause.status(), line(cause))
                : new SessionEvent.Refused(server, cause.status(), line(cause), true));
    }

    private void replace(Attachment next, TunnelDialer by) {
        Attachment old;
        Attachment surplus = null;
        boolean late;
        lock.lock();
        try {
            late = closing;
            old = late ? next : current;
            if (!late) {
                current = next;
                served = by;
                failure = null;
                if (old != null) draining.add(old);
                if (draining.size() > MAX_DRAINING) surplus = draining.poll();
                changes.happened();
            }
        } finally {
            lock.unlock();
        }
        if (late) next.close();
        else publish(new SessionEvent.Attached(server, next.routes(), next.visitors()));
        if (!late && old != null) old.drain();
        if (surplus != null) surplus.close();
    }

    /// Forgets links that have ended, and says so when it was the one that served.
    private void noticeEnds() {
        Attachment lost = null;
        lock.lock();
        try {
            draining.removeIf(link -> !link.isOpen());
            if (current != null && !current.isOpen()) {
                lost = current;
                current = null;
            }
        } finally {
            lock.unlock();
        }
        if (lost == null) return;
        pausing = Need.LINK;
        pausingFor = dialer();
        pause = soon(backoff.lost(lost.up()));
        publish(new SessionEvent.Lost(server, lost.end()));
    }

    private Need need() {
        lock.lock();
        try {
            if (refused) return Need.NOTHING;
            if (current == null) return Need.LINK;
            if (current.suspect()) return Need.DOUBT;
            return current.replacementAsked() || served != dialer ? Need.REPLACEMENT : Need.NOTHING;
        } finally {
            lock.unlock();
        }
    }

    private TunnelDialer dialer() {
        lock.lock();
        try {
            return dialer;
        } finally {
            lock.unlock();
        }
    }

    private boolean over() {
        lock.lock();
        try {
            return closing || refused && current == null;
        } finally {
            lock.unlock();
        }
    }

    /// An attachment has changed.
    private void wake() {
        lock.lock();
        try {
            changes.happened();
        } finally {
            lock.unlock();
        }
    }

    private void publish(SessionEvent event) {
        try {
            listener.accept(event);
        } catch (RuntimeException e) {
            LOG.log(WARNING, "a listener failed", e);
        }
    }

    private static Deadline soon(Duration pause) {
        return Deadline.after(pause.plusNanos(1));     // zero would be for ever
    }

    private static String line(IOException cause) {
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}
