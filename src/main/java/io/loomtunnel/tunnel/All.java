package io.loomtunnel.tunnel;

import java.util.ArrayList;
import java.util.Collection;
import java.util.function.Consumer;

/// Does the same to many at once, so that all have the whole time for it.
final class All {
    private All() {}

    /// Returns when it is done to all, or the thread is interrupted.
    static <T> void run(Collection<T> all, Consumer<T> action) {
        var threads = new ArrayList<Thread>();
        for (var each : all) threads.add(Thread.ofVirtual().name("loomtunnel-close").start(() -> action.accept(each)));
        try {
            for (var thread : threads) thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
