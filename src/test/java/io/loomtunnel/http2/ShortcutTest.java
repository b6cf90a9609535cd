package io.loomtunnel.http2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Small pieces that the connection's reader writes itself, and what becomes of it when it is held up by one.
@Timeout(30)
class ShortcutTest {
    private static final String[] CONNECT = {":method", "CONNECT", ":authority", "db:5432"};

    private final LinkedBlockingQueue<String> written = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Thread> writers = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<String> outcome = new LinkedBlockingQueue<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private volatile Thread consumer;

    @AfterEach void nobodyIsHeldUp() {
        release.countDown();
    }

    @Test void aSmallPieceIsWrittenByTheReaderWhileItsConsumerWaits() throws Exception {
        try (var client = connected(new Out())) {
            client.frame(Frame.DATA, 0, 1, "one".getBytes(ISO_8859_1));
            assertEquals("one", next(written));
            assertNotSame(consumer, next(writers));
            client.frame(Frame.DATA, 0, 1, "two".getBytes(ISO_8859_1));
            assertEquals("two", next(written));
            assertNotSame(consumer, next(writers));
            client.frame(Frame.DATA, Frame.END_STREAM, 1, "three".getBytes(ISO_8859_1));
            assertEquals("three", next(written));
            assertEquals("whole", next(outcome));
        }
    }

    @Test void whatIsLargeOrDoesNotComeAloneIsItsConsumers() throws Exception {
        try (var client = connected(new Out())) {
            client.frame(Frame.DATA, 0, 1, new byte[4 * 1024]);
            assertEquals(4 * 1024, next(written).length());
            assertSame(consumer, next(writers));
        }
    }

    @Test void aReaderThatIsHeldUpIsRelieved() throws Exception {
        try (var client = connected(new Held())) {
            client.frame(Frame.DATA, 0, 1, "one".getBytes(ISO_8859_1));
            assertNotSame(consumer, next(writers));
            for (int id = 3; id <= 7; id += 2) {
                client.headers(Frame.END_STREAM, id, RawClient.GET);
                assertEquals("HEADERS", client.outcome(id), "its neighbours are served");
            }
            client.frame(Frame.DATA, 0, 1, "two".getBytes(ISO_8859_1)).frame(Frame.DATA, Frame.END_STREAM, 1, "three".getBytes(ISO_8859_1));
            client.headers(Frame.END_STREAM, 9, RawClient.GET);
            assertEquals("HEADERS", client.outcome(9));
            assertTrue(written.isEmpty(), "nothing overtakes");
            release.countDown();
            assertEquals("one", next(written));
            var rest = new StringBuilder();
            while (rest.length() < "twothree".length()) rest.append(next(written));
            assertEquals("twothree", rest.toString());
            assertEquals("whole", next(outcome));
        }
    }

    @Test void oneThatWasHeldUpDoesItNoMoreForAWhile() throws Exception {
        try (var client = connected(new Held())) {
            client.frame(Frame.DATA, 0, 1, "one".getBytes(ISO_8859_1));
            assertNotSame(consumer, next(writers));
            client.headers(Frame.END_STREAM, 3, RawClient.GET);
            assertEquals("HEADERS", client.outcome(3));
            release.countDown();
            assertEquals("one", next(written));
            untilItWaits();
            client.frame(Frame.DATA, 0, 1, "two".getBytes(ISO_8859_1));
            assertEquals("two", next(written));
            assertSame(consumer, next(writers));
        }
    }

    @Test void theConnectionsEndIsNoticedThoughAReaderIsHeldUp() throws Exception {
        try (var client = connected(new Held())) {
            client.frame(Frame.DATA, 0, 1, "one".getBytes(ISO_8859_1));
            next(writers);
        }
        assertTrue(next(outcome).contains("ended"), "the consumer hears of it");
    }

    @Test void aResetIsNoticedThoughAReaderIsHeldUp() throws Exception {
        try (var client = connected(new Held())) {
            client.frame(Frame.DATA, 0, 1, "one".getBytes(ISO_8859_1));
            next(writers);
            client.frame(Frame.RST_STREAM, 0, 1, RawClient.int32(ErrorCode.CANCEL.ordinal()));
            assertTrue(next(outcome).contains("cancelled"));
        }
    }

    @Test void aFailedWriteIsItsConsumersFailure() throws Exception {
        var broken = new Out() {
            @Override public void write(byte[] source, int offset, int length) throws IOException {
                throw new IOException("no longer there");
            }
        };
        try (var client = connected(broken)) {
            client.frame(Frame.DATA, 0, 1, "one".getBytes(ISO_8859_1));
            assertEquals("no longer there", next(outcome));
            client.headers(Frame.END_STREAM, 3, RawClient.GET);
            assertEquals("HEADERS", client.outcome(3), "the connection goes on");
        }
    }

    @Test void itsWindowIsGivenBack() throws Exception {                        // RFC 9113 §6.9
        try (var client = connected(new Out())) {
            var piece = "x".repeat(1_000).getBytes(ISO_8859_1);
            for (int i = 0; i < 200; i++) {                                     // three windows
                client.frame(Frame.DATA, 0, 1, piece);
                assertEquals(1_000, next(written).length());
            }
        }
    }

    private RawClient connected(OutputStream out) throws Exception {
        var client = new RawClient(Http2Config.TUNNEL, exchange -> handle(exchange, out)).greet();
        client.headers(0, 1, CONNECT);
        untilItWaits();
        return client;
    }

    private void handle(Exchange exchange, OutputStream out) throws IOException {
        if (exchange.request().method().equals("GET")) {
            exchange.respond(new ResponseHead(200, new Fields())).end();
            return;
        }
        consumer = Thread.currentThread();
        try (var duplex = exchange.upgrade(new Fields())) {
            duplex.transferTo(out);
            outcome.add("whole");
        } catch (IOException e) {
            outcome.add(String.valueOf(e.getMessage()));
            release.countDown();            // as the reset of a socket ends its write
            throw e;
        }
    }

    private void untilItWaits() {
        while (consumer == null || consumer.getState() != Thread.State.WAITING) Thread.onSpinWait();
    }

    private static <T> T next(LinkedBlockingQueue<T> queue) throws InterruptedException {
        var next = queue.poll(Duration.ofSeconds(10).toNanos(), TimeUnit.NANOSECONDS);
        assertTrue(next != null, "nothing came");
        return next;
    }

    private class Out extends OutputStream {
        @Override public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override public void write(byte[] source, int offset, int length) throws IOException {
            writers.add(Thread.currentThread());
            written.add(new String(source, offset, length, ISO_8859_1));
        }
    }

    /// Takes nothing before the release.
    private final class Held extends Out {
        @Override public void write(byte[] source, int offset, int length) {
            writers.add(Thread.currentThread());
            try {
                release.await();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            written.add(new String(source, offset, length, ISO_8859_1));
        }
    }
}
