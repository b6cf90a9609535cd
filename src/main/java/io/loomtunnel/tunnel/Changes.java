package io.loomtunnel.tunnel;

import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// What a thread waits for that looks at a state without holding its lock: that it has changed since. `lock`, the state's own, guards
/// the count of changes.
final class Changes {
    private final ReentrantLock lock;
    private final Condition changed;
    private long count;

    /// @param lock of the state
    Changes(ReentrantLock lock) {
        this.lock = lock;
        changed = lock.newCondition();
    }

    /// Something has changed; the lock is held.
    void happened() {
        count++;
        changed.signalAll();
    }

    /// How many there were: to be asked before looking, so that what changes meanwhile is not missed.
    long seen() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }

    /// Waits until there are more than were seen, or until the deadline.
    /// @throws IOException the thread was interrupted
    void await(long seen, Deadline deadline) throws IOException {
        lock.lock();
        try {
            while (count == seen) deadline.await(changed);
        } catch (SocketTimeoutException _) {
            // time to look again
        } finally {
            lock.unlock();
        }
    }

    /// Waits for the next one; the lock is held.
    /// @throws SocketTimeoutException the deadline has passed
    /// @throws IOException the thread was interrupted
    void awaitNext(Deadline deadline) throws IOException {
        deadline.await(changed);
    }
}
