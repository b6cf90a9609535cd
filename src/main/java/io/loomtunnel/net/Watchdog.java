package io.loomtunnel.net;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Ends what hangs. A blocked write of `java.net` has no time-out, and SO_TIMEOUT bounds one read, not a whole handshake
/// that drips: the watchdog resets a connection whose write made no progress for a limit, and runs an action when
/// a phase takes too long.
///
/// Progress is a piece of a write that the kernel has taken. Once its send buffer is full the kernel takes more only when about a
/// third of it was acknowledged, so a peer that reads slower than about 1 KB a second is taken for dead, too.
public final class Watchdog implements AutoCloseable {
    /// How long a write may wait without any progress.
    public static final Duration WRITE_LIMIT = Duration.ofSeconds(60);

    private static final System.Logger LOG = System.getLogger(Watchdog.class.getName());
    private static final Duration SLOWEST_SWEEP = Duration.ofSeconds(1);
    private static final int SWEEPS_PER_LIMIT = 8;      // at least: how exactly a short limit is kept

    /// The watchdog of this process; never closed.
    public static final Watchdog PROCESS = new Watchdog(WRITE_LIMIT);

    private final Set<SocketDuplex> watched = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor executor;
    private final int patience;         // sweeps in a row without progress after which a connection is reset

    /// A watchdog with a thread of its own.
    /// @param writeLimit how long a write may wait without progress; kept to about an eighth of it, or to a second
    public Watchdog(Duration writeLimit) {
        var fine = writeLimit.dividedBy(SWEEPS_PER_LIMIT);
        var pause = fine.compareTo(SLOWEST_SWEEP) < 0 ? fine : SLOWEST_SWEEP;
        if (!pause.isPositive()) throw new IllegalArgumentException("writeLimit " + writeLimit);
        patience = Math.toIntExact(writeLimit.dividedBy(pause));
        executor = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("loomtunnel-watchdog").factory());
        executor.setRemoveOnCancelPolicy(true);         // a phase that ended in time leaves nothing behind
        executor.scheduleWithFixedDelay(this::sweep, pause.toNanos(), pause.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// Bounds a phase: a handshake, a head. For what happens once a connection, not once a request.
    /// @param limit     from now
    /// @param onTimeout runs once unless the limit was closed before; on the watchdog's thread: it must not block.
    ///                  Most often `connection::reset`
    /// @return to be closed when the phase is over
    public Limit limit(Duration limit, Runnable onTimeout) {
        return new Limit(executor.schedule(() -> guarded(onTimeout), limit.toNanos(), TimeUnit.NANOSECONDS));
    }

    /// Stops watching.
    @Override public void close() {
        executor.shutdownNow();
        watched.clear();
    }

    /// How many connections are open, as far as this watchdog knows.
    int watched() {
        return watched.size();
    }

    /// Watches the writes of a connection until [#forget].
    void watch(SocketDuplex connection) {
        watched.add(connection);
    }

    void forget(SocketDuplex connection) {
        watched.remove(connection);
    }

    private void sweep() {
        for (var connection : watched) {
            if (connection.progress().sweep() < patience) continue;
            LOG.log(DEBUG, () -> "reset " + connection + ": its peer takes nothing");
            guarded(connection::reset);
        }
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
    public static final class Limit implements AutoCloseable {
        private final ScheduledFuture<?> timeout;

        private Limit(ScheduledFuture<?> timeout) {
            this.timeout = timeout;
        }

        /// Whether the time was up before the limit was closed: why the connection was reset.
        /// @return true from the time-out on
        public boolean passed() {
            return timeout.isDone() && !timeout.isCancelled();
        }

        /// The phase is over: from now on nothing happens.
        @Override public void close() {
            timeout.cancel(false);
        }
    }
}
