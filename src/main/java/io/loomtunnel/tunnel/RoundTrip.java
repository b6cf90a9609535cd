package io.loomtunnel.tunnel;

import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Asks several far ends at once whether they are there, and is content with the first answer.
final class RoundTrip {
    private RoundTrip() {}

    /// @param pings    at least one, each run on a virtual thread of its own; ends when interrupted
    /// @param deadline of all of them
    /// @return how long the first answer took
    /// @throws SocketTimeoutException nobody answered in time
    /// @throws IOException            all connections have ended
    static Duration first(Collection<Callable<Duration>> pings, Deadline deadline) throws IOException {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            return threads.invokeAny(pings, deadline.left().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SocketTimeoutException) throw silent(e);
            throw new IOException("the tunnel ended", e.getCause());
        } catch (TimeoutException e) {
            throw silent(e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    private static SocketTimeoutException silent(Exception cause) {
        var silent = new SocketTimeoutException("the other end of the tunnel does not answer");
        silent.initCause(cause);
        return silent;
    }
}
