package io.loomtunnel.http2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.DuplexPair;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Our client role against our server role.
@Timeout(20)
class Http2ConnectionTest {
    private static final Peer PEER = new Peer(new InetSocketAddress("127.0.0.1", 1), "http");

    private final ArrayList<Http2Connection> open = new ArrayList<>();
    private final ArrayList<Thread> readers = new ArrayList<>();

    @AfterEach void everythingEnds() throws InterruptedException {
        for (var connection : open) connection.close();
        for (var reader : readers) assertTrue(reader.join(Duration.ofSeconds(5)), "a reader goes on");
    }

    private Http2Connection connect(ExchangeHandler handler) throws IOException {
        return connect(Http2Config.TUNNEL, handler);
    }

    private Http2Connection connect(Http2Config config, ExchangeHandler handler) throws IOException {
        var pair = new DuplexPair(1 << 16);
        var client = Http2Connection.client(pair.left(), new ByteReader(pair.left().in(), MemoryBudget.PROCESS), config, PEER);
        var server = Http2Connection.server(pair.right(), new ByteReader(pair.right().in(), MemoryBudget.PROCESS), config, PEER, handler);
        run(server);
        run(client);
        assertTrue(client.awaitSettings(Deadline.after(Duration.ofSeconds(5))));
        return client;
    }

    private void run(Http2Connection connection) {
        open.add(connection);
        readers.add(Thread.ofVirtual().start(() -> {
            try {
                connection.run();
            } catch (IOException e) {
                // closed by the test
            }
        }));
    }

    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(10));
    }

    private static RequestHead get(String path) {
        return new RequestHead("GET", "http", "app.example.com", path, Fields.of("accept", "*/*"));
    }

    private static RequestHead post(String path) {
        return new RequestHead("POST", "http", "app.example.com", path, Fields.of("x-a", "1"));
    }

    private static Transaction sent(Http2Connection connection, RequestHead head) throws IOException {
        var transaction = connection.send(head);
        transaction.content().end();
        return transaction;
    }

    private static ExchangeHandler answering(String text) {
        return exchange -> {
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "" + text.length())));
            sink.write(text.getBytes(ISO_8859_1));
            sink.end();
        };
    }

    @Test void requestArrivesAsItWasSentAndTheResponseComesBack() throws Exception {
        var seen = new AtomicReference<RequestHead>();
        var client = connect(exchange -> {
            seen.set(exchange.request());
            answering("hello").handle(exchange);
        });
        var transaction = sent(client, get("/a?b=%2f"));
        var head = transaction.response(soon());
        assertEquals(200, head.status());
        assertEquals("5", head.fields().first("content-length"));
        assertEquals("hello", new String(transaction.body().readAllBytes(), ISO_8859_1));
        assertEquals(get("/a?b=%2f"), seen.get());
    }

    @Test void contentAndTrailersPassBothWays() throws Exception {
        var client = connect(exchange -> {
            var bytes = exchange.content().readAllBytes();
            var sink = exchange.respond(new ResponseHead(200, Fields.of("x-sum", exchange.content().trailers().first("x-sum"))));
            sink.write(bytes);
            sink.end(Fields.of("x-end", "done"));
        });
        var transaction = client.send(post("/"));
        var bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        var writing = Thread.ofVirtual().start(() -> {
            try {
                transaction.content().write(bytes);
                transaction.content().end(Fields.of("x-sum", "7"));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertEquals("7", transaction.response(soon()).fields().first("x-sum"));
        assertArrayEquals(bytes, transaction.body().readAllBytes());
        assertEquals("done", transaction.body().trailers().first("x-end"));
        writing.join();
    }

    @Test void interimResponsesComeFirstAndInOrder() throws Exception {             // RFC 9113 §8.1
        var client = connect(exchange -> {
            exchange.inform(new ResponseHead(100, new Fields()));
            exchange.inform(new ResponseHead(103, Fields.of("link", "</a>")));
            answering("x").handle(exchange);
        });
        var transaction = sent(client, get("/"));
        assertEquals(100, transaction.response(soon()).status());
        assertEquals(103, transaction.response(soon()).status());
        assertEquals(200, transaction.response(soon()).status());
    }

    @Test void hundredsOfStreamsAtOnceKeepTheirBytesApart() throws Exception {
        var client = connect(exchange -> {
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            var path = exchange.request().path().getBytes(ISO_8859_1);
            for (int i = 0; i < 2_000; i++) sink.write(path);
            sink.end();
        });
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var all = new ArrayList<Future<?>>();
            for (int i = 0; i < 300; i++) {
                var path = "/stream-" + i + "/";
                all.add(threads.submit(() -> {
                    var transaction = sent(client, get(path));
                    transaction.response(soon());
                    assertEquals(path.repeat(2_000), new String(transaction.body().readAllBytes(), ISO_8859_1));
                    return null;
                }));
            }
            for (var one : all) one.get();
        }
    }

    @Test void stalledStreamHoldsNobodyElseUp() throws Exception {
        var client = connect(exchange -> {
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            if (exchange.request().path().equals("/big")) sink.write(new byte[20_000_000]);
            sink.end();
        });
        var stalled = sent(client, get("/big"));
        assertEquals(200, stalled.response(soon()).status());          // and its content is never read
        for (int i = 0; i < 100; i++) assertEquals(200, sent(client, get("/small")).response(soon()).status());
        stalled.cancel();
    }

    @Test void cancelledRequestEndsTheHandlersWork() throws Exception {
        var cancelled = new CountDownLatch(1);
        var failed = new CountDownLatch(1);
        var client = connect(exchange -> {
            exchange.onCancel(cancelled::countDown);
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            try {
                while (true) sink.write(new byte[10_000]);
            } catch (IOException e) {
                failed.countDown();
                throw e;
            }
        });
        var transaction = sent(client, get("/"));
        transaction.response(soon());
        transaction.cancel();
        assertTrue(cancelled.await(5, TimeUnit.SECONDS));
        assertTrue(failed.await(5, TimeUnit.SECONDS));
        assertThrows(IOException.class, () -> transaction.body().read());
    }

    @Test void brokenOffResponseIsNeverTakenForAWholeOne() throws Exception {
        var client = connect(exchange -> {
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            sink.write(new byte[100]);
            sink.flush();
            throw new IOException("the origin died");
        });
        var transaction = sent(client, get("/"));
        assertEquals(200, transaction.response(soon()).status());
        assertThrows(IOException.class, () -> transaction.body().readAllBytes());
    }

    @Test void lessContentThanDeclaredAbandonsTheMessage() throws Exception {       // RFC 9113 §8.1.1
        var client = connect(exchange -> {
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "10")));
            sink.write(new byte[5]);
            sink.end();
        });
        assertThrows(IOException.class, () -> {
            var transaction = sent(client, get("/"));
            transaction.response(soon());
            transaction.body().readAllBytes();
        });
    }

    @Test void earlyResponseStopsTheUploadAndIsNotLost() throws Exception {         // RFC 9113 §8.1
        var client = connect(answering("no, thanks"));
        var transaction = client.send(post("/"));
        assertThrows(IOException.class, () -> {
            while (true) transaction.content().write(new byte[50_000]);
        });
        assertEquals(200, transaction.response(soon()).status());
        assertEquals("no, thanks", new String(transaction.body().readAllBytes(), ISO_8859_1));
    }

    @Test void streamsAboveThePeersLimitAreNotSent() throws Exception {
        var release = new CountDownLatch(1);
        var client = connect(Http2Config.TUNNEL.withMaxStreams(3), exchange -> {
            await(release);
            answering("x").handle(exchange);
        });
        var first = new ArrayList<Transaction>();
        for (int i = 0; i < 3; i++) first.add(sent(client, get("/")));
        assertFalse(client.accepting());
        assertThrows(NotProcessedException.class, () -> client.send(get("/")));
        release.countDown();
        for (var transaction : first) {
            assertEquals(200, transaction.response(soon()).status());
            transaction.body().readAllBytes();
        }
    }

    @Test void drainingServerServesWhatItHasAndTheConnectionEnds() throws Exception {       // RFC 9113 §6.8
        var release = new CountDownLatch(1);
        var client = connect(exchange -> {
            await(release);
            answering("x").handle(exchange);
        });
        var gone = new CountDownLatch(1);
        client.onGoAway(gone::countDown);
        var transaction = sent(client, get("/"));
        client.ping(soon());
        open.get(0).drain();
        assertTrue(gone.await(5, TimeUnit.SECONDS));
        assertFalse(client.accepting());
        release.countDown();
        assertEquals(200, transaction.response(soon()).status());
        assertEquals("x", new String(transaction.body().readAllBytes(), ISO_8859_1));
        for (var reader : readers) assertTrue(reader.join(Duration.ofSeconds(5)));
    }

    @Test void drainingClientEndsAfterItsLastStream() throws Exception {
        var client = connect(answering("x"));
        var transaction = client.send(get("/"));
        client.drain();
        transaction.content().end();
        assertEquals(200, transaction.response(soon()).status());
        transaction.body().readAllBytes();
        for (var reader : readers) assertTrue(reader.join(Duration.ofSeconds(5)));
    }

    @Test void lostConnectionFailsEveryStream() throws Exception {
        var client = connect(exchange -> {
            var cancelled = new CountDownLatch(1);
            exchange.onCancel(cancelled::countDown);
            await(cancelled);
        });
        var transaction = sent(client, get("/"));
        var waiting = Executors.newVirtualThreadPerTaskExecutor().submit(() -> transaction.response(soon()));
        client.ping(soon());
        open.get(1).close();
        assertInstanceOf(IOException.class, assertThrows(ExecutionException.class, waiting::get).getCause());
        assertThrows(NotProcessedException.class, () -> client.send(get("/")));
    }

    @Test void connectStreamIsADuplexWithHalfClose() throws Exception {             // RFC 9113 §8.5
        var client = connect(exchange -> {
            try (var duplex = exchange.upgrade(new Fields())) {
                duplex.in().transferTo(duplex.out());
                duplex.out().write("bye".getBytes(ISO_8859_1));
                duplex.finish();
            }
        });
        var transaction = client.send(new RequestHead("CONNECT", "", "db:5432", "", new Fields()));
        transaction.content().flush();
        assertEquals(200, transaction.response(soon()).status());
        var duplex = transaction.duplex();
        duplex.out().write("ping".getBytes(ISO_8859_1));
        duplex.out().flush();
        assertEquals("ping", new String(duplex.in().readNBytes(4), ISO_8859_1));
        duplex.finish();
        assertEquals("bye", new String(duplex.in().readAllBytes(), ISO_8859_1));
    }

    @Test void idsRunToTheirEndAndThenNoMoreAreTaken() throws Exception {           // RFC 9113 §5.1.1
        var client = connect(Http2Config.TUNNEL.withFirstStreamId(Integer.MAX_VALUE - 4), answering("x"));
        for (int i = 0; i < 3; i++) {
            var transaction = sent(client, get("/"));
            assertEquals(200, transaction.response(soon()).status());
            transaction.body().readAllBytes();
        }
        assertEquals(Integer.MAX_VALUE, client.lastStreamId());
        assertFalse(client.accepting());
        assertThrows(IOException.class, () -> sent(client, get("/")).response(soon()));
    }

    @Test void unreadContentIsBoundedAndGivenBack() throws Exception {
        long before = MemoryBudget.PROCESS.used();
        var client = connect(exchange -> {
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            sink.write(new byte[5_000_000]);
            sink.end();
        });
        var all = new ArrayList<Transaction>();
        for (int i = 0; i < 20; i++) all.add(sent(client, get("/")));
        for (var transaction : all) transaction.response(soon());
        client.ping(soon());
        assertTrue(MemoryBudget.PROCESS.used() - before <= 21L * ReceiveWindow.START, "held " + (MemoryBudget.PROCESS.used() - before));
        for (var transaction : all) transaction.cancel();
        open.get(1).close();
        for (var reader : readers) assertTrue(reader.join(Duration.ofSeconds(5)));
        assertEquals(before, MemoryBudget.PROCESS.used());
    }

    @Test void aStreamThatIsOverPromisesNothingHoweverMuchIsStillReadOfIt() throws Exception {
        var budget = new MemoryBudget(1L << 40);
        var stream = (ClientStream) connect(_ -> { }).send(get("/"));
        for (int i = 0; i < 50; i++) {             // whether a window grows depends on the time that its consumer takes
            var inbound = new Inbound(stream, stream.connection.outbound(), budget);
            inbound.open(2 * 1024);
            inbound.receive(new ByteReader(new ByteArrayInputStream(new byte[ReceiveWindow.START]), budget), ReceiveWindow.START, ReceiveWindow.START);
            inbound.promiseNothing();
            inbound.read(new byte[ReceiveWindow.START]);
            assertEquals(0, budget.promised());
        }
    }

    @Test void largeHeadsTravelInContinuations() throws Exception {                 // RFC 9113 §6.10
        var value = "v".repeat(20_000);
        var client = connect(exchange -> {
            var fields = new Fields();
            for (int i = 0; i < 4; i++) fields.add("x-" + i, exchange.request().fields().first("x-" + i));
            exchange.respond(new ResponseHead(200, fields)).end();
        });
        var fields = new Fields();
        for (int i = 0; i < 4; i++) fields.add("x-" + i, value);
        var head = sent(client, new RequestHead("GET", "http", "a", "/", fields)).response(soon());
        assertEquals(fields, head.fields());
    }

    @Test void headLargerThanAllowedIsAnswered431() throws Exception {
        var client = connect(Http2Config.TUNNEL.withMaxFields(1_000, 100), answering("x"));
        var head = sent(client, new RequestHead("GET", "http", "a", "/", Fields.of("x", "y".repeat(1_000)))).response(soon());
        assertEquals(431, head.status());
        assertEquals(200, sent(client, get("/")).response(soon()).status());
        assertNull(head.fields().first("x"));
    }

    @Test void pingsBesideReceivedContentAreNoFlood() throws Exception {
        var client = connect(Http2Config.PUBLIC, exchange -> {
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            for (int i = 0; i < 1_000; i++) {
                sink.write(new byte[100]);
                sink.flush();
                exchange.content().read();               // the next one when it was asked for
            }
            sink.end();
        });
        var transaction = client.send(post("/"));
        transaction.content().flush();
        transaction.response(soon());
        for (int i = 0; i < 1_000; i++) {
            assertEquals(100, transaction.body().readNBytes(100).length);
            client.ping(soon());
            transaction.content().write(1);
            transaction.content().flush();
        }
        transaction.content().end();
        assertEquals(-1, transaction.body().read());
        assertThrows(IOException.class, () -> {
            for (int i = 0; i < 1_000; i++) client.ping(soon());         // without content they are one
        });
    }

    @Test void withoutGrowthOfMemoryTenThousandExchangesPass() throws Exception {
        var client = connect(answering("ok"));
        for (int i = 0; i < 10_000; i++) {
            var transaction = sent(client, get("/" + i));
            assertEquals(200, transaction.response(soon()).status());
            assertEquals(2, transaction.body().readAllBytes().length);
        }
        client.ping(soon());
        assertEquals(0, client.streams());
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
