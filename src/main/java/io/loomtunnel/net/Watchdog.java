package io.loomtunnel.net;

import static java.lang.System.Logger.Level.WARNING;

import io.loomtunnel.io.Deadline;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/// Ends what hangs, by a sweep every second over everything that may hang: nothing is scheduled for a single read, write
/// or request.
///
/// - A write of `java.net` has no time-out: a connection whose write made no progress for the limit is reset, unless it
///   [waits for its peer][SocketDuplex#waitForPeer]. Progress is
///   a piece that the kernel has taken; once its send buffer is full it takes more only when about a third was
///   acknowledged, so a peer that reads slower than about 1 KB a second is taken for dead, too.
/// - A read that waited for longer than [SocketDuplex#readTimeout] is ended.
/// - A connection on which no byte moved for longer than [SocketDuplex#idleTimeout] is closed.
/// - A phase that takes longer than its [#limit] has an action run: SO_TIMEOUT bounds one read, not a handshake that drips.
public final class Watchdog implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Watchdog.class.getName());
    private static final Duration SLOWEST_SWEEP = Duration.ofSeconds(1);
    private static final int SWEEPS_PER_LIMIT = 8;      // at least: how exactly a short write limit is kept
    private static final int COARSE = 5;                // sweeps: whoever waits as long does not mind one more

    /// The watchdog of this process, which grants a write 60 s; never closed.
    public static final Watchdog PROCESS = new Watchdog(Duration.ofSeconds(60));

    private final Set<SocketDuplex> connections = ConcurrentHashMap.newKeySet();
    private final Set<Limit> limits = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor executor;
    private final long pause;           // nanoseconds from sweep to sweep
    private final int patience;         // sweeps in a row without progress after which a writer's connection is reset

    /// A watchdog with a thread of its own.
    /// @param writeLimit how long a write may wait without progress; kept to about an eighth of it, or to a second
    public Watchdog(Duration writeLimit) {
        pause = Math.min(SLOWEST_SWEEP.toNanos(), writeLimit.toNanos() / SWEEPS_PER_LIMIT);
        if (pause <= 0) throw new IllegalArgumentException("writeLimit " + writeLimit);
        patience = sweeps(writeLimit);
        executor = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("loomtunnel-watchdog").factory());
        executor.scheduleWithFixedDelay(this::sweep, pause, pause, TimeUnit.NANOSECONDS);
    }

    /// Bounds a phase: a handshake, a request. As cheap as an entry in a map; a limit of five seconds or more ends up to a
    /// second late.
    /// @param limit     from now
    /// @param onTimeout runs once unless the limit was closed before; on the watchdog's thread: it must not block.
    ///                  Most often `connection::reset`
    /// @return to be closed when the phase is over
    public Limit limit(Duration limit, Runnable onTimeout) {
        var phase = new Limit(Deadline.after(limit), onTimeout);
        limits.add(phase);
        if (!coarse(limit)) executor.schedule(() -> guarded(phase::check), limit.toNanos(), TimeUnit.NANOSECONDS);
        return phase;
    }

    /// Has `action` run again and again, on the watchdog's thread: it must not block.
    /// @param pause  from the end of one run to the next
    /// @param action returns false when it need not run again
    public void repeat(Duration pause, BooleanSupplier action) {
        executor.schedule(() -> guarded(() -> {
            if (action.getAsBoolean()) repeat(pause, action);
        }), pause.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// Stops watching.
    @Override public void close() {
        executor.shutdownNow();
        connections.clear();
        limits.clear();
    }

    /// Watches the reads and writes of a connection until [#forget].
    void watch(SocketDuplex connection) {
        connections.add(connection);
    }

    void forget(SocketDuplex connection) {
        connections.remove(connection);
    }

    /// How much is being watched.
    int watched() {
        return connections.size() + limits.size();
    }

    /// Whether a time-out is long enough to be left to the sweep.
    boolean coarse(Duration limit) {
        return limit.toNanos() >= COARSE * pause;
    }

    /// A time-out in sweeps, rounded up.
    int sweeps(Duration limit) {
        return (int) Math.min(Integer.MAX_VALUE, (limit.toNanos() - 1) / pause + 1);
    }

    private void sweep() {
        for (var connection : connections) {
            guarded(connection::checkRead);
            guarded(() -> connection.checkWrite(patience));
            guarded(connection::checkIdle);
        }
        for (var limit : limits) guarded(limit::check);
    }

    /// A task that throws would end all later sweeps without a word.
    private static void guarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.log(WARNING, "a time-out's action failed", e);
        }
    }

    /// The time limit of one phase.
    public final class Limit implements AutoCloseable {
        private final Deadline deadline;
        private final AtomicReference<Runnable> onTimeout;      // null once it ran or the phase is over
        private volatile boolean passed;

        private Limit(Deadline deadline, Runnable onTimeout) {
            this.deadline = deadline;
            this.onTimeout = new AtomicReference<>(onTimeout);
        }

        /// Whether the action ran, or runs: why the connection was reset.
        /// @return true from the time-out on
        public boolean passed() {
            return passed;
        }

        /// The phase is over: from now on nothing happens.
        @Override public void close() {
            onTimeout.set(null);
            limits.remove(this);
        }

        private void check() {
            if (!deadline.passed()) return;
            var action = onTimeout.getAndSet(null);
            if (action == null) return;
            passed = true;
            limits.remove(this);
            action.run();
        }
    }
}
