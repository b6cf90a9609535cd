package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Whether the peer of a connection is still there while its request is being handled. `java.net` tells only by reading, so an
/// exchange that has lasted a moment gets a watcher. A sweep over the connections finds those: an exchange that is
/// over sooner, as most are, costs two writes to a field.
final class Presence {
    /// How old an exchange is when it gets a watcher.
    private static final long MOMENT = Duration.ofMillis(50).toNanos();
    /// A read that took no longer found what was there before.
    private static final long AT_ONCE = Duration.ofMillis(5).toNanos();
    private static final long SWEEP = Duration.ofMillis(25).toNanos();

    private enum State { IDLE, RUNNING, WATCHED }

    private static final Set<Presence> ALL = ConcurrentHashMap.newKeySet();
    private static final ReentrantLock SWEEPING = new ReentrantLock();
    private static final ScheduledExecutorService SWEEPER = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("loomtunnel-presence").factory());
    private static ScheduledFuture<?> sweep;             // null while there is no connection

    private final ByteReader in;
    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();    // state is no longer WATCHED
    private volatile long since;
    private volatile boolean over;                              // the exchange: its peer may go
    private volatile Runnable gone;

    Presence(ByteReader in) {
        this.in = in;
    }

    void open() {
        ALL.add(this);
        SWEEPING.lock();
        try {
            if (sweep == null) sweep = SWEEPER.scheduleWithFixedDelay(Presence::sweep, SWEEP, SWEEP, TimeUnit.NANOSECONDS);
        } finally {
            SWEEPING.unlock();
        }
    }

    void close() {
        ALL.remove(this);
        state.compareAndSet(State.RUNNING, State.IDLE);
    }

    /// From now on nobody but a watcher reads, until [#end].
    /// @param gone runs on the watcher's thread when the peer has left
    void begin(Runnable gone) {
        this.gone = gone;
        over = false;
        since = System.nanoTime();
        state.set(State.RUNNING);
    }

    /// The exchange is over. A watcher may still be reading: [#await] comes before the next read.
    void end() {
        over = true;
        state.compareAndSet(State.RUNNING, State.IDLE);
    }

    /// Waits until nobody else reads.
    /// @return false when the deadline passed before
    boolean await(Deadline deadline) {
        if (state.get() != State.WATCHED) return true;
        lock.lock();
        try {
            while (state.get() == State.WATCHED) deadline.await(returned);
            return true;
        } catch (IOException e) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void left() {
        if (!over) gone.run();
    }

    private static void sweep() {
        long now = System.nanoTime();
        for (var each : ALL) {
            if (each.state.get() == State.RUNNING && now - each.since > MOMENT && each.state.compareAndSet(State.RUNNING, State.WATCHED)) {
                Thread.ofVirtual().start(each::watch);
            }
        }
        SWEEPING.lock();
        try {
            if (!ALL.isEmpty() || sweep == null) return;
            sweep.cancel(false);
            sweep = null;
        } finally {
            SWEEPING.unlock();
        }
    }

    private void watch() {
        long began = System.nanoTime();
        try {
            // A byte is the next request's first, and is left to the next read. An end that is there already may be a half-close,
            // which comes with the request; one that comes later is a peer who does not want the response any more.
            if (in.available() == 0 && !in.fill() && System.nanoTime() - began > AT_ONCE) left();
        } catch (SocketTimeoutException e) {
            // nothing was heard, which is no news
        } catch (IOException e) {
            left();
        } finally {
            lock.lock();
            try {
                state.set(State.IDLE);
                returned.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
