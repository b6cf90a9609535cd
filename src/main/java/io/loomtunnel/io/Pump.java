package io.loomtunnel.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// Bytes on their way between two connections.
///
/// The end of one direction travels on as the end of that direction; the other goes on. A failure travels as a reset of both
/// connections, so that neither peer takes what it got for all there was.
public final class Pump {
    private static final int SMALL = 1024;          // what a direction holds while nothing comes: a packet of a terminal, a query

    private final Duplex near;
    private final Duplex far;
    private final AtomicReference<IOException> failure = new AtomicReference<>();
    private final AtomicInteger over = new AtomicInteger();         // directions that pass nothing any more

    private Pump(Duplex near, Duplex far) {
        this.near = near;
        this.far = far;
    }

    /// Passes bytes both ways until both directions have ended: one on the calling thread, the other on a virtual thread.
    ///
    /// A peer that takes no more may have ended in order before: what it has sent still arrives, and then its end. What the other
    /// one sends meanwhile is thrown away, since it may read no more while nobody reads from it.
    /// @param near stays the caller's to close
    /// @param far  stays the caller's to close
    /// @throws IOException a direction failed; both connections are closed, or reset when what came from one was not whole
    public static void relay(Duplex near, Duplex far) throws IOException {
        var pump = new Pump(near, far);
        var back = Thread.ofVirtual().name("loomtunnel-pump").start(() -> pump.direction(far, near));
        pump.direction(near, far);
        pump.await(back);
        var failure = pump.failure.get();
        if (failure == null) return;
        pump.close();
        throw failure;
    }

    /// Copies all that `in` brings, each piece at once. What waits for bytes is a small array; one of the process's large ones is
    /// borrowed while they come faster than that one holds.
    /// @param in  is read to its end
    /// @param out is flushed after each piece, and not ended
    /// @return how many bytes there were
    /// @throws IOException either side failed
    public static long copy(InputStream in, OutputStream out) throws IOException {
        return copy(in, out, Buffers.PROCESS);
    }

    static long copy(InputStream in, OutputStream out, Buffers buffers) throws IOException {
        var small = new byte[SMALL];
        long total = 0;
        for (int n; (n = in.read(small, 0, SMALL)) >= 0; ) {
            var large = n < SMALL || in.available() == 0 ? null : buffers.lend();
            if (large == null) {
                out.write(small, 0, n);
                out.flush();
                total += n;
                continue;
            }
            try {
                System.arraycopy(small, 0, large, 0, n);
                total += copyAvailable(in, out, large, n);
            } finally {
                buffers.giveBack(large);
            }
        }
        return total;
    }

    /// Copies what is there, and never waits for more.
    /// @param held bytes that the array has already
    private static long copyAvailable(InputStream in, OutputStream out, byte[] array, int held) throws IOException {
        long total = 0;
        do {
            int n = in.read(array, held, array.length - held);
            int length = held + Math.max(0, n);
            out.write(array, 0, length);
            out.flush();
            total += length;
            held = 0;
        } while (in.available() > 0);
        return total;
    }

    private void direction(Duplex from, Duplex to) {
        var outlet = new Outlet(to);
        try {
            from.transferTo(outlet);
            outlet.finish();
            // The other direction may only throw away by now, and would go on with that for as long as its peer sends.
            if (over.incrementAndGet() == 2 && failure.get() != null) close();
        } catch (IOException e) {
            // Where one side takes no more, the other direction is waited for; where neither does, there is none.
            boolean first = outlet.failed && failure.compareAndSet(null, e);
            failure.compareAndSet(null, e);
            if (!first) reset();
            else if (over.incrementAndGet() == 1) discard(from);
        } catch (RuntimeException | Error e) {
            reset();
            throw e;
        }
    }

    private void discard(Duplex from) {
        try {
            from.transferTo(OutputStream.nullOutputStream());
        } catch (IOException _) {
            // there is no more to be thrown away
        }
    }

    private void close() {
        close(near);
        close(far);
    }

    private static void close(Duplex duplex) {
        try {
            duplex.close();
        } catch (IOException _) {
            duplex.reset();
        }
    }

    private void reset() {
        near.reset();
        far.reset();
    }

    /// Waits for the other direction, which an interrupt ends as well.
    private void await(Thread back) {
        boolean interrupted = false;
        while (true) {
            try {
                back.join();
                break;
            } catch (InterruptedException _) {
                interrupted = true;
                reset();
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    /// Knows whether a failure was that of the side which takes.
    private static final class Outlet extends OutputStream {
        private final Duplex to;
        private final OutputStream out;
        private boolean failed;

        Outlet(Duplex to) {
            this.to = to;
            out = to.out();
        }

        @Override public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override public void write(byte[] source, int offset, int length) throws IOException {
            try {
                out.write(source, offset, length);
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }

        @Override public void flush() throws IOException {
            try {
                out.flush();
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }

        void finish() throws IOException {
            try {
                to.finish();
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }
    }
}
