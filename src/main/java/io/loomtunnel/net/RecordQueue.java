package io.loomtunnel.net;

import io.loomtunnel.bytes.ByteWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The records that TLS has made and the socket has not taken yet. What JSSE writes is appended and never waits: it
/// answers key updates and alerts on the reader's thread, under locks of its own, and two peers that waited there for
/// each other's reads would wait for good.
///
/// One thread at a time is the writer. The application's takes that role before it enters JSSE, and gives it up when
/// everything is with the kernel: the queue holds no more than one piece of its data, and the hand-over to another
/// thread is saved. What is appended while nobody is the writer gets a virtual thread, by [#drain].
///
/// `lock` guards every field and is never held over I/O.
final class RecordQueue extends OutputStream {
    private static final int IDLE = 512;                // bytes that a connection at rest holds on to
    private static final int BUSY = SocketDuplex.PIECE + 1024;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition free = lock.newCondition();     // nobody is the writer, or writing failed
    private final SocketDuplex socket;
    private ByteWriter waiting = new ByteWriter(IDLE);
    private ByteWriter spare = new ByteWriter(IDLE);
    private boolean taken;              // somebody is the writer
    private boolean ending;             // nothing will be appended any more
    private boolean ended;              // and the socket's direction has ended
    private IOException failure;
    private long appended;              // bytes

    RecordQueue(SocketDuplex socket) {
        this.socket = socket;
    }

    // ---- JSSE's side -------------------------------------------------------------------------------------------

    @Override public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    /// Never waits.
    @Override public void write(byte[] source, int offset, int length) throws IOException {
        lock.lock();
        try {
            if (failure != null) throw new IOException(failure.getMessage(), failure);
            if (ending) return;
            waiting.put(source, offset, length);
            appended += length;
        } finally {
            lock.unlock();
        }
    }

    /// Our direction ends behind what is waiting.
    void end() {
        lock.lock();
        try {
            ending = true;
        } finally {
            lock.unlock();
        }
    }

    /// Bytes that JSSE has made so far.
    long appended() {
        lock.lock();
        try {
            return appended;
        } finally {
            lock.unlock();
        }
    }

    boolean ending() {
        lock.lock();
        try {
            return ending;
        } finally {
            lock.unlock();
        }
    }

    // ---- the writer's ------------------------------------------------------------------------------------------

    /// Becomes the writer; waits for another one.
    /// @throws IOException writing has failed
    void take() throws IOException {
        lock.lock();
        try {
            while (taken && failure == null) free.awaitUninterruptibly();
            if (failure != null) throw new IOException(failure.getMessage(), failure);
            taken = true;
        } finally {
            lock.unlock();
        }
    }

    /// Becomes the writer if nobody is.
    boolean tryTake() {
        lock.lock();
        try {
            if (taken || failure != null) return false;
            return taken = true;
        } finally {
            lock.unlock();
        }
    }

    /// Writes what is waiting, what is appended meanwhile included, and is the writer no longer.
    void give() throws IOException {
        lock.lock();
        try {
            writeAll();
        } finally {
            taken = false;
            free.signal();
            lock.unlock();
        }
    }

    /// Writes what is waiting, and remains the writer.
    void flushAll() throws IOException {
        lock.lock();
        try {
            writeAll();
        } finally {
            lock.unlock();
        }
    }

    /// Has a virtual thread write what is waiting, unless somebody is the writer, who will.
    void drain() {
        lock.lock();
        try {
            if (taken || failure != null || waiting.isEmpty() && ending == ended) return;
            taken = true;
        } finally {
            lock.unlock();
        }
        Thread.startVirtualThread(() -> {
            try {
                give();
            } catch (IOException _) {
                // the next write finds out
            }
        });
    }

    /// Whether everything is with the kernel, the end included.
    boolean over() {
        lock.lock();
        try {
            return ended || failure != null;
        } finally {
            lock.unlock();
        }
    }

    private void writeAll() throws IOException {
        try {
            while (!waiting.isEmpty()) {
                var full = waiting;
                waiting = spare;
                spare = full;
                lock.unlock();
                try {
                    full.writeTo(socket.out());
                } finally {
                    lock.lock();
                }
                full.reset(BUSY);
            }
            if (!ending || ended) return;
            ended = true;
            lock.unlock();
            try {
                socket.finish();
            } finally {
                lock.lock();
            }
        } catch (IOException e) {
            if (failure == null) failure = e;
            throw e;
        }
    }
}
