package io.loomtunnel.io;

import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;

/// Arrays for bytes on their way, lent while they move. So many are lent at once, and no more: whoever gets none goes on with a small
/// array of his own, slower, but in bounded memory. `lock` guards all of it.
final class Buffers {
    /// The length of each.
    static final int SIZE = 64 * 1024;
    /// Those of this process: a sixteenth of the heap.
    static final Buffers PROCESS = new Buffers(Math.clamp(Runtime.getRuntime().maxMemory() / 16 / SIZE, 4, 4_096));

    private static final int SPARE = 32;        // kept while nobody needs them

    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<byte[]> spare = new ArrayDeque<>(SPARE);
    private final int limit;
    private int lent;

    /// @param limit how many are lent at once
    Buffers(int limit) {
        this.limit = limit;
    }

    /// An array with any content, to be given back; null when as many are lent as there may be.
    byte[] lend() {
        lock.lock();
        try {
            if (lent == limit) return null;
            lent++;
            var last = spare.pollLast();        // the one that was in use a moment ago
            if (last != null) return last;
        } finally {
            lock.unlock();
        }
        return new byte[SIZE];
    }

    void giveBack(byte[] array) {
        lock.lock();
        try {
            lent--;
            if (spare.size() < SPARE) spare.addLast(array);
        } finally {
            lock.unlock();
        }
    }

    int lent() {
        lock.lock();
        try {
            return lent;
        } finally {
            lock.unlock();
        }
    }
}
