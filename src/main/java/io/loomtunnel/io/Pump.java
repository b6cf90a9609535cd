package io.loomtunnel.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicReference;

/// Bytes on their way between two connections.
///
/// The end of one direction travels on as the end of that direction; the other goes on. A failure travels as a reset of both
/// connections, so that neither peer takes what it got for all there was.
public final class Pump {
    private static final int SMALL = 2 * 1024;      // what a direction holds while nothing comes
    private static final int LARGE = 64 * 1024;

    private final Duplex near;
    private final Duplex far;
    private final AtomicReference<IOException> failure = new AtomicReference<>();

    private Pump(Duplex near, Duplex far) {
        this.near = near;
        this.far = far;
    }

    /// Passes bytes both ways until both directions have ended: one on the calling thread, the other on a virtual thread.
    /// @param near stays the caller's to close
    /// @param far  stays the caller's to close
    /// @throws IOException a direction failed; both connections were reset
    public static void relay(Duplex near, Duplex far) throws IOException {
        var pump = new Pump(near, far);
        var back = Thread.ofVirtual().name("loomtunnel-pump").start(() -> pump.direction(far, near));
        pump.direction(near, far);
        pump.await(back);
        var failure = pump.failure.get();
        if (failure != null) throw failure;
    }

    /// Copies all that `in` brings, each piece at once. The array in between is small while little comes, and grows while pieces
    /// fill it.
    /// @param in  is read to its end
    /// @param out is flushed after each piece, and not ended
    /// @return how many bytes there were
    /// @throws IOException either side failed
    public static long copy(InputStream in, OutputStream out) throws IOException {
        var array = new byte[SMALL];
        long total = 0;
        for (int n; (n = in.read(array, 0, array.length)) >= 0; ) {
            out.write(array, 0, n);
            out.flush();
            total += n;
            if (n == array.length && n < LARGE) array = new byte[2 * n];
            else if (array.length > SMALL && n < array.length && in.available() == 0) array = new byte[SMALL];
        }
        return total;
    }

    private void direction(Duplex from, Duplex to) {
        boolean whole = false;
        try {
            from.transferTo(to.out());
            to.finish();
            whole = true;
        } catch (IOException e) {
            failure.compareAndSet(null, e);
        } finally {
            if (!whole) reset();
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
}
