package io.loomtunnel.http;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;

/// Request content on its way to the next hop while the response may already come: copied by a thread of its own.
///
/// That thread may still wait for the visitor when the response is complete. It is then left behind: whoever owns the
/// visitor's connection takes the content back, and ends the read.
final class Upload extends OutputStream {
    /// How long the thread may need to notice that the next hop has got everything.
    private static final Duration NOTICE = Duration.ofMillis(50);

    private final Content content;
    private final Transaction transaction;
    private final ResponseLimit limit;
    private final Thread thread;
    private volatile boolean stopped;           // nobody wants the rest
    private volatile boolean whole;
    private volatile IOException broken;
    private boolean refused;                    // the thread's own: a failure is the next hop's, and its response says why

    /// Begins to copy.
    Upload(Content content, Transaction transaction, ResponseLimit limit) {
        this.content = content;
        this.transaction = transaction;
        this.limit = limit;
        thread = Thread.ofVirtual().name("loomtunnel-upload").start(this::copy);
    }

    /// What went wrong on the visitor's side; the transaction was cancelled for it.
    /// @return null if nothing did
    IOException broken() {
        return broken;
    }

    /// The response is complete.
    /// @return whether the request is, too
    boolean finish() {
        try {
            thread.join(NOTICE);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        return whole;
    }

    /// Takes no more of the content. Returns at once; a write under way ends with the transaction.
    void stop() {
        stopped = true;
    }

    private void copy() {
        try {
            content.transferTo(this);
            refused = true;                     // from here on it can only be the next hop that fails
            transaction.content().end(content.trailers());
            whole = true;
        } catch (IOException e) {
            if (!refused && !stopped) {
                broken = e;
                transaction.cancel();
            }
        } finally {
            limit.start();
        }
    }

    @Override public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override public void write(byte[] source, int offset, int length) throws IOException {
        if (stopped) throw new IOException("the exchange is over");
        try {
            transaction.content().write(source, offset, length);
        } catch (IOException e) {
            refused = true;
            throw e;
        }
    }

    @Override public void flush() throws IOException {
        try {
            transaction.content().flush();
        } catch (IOException e) {
            refused = true;
            throw e;
        }
    }
}
