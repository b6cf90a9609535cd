package io.loomtunnel.http2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.DuplexPair;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a peer may send to one connection, and what follows from what the process holds of it (RFC 9113 §5.2).
@Timeout(30)
class FlowControlTest {
    private static final Peer PEER = new Peer(new InetSocketAddress("127.0.0.1", 1), "http");
    private static final MemoryBudget BUDGET = MemoryBudget.PROCESS;
    private static final int START = ReceiveWindow.START;
    private static final int FRAME = 16 * 1024;
    private static final long MARGIN = 1_000_000;           // ns that a window may take to be emptied beyond two round trips

    // ---- the connection's window -------------------------------------------------------------------------------

    @Test void theConnectionsWindowIsAtItsMostFromTheStart() throws Exception {         // §6.9.1: the bound is the streams'
        try (var client = new RawClient(Http2Config.PUBLIC, _ -> { }).greet()) {
            Frame frame;
            do frame = client.next(); while (!(frame instanceof Frame.WindowUpdate));
            assertEquals(new Frame.WindowUpdate(0, Integer.MAX_VALUE - Settings.DEFAULT_WINDOW), frame);
        }
    }

    @Test void theConnectionsWindowIsToppedUpOnReceiptWhoeverReads() throws Exception {
        var pair = new DuplexPair(1 << 20);
        var opening = new ByteWriter(256);
        opening.put(RawClient.PREFACE.getBytes(ISO_8859_1));
        FrameWriter.settings(opening);
        int length = 60_000;
        int count = (1 << 30) / length + 1;
        FrameWriter.header(opening, 3, Frame.HEADERS, Frame.END_HEADERS, 1);
        opening.put(new byte[] {0, 0, 0});                  // a field without a name: the stream is reset, and nobody reads it
        var data = new ByteWriter(length + Frame.HEADER_BYTES);
        FrameWriter.header(data, length, Frame.DATA, 0, 1);
        data.put(new byte[length]);
        var release = new CountDownLatch(1);
        var in = new SequenceInputStream(new ByteArrayInputStream(opening.array(), 0, opening.size()),
                new Repeated(Arrays.copyOf(data.array(), data.size()), count, release));
        var server = Http2Connection.server(pair.right(), new ByteReader(in, BUDGET), Http2Config.TUNNEL, PEER, _ -> { });
        var reader = Thread.ofVirtual().start(() -> {
            try {
                server.run();
            } catch (IOException _) {
                // told by GOAWAY
            }
        });
        var frames = new FrameReader(new ByteReader(pair.left().in(), BUDGET), FRAME, 1 << 20);
        long window = Settings.DEFAULT_WINDOW;
        for (int updates = 0; updates < 2; ) {
            var frame = frames.next();
            assertFalse(frame == null || frame instanceof Frame.GoAway, "the connection goes on");
            if (!(frame instanceof Frame.WindowUpdate(var id, var increment) && id == 0)) continue;
            window += increment;
            updates++;
        }
        assertTrue(window > Integer.MAX_VALUE, "all of it: " + window);
        release.countDown();
        reader.join();
    }

    /// The same bytes so many times; the end comes when it is asked for.
    private static final class Repeated extends InputStream {
        private final byte[] bytes;
        private final CountDownLatch release;
        private int times;
        private int at;

        Repeated(byte[] bytes, int times, CountDownLatch release) {
            this.bytes = bytes;
            this.release = release;
            this.times = times;
        }

        @Override public int read() {
            throw new UnsupportedOperationException();
        }

        @Override public int read(byte[] target, int offset, int length) {
            if (times == 0) {
                await(release);
                return -1;
            }
            int n = Math.min(length, bytes.length - at);
            System.arraycopy(bytes, at, target, offset, n);
            at = (at + n) % bytes.length;
            if (at == 0) times--;
            return n;
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- a stream's window -------------------------------------------------------------------------------------

    @Test void theWindowGrowsForAConsumerThatKeepsUp() throws Exception {
        long before = BUDGET.promised();
        try (var upload = new Upload(true)) {
            upload.windows(20);
            assertTrue(upload.atRest() >= 4 * START, "grown to " + upload.atRest());
            // Not all that was read is given back already.
            assertTrue(BUDGET.promised() - before >= upload.atRest() - upload.initial, "what windows have grown by is counted");
        }
        assertEquals(before, BUDGET.promised(), "the stream is over");
    }

    @Test void theWindowStaysForAConsumerThatIsSlowerThanTheLink() throws Exception {
        try (var upload = new Upload(false)) {
            upload.windows(4);
            assertEquals(START, upload.atRest());
        }
    }

    @Test void windowsGrowByAQuarterOfTheBudgetTogether() throws Exception {
        try (var upload = new Upload(true)) {
            long rest = BUDGET.limit() / 4 - BUDGET.promised();
            BUDGET.grown(rest);
            try {
                upload.windows(20);
                assertEquals(START, upload.atRest());
            } finally {
                BUDGET.grown(-rest);
            }
        }
    }

    @Test void windowsDoNotGrowOnceHalfOfTheBudgetIsUsed() throws Exception {
        try (var upload = new Upload(true); var _ = new Used(BUDGET.limit() / 2)) {
            upload.windows(20);
            assertEquals(START, upload.atRest());
        }
    }

    @Test void aNewStreamGetsTheLeastWindowWhileMemoryIsShort() throws Exception {
        try (var _ = new Used(BUDGET.limit() / 2); var upload = new Upload(true)) {
            assertEquals(BUDGET.initialWindow(START), upload.atRest());
            assertTrue(upload.atRest() < START, "the test wants a heap of less than 2 GiB");
        }
    }

    /// A request whose content comes as the window allows, to a handler that reads piece by piece.
    private static final class Upload implements AutoCloseable {
        private final Semaphore permits = new Semaphore(0);
        private final Semaphore read = new Semaphore(0);
        private final boolean fast;
        private final RawClient client;
        private final int initial = BUDGET.initialWindow(START);
        private long sent;
        private long given = initial;

        /// @param fast whether what is sent is read within a round trip
        Upload(boolean fast) throws Exception {
            this.fast = fast;
            client = new RawClient(Http2Config.TUNNEL, this::consume).raw(RawClient.PREFACE.getBytes(ISO_8859_1)).frame(Frame.SETTINGS, 0, 0);
            // Our acknowledgement of the server's SETTINGS is what it measures the round trip by: a long one, whatever this machine does.
            if (fast) assertFalse(new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS));
            client.frame(Frame.SETTINGS, Frame.ACK, 0).headers(0, 1, RawClient.POST);
            settle();
        }

        private void consume(Exchange exchange) throws IOException {
            var content = exchange.content();
            while (true) {
                permits.acquireUninterruptibly();
                if (content.readNBytes(FRAME).length < FRAME) break;
                read.release();
            }
            exchange.respond(new ResponseHead(200, new Fields())).end();
        }

        /// Sends and has read so many windows of the first size.
        void windows(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                int frames = (int) Math.min(given - sent, START) / FRAME;
                assertEquals(START / FRAME, frames, "what was read is given back");
                for (int k = 0; k < frames; k++) client.frame(Frame.DATA, 0, 1, new byte[FRAME]);
                sent += START;
                permits.release(frames - 1);
                read.acquireUninterruptibly(frames - 1);
                // The slow consumer reads the window's last piece when more than two round trips are over.
                long began = System.nanoTime();
                while (!fast && System.nanoTime() - began <= 2 * client.server.roundTrip() + MARGIN) Thread.onSpinWait();
                permits.release();
                read.acquireUninterruptibly();
                settle();
            }
        }

        /// Takes what the server has said so far; credit may stand behind the first answer, but not behind the second.
        private void settle() throws IOException {
            for (int i = 0; i < 2; i++) {
                client.frame(Frame.PING, 0, 0, RawClient.int64(i));
                for (Frame frame; !((frame = client.next()) instanceof Frame.Ping); ) {
                    if (frame instanceof Frame.WindowUpdate(var id, var increment) && id == 1) given += increment;
                }
            }
        }

        /// What may be sent now that all was read.
        long atRest() {
            return given - sent;
        }

        @Override public void close() throws IOException {
            client.frame(Frame.DATA, Frame.END_STREAM, 1);
            permits.release();
            assertEquals("HEADERS", client.outcome(1));
            client.close();
        }
    }

    // ---- the budget --------------------------------------------------------------------------------------------

    @Test void whatWasReceivedIsChargedUntilItWasRead() throws Exception {
        try (var client = new RawClient(Http2Config.TUNNEL, _ -> { })) {
            for (int length : new int[] {1, 100, 512, 513, FRAME}) {
                var budget = new MemoryBudget(1L << 40);
                var inbound = received(client, budget, length);
                assertEquals(length, budget.used());
                assertEquals(length, inbound.readNBytes(length).length);
                assertEquals(0, budget.used());
            }
        }
    }

    @Test void whatIsPassedOnIsChargedUntilItWasTaken() throws Exception {
        try (var client = new RawClient(Http2Config.TUNNEL, _ -> { })) {
            var budget = new MemoryBudget(1L << 40);
            var inbound = received(client, budget, FRAME);
            inbound.end(null);
            inbound.transferTo(new OutputStream() {
                @Override public void write(int b) {
                    throw new UnsupportedOperationException();
                }

                @Override public void write(byte[] source, int offset, int length) {
                    assertEquals(FRAME, budget.used(), "it is still here");
                }
            });
            assertEquals(0, budget.used());
        }
    }

    @Test void whatNobodyWillReadIsGivenBack() throws Exception {
        try (var client = new RawClient(Http2Config.TUNNEL, _ -> { })) {
            var budget = new MemoryBudget(1L << 40);
            var inbound = received(client, budget, FRAME);
            inbound.discard();
            assertEquals(0, budget.used());
            inbound.receive(reader(FRAME, budget), FRAME, FRAME);           // on its way when nobody wanted it any more
            assertEquals(0, budget.used());
        }
    }

    @Test void ofTwoWhoHoldAsMuchTheOlderIsTheHeavier() throws Exception {
        try (var client = new RawClient(Http2Config.TUNNEL, _ -> { })) {
            var budget = new MemoryBudget(1L << 40);
            var older = received(client, budget, 1_000);
            long between = System.nanoTime();
            while (System.nanoTime() == between) Thread.onSpinWait();
            var younger = received(client, budget, 1_000);
            long now = System.nanoTime();
            assertTrue(older.burden(now) > younger.burden(now));
            assertTrue(received(client, budget, 2_000).burden(now + 1_000_000_000_000L) > older.burden(now + 1_000_000_000_000L), "twice as much");
            older.readNBytes(1_000);
            assertEquals(0, older.burden(now));
        }
    }

    private static Inbound received(RawClient client, MemoryBudget budget, int length) throws IOException {
        var stream = new ClientStream(client.server, new RequestHead("GET", "http", "a.example", "/", new Fields()));
        var inbound = new Inbound(stream, client.server.outbound(), budget);
        inbound.open(START);
        inbound.receive(reader(length, budget), length, length);
        return inbound;
    }

    private static ByteReader reader(int length, MemoryBudget budget) {
        return new ByteReader(new ByteArrayInputStream(new byte[length]), budget);
    }

    @Test void weOpenNoStreamsWhileThreeQuartersOfTheBudgetAreUsed() throws Exception {
        var pair = new DuplexPair(1 << 16);
        var client = Http2Connection.client(pair.left(), new ByteReader(pair.left().in(), BUDGET), Http2Config.TUNNEL, PEER);
        var head = new RequestHead("GET", "http", "a.example", "/", new Fields());
        try (var _ = new Used(BUDGET.limit() - BUDGET.limit() / 4)) {
            assertFalse(client.accepting());
            assertThrows(NotProcessedException.class, () -> client.send(head));
        }
        assertTrue(client.accepting());
        client.send(head);
    }

    /// So much of the process's budget, as if others held it.
    private record Used(long bytes) implements AutoCloseable {
        Used {
            BUDGET.charge(bytes);
        }

        @Override public void close() {
            BUDGET.charge(-bytes);
        }
    }
}
