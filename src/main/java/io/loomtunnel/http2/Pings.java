package io.loomtunnel.http2;

import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// What we wait for the peer to answer on stream 0: SETTINGS and PING; and the round trip that both of them measure.
final class Pings {
    private final Outbound outbound;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<Long, Long> sent = new HashMap<>();     // PING data to when it was sent; gone once answered
    private long next;
    private long settingsSent;
    private boolean settingsAcknowledged;
    private Watchdog.Limit settingsLimit;                       // of the wait for the acknowledgement; the reader's
    private boolean settingsArrived;
    private IOException failure;
    private volatile long roundTrip;

    Pings(Outbound outbound) {
        this.outbound = outbound;
    }

    /// Smoothed, in ns; 0 before the first answer.
    long roundTrip() {
        return roundTrip;
    }

    void settingsSent() {
        settingsSent = System.nanoTime();
    }

    /// Bounds the wait for the peer's SETTINGS and for its answer to ours (RFC 9113 §6.5.3).
    void bound(Watchdog.Limit limit) {
        settingsLimit = limit;
    }

    void settingsAcknowledged() {
        if (settingsAcknowledged) return;
        lock.lock();
        try {
            settingsAcknowledged = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (settingsLimit != null) settingsLimit.close();
        measured(System.nanoTime() - settingsSent);
    }

    /// Whether the peer's SETTINGS are still to come, which must be its first frame (RFC 9113 §3.4).
    boolean firstFrame() {
        return !settingsArrived;
    }

    void settingsArrived() {
        lock.lock();
        try {
            settingsArrived = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// @param answered whether the answer to ours is waited for, too
    boolean awaitSettings(Deadline deadline, boolean answered) throws IOException {
        lock.lock();
        try {
            while (!settingsArrived || answered && !settingsAcknowledged) {
                if (failure != null) return false;
                deadline.await(changed);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    Duration ping(Deadline deadline) throws IOException {
        long data;
        lock.lock();
        try {
            if (failure != null) throw failure;
            data = ++next;
            sent.put(data, System.nanoTime());
        } finally {
            lock.unlock();
        }
        outbound.ping(0, data);
        lock.lock();
        try {
            long began = sent.getOrDefault(data, System.nanoTime());
            while (sent.containsKey(data)) {
                if (failure != null) throw failure;
                deadline.await(changed);
            }
            return Duration.ofNanos(System.nanoTime() - began);
        } finally {
            sent.remove(data);
            lock.unlock();
        }
    }

    /// @return whether we had asked
    boolean answered(long data) {
        lock.lock();
        try {
            var began = sent.remove(data);
            if (began == null) return false;
            measured(System.nanoTime() - began);
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    void fail(IOException why) {
        if (settingsLimit != null) settingsLimit.close();
        lock.lock();
        try {
            if (failure == null) failure = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void measured(long nanos) {
        roundTrip = roundTrip == 0 ? nanos : (7 * roundTrip + nanos) / 8;
    }
}
