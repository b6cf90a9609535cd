package io.loomtunnel.http2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What streams cost one another on one connection, played without a clock: the peer reads when everybody waits.
@Timeout(30)
class FairnessTest {
    private static final int FRAME = 16 * 1024;                     // what a peer takes that says nothing else
    private static final int PIPE = 1 << 20;                        // what the far end of RawClient holds unread
    private static final int BUFFERED = PIPE + 4 * 64 * 1024;       // and the wire buffers in front of it
    private static final int BULK = 3 << 20;

    private final ConcurrentLinkedQueue<Thread> writers = new ConcurrentLinkedQueue<>();
    private final CountDownLatch release = new CountDownLatch(1);

    @Test void streamsTakeTurnsFrameByFrame() throws Exception {
        try (var client = opened(this::bulk)) {
            for (int id = 1; id <= 7; id += 2) client.headers(Frame.END_STREAM, id, RawClient.GET);
            untilAllWait(4);
            var all = new HashMap<Integer, Integer>();
            var got = new HashMap<Integer, Integer>();          // since everybody has been waiting
            int buffered = 0;
            do {
                if (!(client.next() instanceof Frame.Data data)) continue;
                buffered += data.length();
                all.merge(data.streamId(), data.length(), Integer::sum);
                if (buffered > BUFFERED) got.merge(data.streamId(), data.length(), Integer::sum);
            } while (!all.containsValue(BULK));
            assertEquals(4, got.size(), "everybody had his turn");
            int apart = Collections.max(got.values()) - Collections.min(got.values());
            assertTrue(apart <= 2 * FRAME, got + ": " + apart + " bytes apart");
        }
    }

    @Test void whoComesLateWaitsForOneTurnOfEachAndNotForWhatTheyHaveLeft() throws Exception {
        try (var client = opened(exchange -> {
            if (exchange.request().path().equals("/")) bulk(exchange);
            else respond(exchange, 100);
        })) {
            for (int id = 1; id <= 5; id += 2) client.headers(Frame.END_STREAM, id, RawClient.GET);
            untilAllWait(3);
            client.headers(Frame.END_STREAM, 7, ":method", "GET", ":scheme", "http", ":authority", "a.example", ":path", "/small");
            untilAllWait(4);
            long before = 0;
            for (Frame frame; !((frame = client.next()) instanceof Frame.Data data && data.streamId() == 7); ) {
                if (frame instanceof Frame.Data data) before += data.length();
            }
            assertTrue(before <= BUFFERED + 3 * FRAME, before + " bytes of others first");
        }
    }

    @Test void answersGoBeforeTheContentThatWaits() throws Exception {          // PING: RFC 9113 §6.7
        try (var client = opened(this::bulk)) {
            for (int id = 1; id <= 7; id += 2) client.headers(Frame.END_STREAM, id, RawClient.GET);
            untilAllWait(4);
            client.frame(Frame.PING, 0, 0, RawClient.int64(7));
            long before = 0;
            for (Frame frame; !((frame = client.next()) instanceof Frame.Ping); ) {
                if (frame instanceof Frame.Data data) before += data.length();
            }
            assertTrue(before <= BUFFERED, before + " bytes first");
        }
    }

    @Test void creditGoesBeforeTheContentThatWaitsAndIsMerged() throws Exception {      // RFC 9113 §6.9
        var read = new Semaphore(0);
        try (var client = opened(exchange -> {
            if (exchange.request().method().equals("GET")) {
                bulk(exchange);
                return;
            }
            while (exchange.content().readNBytes(FRAME).length == FRAME) read.release();
        })) {
            for (int id = 1; id <= 7; id += 2) client.headers(Frame.END_STREAM, id, RawClient.GET);
            untilAllWait(4);
            client.headers(0, 9, RawClient.POST);
            // The stream's own WINDOW_UPDATE waits, too, and counts: it was meant when the content arrived.
            int window = ReceiveWindow.START;
            for (int i = 0; i < window; i += FRAME) client.frame(Frame.DATA, 0, 9, new byte[FRAME]);
            read.acquire(window / FRAME);
            int due = 2 * window - MemoryBudget.PROCESS.initialWindow(window);
            long before = 0;
            while (true) {
                var frame = client.next();
                if (frame instanceof Frame.Data data) before += data.length();
                if (!(frame instanceof Frame.WindowUpdate(var id, var increment) && id == 9)) continue;
                assertTrue(increment >= due, increment + " of " + due + " in the first");
                break;
            }
            assertTrue(before <= BUFFERED, before + " bytes first");
        }
    }

    @Test void aResetGoesBeforeTheContentThatWaits() throws Exception {                 // RFC 9113 §6.4
        try (var client = opened(this::bulk)) {
            for (int id = 1; id <= 7; id += 2) client.headers(Frame.END_STREAM, id, RawClient.GET);
            untilAllWait(4);
            client.frame(Frame.WINDOW_UPDATE, 0, 3, RawClient.int32(0));
            long before = 0;
            for (Frame frame; !((frame = client.next()) instanceof Frame.RstStream(var id, _) && id == 3); ) {
                if (frame instanceof Frame.Data data) before += data.length();
            }
            assertTrue(before <= BUFFERED, before + " bytes first");
        }
    }

    @Test void aStreamWithoutWindowCostsItsNeighboursNothing() throws Exception {     // RFC 9113 §6.9
        try (var client = new RawClient(Http2Config.TUNNEL, this::bulk)) {
            client.raw(RawClient.PREFACE.getBytes(ISO_8859_1))
                    .frame(Frame.SETTINGS, 0, 0, RawClient.setting(Settings.INITIAL_WINDOW_SIZE, 0)).frame(Frame.SETTINGS, Frame.ACK, 0)
                    .frame(Frame.WINDOW_UPDATE, 0, 0, RawClient.int32(1 << 30));
            for (int id = 1; id <= 9; id += 2) client.headers(Frame.END_STREAM, id, RawClient.GET);
            client.frame(Frame.WINDOW_UPDATE, 0, 9, RawClient.int32(1 << 30));
            long got = 0;
            for (boolean over = false; !over; ) {
                if (!(client.next() instanceof Frame.Data data)) continue;
                assertEquals(9, data.streamId(), "the others have no window");
                got += data.length();
                over = data.endStream();
            }
            assertEquals(BULK, got);
        }
    }

    @Test void whatNobodyReadsGetsNoMoreWindow() throws Exception {             // RFC 9113 §6.9.1
        var entered = new CountDownLatch(1);
        try (var client = opened(exchange -> {
            entered.countDown();
            await(release);
            respond(exchange, 0);
        })) {
            client.headers(0, 1, RawClient.POST);
            entered.await();
            int window = window(client);
            for (int left = window; left > 0; left -= FRAME) client.frame(Frame.DATA, 0, 1, new byte[Math.min(left, FRAME)]);
            client.frame(Frame.PING, 0, 0, RawClient.int64(2));
            for (Frame frame; !((frame = client.next()) instanceof Frame.Ping); ) {
                assertTrue(!(frame instanceof Frame.WindowUpdate update && update.streamId() == 1), "nobody has read a byte");
            }
            client.frame(Frame.DATA, 0, 1, new byte[1]);
            assertEquals("RST FLOW_CONTROL_ERROR", client.outcome(1));
            release.countDown();
        }
    }

    @Test void newStreamsAreRefusedWhileThreeQuartersOfTheBudgetAreUsed() throws Exception {
        try (var client = opened(exchange -> respond(exchange, 0)); var _ = new Used(MemoryBudget.PROCESS.limit() / 4 * 3 + 4)) {
            client.headers(Frame.END_STREAM, 1, RawClient.GET);
            assertEquals("RST REFUSED_STREAM", client.outcome(1));
        }
    }

    @Test void whoHeldMostForLongestIsResetOnceTheBudgetIsOut() throws Exception {
        try (var client = opened(exchange -> await(release))) {
            for (int id = 1; id <= 5; id += 2) client.headers(0, id, RawClient.POST);
            client.frame(Frame.DATA, 0, 1, new byte[10]).frame(Frame.DATA, 0, 3, new byte[1_500]).frame(Frame.PING, 0, 0, RawClient.int64(1));
            while (!(client.next() instanceof Frame.Ping)) { }
            try (var _ = new Used(MemoryBudget.PROCESS.limit())) {
                client.frame(Frame.DATA, 0, 5, new byte[10]);
                assertEquals("RST ENHANCE_YOUR_CALM", client.outcome(3));
            }
            release.countDown();
        }
    }

    /// So much of the process's budget, as if others held it.
    private record Used(long bytes) implements AutoCloseable {
        Used {
            MemoryBudget.PROCESS.charge(bytes);
        }

        @Override public void close() {
            MemoryBudget.PROCESS.charge(-bytes);
        }
    }

    /// A client that takes everything, once it reads.
    private static RawClient opened(ExchangeHandler handler) throws IOException {
        return new RawClient(Http2Config.TUNNEL, handler).raw(RawClient.PREFACE.getBytes(ISO_8859_1))
                .frame(Frame.SETTINGS, 0, 0, RawClient.setting(Settings.INITIAL_WINDOW_SIZE, 1 << 24)).frame(Frame.SETTINGS, Frame.ACK, 0)
                .frame(Frame.WINDOW_UPDATE, 0, 0, RawClient.int32(1 << 30));
    }

    /// What stream 1 may be sent: by SETTINGS, and by a WINDOW_UPDATE of its own.
    private static int window(RawClient client) throws IOException {
        client.frame(Frame.PING, 0, 0, RawClient.int64(1));
        int window = MemoryBudget.PROCESS.initialWindow(ReceiveWindow.START);
        for (Frame frame; !((frame = client.next()) instanceof Frame.Ping); ) {
            if (frame instanceof Frame.WindowUpdate(var id, var increment) && id == 1) window += increment;
        }
        return window;
    }

    private void bulk(Exchange exchange) throws IOException {
        respond(exchange, BULK);
    }

    private void respond(Exchange exchange, int bytes) throws IOException {
        writers.add(Thread.currentThread());
        var sink = exchange.respond(new ResponseHead(200, new Fields()));
        if (bytes > 0) sink.write(new byte[bytes]);
        sink.end();
    }

    /// Returns once so many handlers write and none can go on.
    private void untilAllWait(int count) {
        while (writers.size() < count || writers.stream().anyMatch(thread -> thread.getState() != Thread.State.WAITING)) Thread.onSpinWait();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
