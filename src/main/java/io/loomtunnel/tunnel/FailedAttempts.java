package io.loomtunnel.tunnel;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// Counts refused tokens by address: after ten within a minute an address is not listened to until the first of
/// them is a minute old. An IPv6 address counts by its /64, which one subscriber owns whole.
///
/// `lock` guards the map and its rings. Bounded: the address that failed longest ago is forgotten first.
final class FailedAttempts {
    static final int ALLOWED = 10;
    static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int MAX_ADDRESSES = 10_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final LongSupplier nanoTime;
    private final Map<InetAddress, Ring> failures = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override protected boolean removeEldestEntry(Map.Entry<InetAddress, Ring> eldest) {
            return size() > MAX_ADDRESSES;
        }
    };

    /// When the last [#ALLOWED] failures were.
    private static final class Ring {
        private final long[] times = new long[ALLOWED];
        private int count;

        void add(long now) {
            times[count++ % ALLOWED] = now;
        }

        /// The oldest of a full ring is the one that the next failure would overwrite.
        boolean fullWithin(long now) {
            return count >= ALLOWED && now - times[count % ALLOWED] < WINDOW.toNanos();
        }
    }

    /// @param nanoTime `System::nanoTime`, or a test's
    FailedAttempts(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /// Whether the address failed too often just now.
    boolean tooMany(InetAddress address) {
        lock.lock();
        try {
            var ring = failures.get(prefix(address));
            return ring != null && ring.fullWithin(nanoTime.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    void add(InetAddress address) {
        lock.lock();
        try {
            failures.computeIfAbsent(prefix(address), _ -> new Ring()).add(nanoTime.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    private static InetAddress prefix(InetAddress address) {
        if (!(address instanceof Inet6Address)) return address;
        var bytes = address.getAddress();
        Arrays.fill(bytes, 8, 16, (byte) 0);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("16 bytes are an address", e);
        }
    }
}
