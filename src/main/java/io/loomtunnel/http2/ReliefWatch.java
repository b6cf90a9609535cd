package io.loomtunnel.http2;

import io.loomtunnel.net.Watchdog;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Looks every millisecond whether a reader is held up on a [Shortcut], as long as any are used; rests when none was for a second.
final class ReliefWatch {
    static final ReliefWatch PROCESS = new ReliefWatch();

    private static final Duration TICK = Duration.ofMillis(1);
    private static final int REST = 1_000;          // looks without anything to see

    private final Set<Shortcut> shortcuts = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean resting = new AtomicBoolean(true);
    private int idle;                               // the watchdog's thread's own

    private ReliefWatch() {}

    void add(Shortcut shortcut) {
        shortcuts.add(shortcut);
    }

    void remove(Shortcut shortcut) {
        shortcuts.remove(shortcut);
    }

    /// A piece is on its way.
    void awake() {
        if (resting.get() && resting.compareAndSet(true, false)) Watchdog.PROCESS.repeat(TICK, this::look);
    }

    /// @return whether to look again
    private boolean look() {
        if (any()) {
            idle = 0;
            return true;
        }
        if (++idle < REST) return true;
        idle = 0;
        resting.set(true);
        // Whoever began meanwhile either saw that we rest or is seen now.
        if (any()) awake();
        return false;
    }

    private boolean any() {
        boolean any = false;
        for (var shortcut : shortcuts) any |= shortcut.look();
        return any;
    }
}
