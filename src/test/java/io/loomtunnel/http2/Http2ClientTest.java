package io.loomtunnel.http2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.DuplexPair;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.NoResponseException;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Our client role against a server that does what a real one might not.
@Timeout(20)
class Http2ClientTest {
    private final ScriptedServer server;
    private final Http2Connection client;
    private Thread reader;

    Http2ClientTest() {
        var pair = new DuplexPair(1 << 16);
        server = new ScriptedServer(pair);
        var peer = new Peer(new InetSocketAddress("127.0.0.1", 1), "http");
        client = Http2Connection.client(pair.left(), new ByteReader(pair.left().in(), MemoryBudget.PROCESS), Http2Config.ORIGIN, peer);
    }

    @BeforeEach void run() {
        reader = Thread.ofVirtual().start(() -> {
            try {
                client.run();
            } catch (IOException e) {
                // what its streams fail with is looked at
            }
        });
    }

    @AfterEach void everythingEnds() throws InterruptedException {
        client.close();
        assertTrue(reader.join(Duration.ofSeconds(5)));
        assertEquals(0, client.streams());
    }

    private void open(int... settings) throws IOException {
        server.open(settings);
        assertTrue(client.awaitSettings(soon()));
    }

    /// Sends a request without content and has the server see it.
    private Transaction get() throws IOException {
        return get("GET");
    }

    private Transaction get(String method) throws IOException {
        var transaction = client.send(new RequestHead(method, "http", "a", "/", new Fields()));
        transaction.content().end();
        server.request();
        return transaction;
    }

    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(10));
    }

    private static String text(Transaction transaction) throws IOException {
        return new String(transaction.body().readAllBytes(), ISO_8859_1);
    }

    private void assertReset(int id, ErrorCode code) throws IOException {
        assertEquals(new Frame.RstStream(id, code), server.next());
    }

    /// The stream fails as malformed and is reset, and the connection serves on.
    private void assertMalformed(Transaction transaction, int id) throws IOException {
        assertThrows(MalformedMessageException.class, () -> transaction.response(soon()));
        assertReset(id, ErrorCode.PROTOCOL_ERROR);
        var next = get();
        server.headers(id + 2, true, ":status", "204");
        assertEquals(204, next.response(soon()).status());
    }

    @Test void responseWithoutStatusIsMalformed() throws IOException {                    // RFC 9113 §8.3.2
        open();
        var transaction = get();
        server.headers(1, true, "content-type", "text/plain");
        assertMalformed(transaction, 1);
    }

    @Test void statusThatIsNoneIsMalformed() throws IOException {
        open();
        var transaction = get();
        server.headers(1, true, ":status", "20");
        assertMalformed(transaction, 1);
    }

    @Test void connectionSpecificFieldIsMalformed() throws IOException {                  // RFC 9113 §8.2.2
        open();
        var transaction = get();
        server.headers(1, true, ":status", "200", "connection", "close");
        assertMalformed(transaction, 1);
    }

    @Test void switchingProtocolsIsMalformed() throws IOException {                       // RFC 9113 §8.6
        open();
        var transaction = get();
        server.headers(1, false, ":status", "101");
        assertMalformed(transaction, 1);
    }

    @Test void interimResponseThatEndsTheStreamIsMalformed() throws IOException {         // RFC 9113 §8.1
        open();
        var transaction = get();
        server.headers(1, true, ":status", "103");
        assertMalformed(transaction, 1);
    }

    @Test void contentBeforeTheHeadIsMalformed() throws IOException {
        open();
        var transaction = get();
        server.data(1, true, "x");
        assertMalformed(transaction, 1);
    }

    @Test void contentShorterThanItsLengthIsMalformed() throws IOException {              // RFC 9113 §8.1.1
        open();
        var transaction = get();
        server.headers(1, false, ":status", "200", "content-length", "5");
        server.data(1, true, "four");
        assertEquals(200, transaction.response(soon()).status());
        assertThrows(MalformedMessageException.class, () -> text(transaction));
        assertReset(1, ErrorCode.PROTOCOL_ERROR);
    }

    @Test void contentLongerThanItsLengthIsMalformed() throws IOException {
        open();
        var transaction = get();
        server.headers(1, false, ":status", "200", "content-length", "3");
        assertEquals(200, transaction.response(soon()).status());
        server.data(1, true, "four");
        assertThrows(MalformedMessageException.class, () -> text(transaction));
        assertReset(1, ErrorCode.PROTOCOL_ERROR);
    }

    @Test void lengthWithoutContentIsMalformedButForHeadAndNotModified() throws IOException {
        open();
        var head = get("HEAD");
        server.headers(1, true, ":status", "200", "content-length", "5");
        assertEquals("5", head.response(soon()).fields().first("content-length"));
        assertEquals("", text(head));
        var unchanged = get();
        server.headers(3, true, ":status", "304", "content-length", "5");
        assertEquals(304, unchanged.response(soon()).status());
        assertEquals("", text(unchanged));
        var whole = get();
        server.headers(5, true, ":status", "200", "content-length", "5");
        assertMalformed(whole, 5);
    }

    @Test void trailersMayHoldNoPseudoField() throws IOException {                        // RFC 9113 §8.1
        open();
        var transaction = get();
        server.headers(1, false, ":status", "200");
        assertEquals(200, transaction.response(soon()).status());
        server.headers(1, true, ":status", "200");
        assertThrows(MalformedMessageException.class, () -> text(transaction));
        assertReset(1, ErrorCode.PROTOCOL_ERROR);
    }

    @Test void headLargerThanAllowedIsOneStreamsFault() throws IOException {
        open();
        var transaction = get();
        server.headers(1, true, ":status", "200", "x-large", "y".repeat(100_000));
        assertThrows(MalformedMessageException.class, () -> transaction.response(soon()));
        assertReset(1, ErrorCode.ENHANCE_YOUR_CALM);
        var next = get();
        server.headers(3, true, ":status", "204");
        assertEquals(204, next.response(soon()).status());
    }

    @Test void interimResponsesThatNobodyReadsAreBounded() throws IOException {
        open();
        var transaction = get();
        for (int i = 0; i < 100; i++) server.headers(1, false, ":status", "103", "link", "</" + i + ">");
        assertReset(1, ErrorCode.ENHANCE_YOUR_CALM);
        assertThrows(MalformedMessageException.class, () -> {
            while (true) transaction.response(soon());
        });
    }

    @Test void trailersOnlyResponseIsWhole() throws IOException {                         // gRPC: a head that ends the stream
        open();
        var transaction = get("POST");
        server.headers(1, true, ":status", "200", "content-type", "application/grpc", "grpc-status", "12");
        assertEquals("12", transaction.response(soon()).fields().first("grpc-status"));
        assertEquals("", text(transaction));
    }

    @Test void pushIsRefusedWithTheConnection() throws Exception {                        // RFC 9113 §8.4
        open();
        var transaction = get();
        server.push(1, 2);
        assertEquals(new Frame.GoAway(0, ErrorCode.PROTOCOL_ERROR), server.next());
        assertThrows(MalformedMessageException.class, () -> transaction.response(soon()));
        server.close();
        assertTrue(reader.join(Duration.ofSeconds(5)));
    }

    @Test void serverThatSpeaksHttp1IsNoServer() throws Exception {
        server.text("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        assertFalse(client.awaitSettings(soon()));
        server.close();
    }

    @Test void resetWithNoErrorAfterTheResponseLosesNothingOfIt() throws Exception {      // RFC 9113 §8.1
        open();
        var transaction = client.send(new RequestHead("POST", "http", "a", "/", new Fields()));
        transaction.content().flush();
        server.request();
        server.headers(1, false, ":status", "413");
        server.data(1, true, "too much");
        server.reset(1, ErrorCode.NO_ERROR);
        server.ping();
        while (!(server.next() instanceof Frame.Ping)) {
            // everything before it has been handled then
        }
        assertThrows(IOException.class, () -> {
            transaction.content().write(new byte[100_000]);
            transaction.content().end();
        });
        assertEquals(413, transaction.response(soon()).status());
        assertEquals("too much", text(transaction));
    }

    @Test void responseMayEndBeforeTheRequest() throws Exception {
        open();
        var transaction = client.send(new RequestHead("POST", "http", "a", "/", new Fields()));
        transaction.content().flush();
        server.request();
        server.headers(1, true, ":status", "200");
        assertEquals(200, transaction.response(soon()).status());
        transaction.content().write("late".getBytes(ISO_8859_1));
        transaction.content().end();
        assertEquals(new Frame.Data(1, 4, 0, 4, true), server.next());
        assertEquals(0, client.streams());
    }

    @Test void refusedStreamWasNotProcessed() throws Exception {                          // RFC 9113 §8.7
        open();
        var transaction = get("POST");
        server.reset(1, ErrorCode.REFUSED_STREAM);
        assertThrows(NotProcessedException.class, () -> transaction.response(soon()));
        assertFalse(client.spent());
    }

    @Test void goAwayLeavesTheOlderStreamsToTheirEnd() throws Exception {                 // RFC 9113 §6.8
        open();
        var served = get();
        var lost = get();
        server.goAway(1, ErrorCode.NO_ERROR);
        assertThrows(NotProcessedException.class, () -> lost.response(soon()));
        assertTrue(client.spent());
        assertThrows(NotProcessedException.class, () -> client.send(new RequestHead("GET", "http", "a", "/", new Fields())));
        server.headers(1, false, ":status", "200");
        server.data(1, true, "still");
        assertEquals(200, served.response(soon()).status());
        assertEquals("still", text(served));
        assertTrue(reader.join(Duration.ofSeconds(5)), "the connection goes on after its last stream");
    }

    @Test void connectionThatEndsWithoutGoAwayMayHaveProcessedItsStreams() throws Exception {
        open();
        var transaction = get();
        server.close();
        assertThrows(NoResponseException.class, () -> transaction.response(soon()));
    }

    @Test void streamsNeverExceedWhatTheServerAllowsNow() throws Exception {              // RFC 9113 §5.1.2
        open(Settings.MAX_CONCURRENT_STREAMS, 0);
        assertEquals(0, client.maxStreams());
        assertThrows(NotProcessedException.class, () -> client.send(new RequestHead("GET", "http", "a", "/", new Fields())));
        server.settings(Settings.MAX_CONCURRENT_STREAMS, 1);
        server.ping();
        server.next();
        var transaction = get();
        assertThrows(NotProcessedException.class, () -> client.send(new RequestHead("GET", "http", "a", "/", new Fields())));
        server.headers(1, true, ":status", "204");
        assertEquals(204, transaction.response(soon()).status());
        assertEquals(1, client.maxStreams());
    }

    @Test void contentWaitsForTheWindowAndFollowsItsChanges() throws Exception {          // RFC 9113 §6.9.2
        open(Settings.INITIAL_WINDOW_SIZE, 0);
        var written = new CountDownLatch(1);
        var transaction = client.send(new RequestHead("POST", "http", "a", "/", Fields.of("content-length", "10")));
        Thread.ofVirtual().start(() -> {
            try {
                transaction.content().write("0123456789".getBytes(ISO_8859_1));
                transaction.content().end();
                written.countDown();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        server.request();
        server.settings(Settings.INITIAL_WINDOW_SIZE, 3);
        assertEquals(new Frame.Data(1, 3, 0, 3, false), server.next());
        server.settings(Settings.INITIAL_WINDOW_SIZE, 0);                              // the window is -3 now
        server.windowUpdate(1, 3);
        server.windowUpdate(1, 2);
        assertEquals(new Frame.Data(1, 2, 0, 2, false), server.next());
        server.windowUpdate(1, 100);
        assertEquals(new Frame.Data(1, 5, 0, 5, true), server.next());
        assertTrue(written.await(5, TimeUnit.SECONDS));
        server.headers(1, true, ":status", "204");
        assertEquals(204, transaction.response(soon()).status());
    }

    @Test void tableOfSizeZeroIsSaidAndKeptTo() throws Exception {                        // RFC 7541 §4.2
        open(Settings.HEADER_TABLE_SIZE, 0);
        var lengths = new int[2];
        for (int i = 0; i < 2; i++) {
            var transaction = client.send(new RequestHead("GET", "http", "a", "/", Fields.of("x-same", "value")));
            transaction.content().end();
            var head = (Frame.Headers) server.next();
            lengths[i] = head.length();
            if (i == 0) assertEquals(0x20, head.array()[head.offset()]);
            server.headers(head.streamId(), true, ":status", "204");
            assertEquals(204, transaction.response(soon()).status());
        }
        assertEquals(lengths[0] - 1, lengths[1], "the second block refers to an entry");
    }

    @Test void cancelReachesTheServer() throws Exception {
        open();
        var transaction = get();
        transaction.cancel();
        assertReset(1, ErrorCode.CANCEL);
        server.headers(1, true, ":status", "200");                                     // was on its way: ignored
        var next = get();
        server.headers(3, true, ":status", "204");
        assertEquals(204, next.response(soon()).status());
    }

    @Test void floodOfPingsThatIsNotReadForAnswersEndsTheConnection() throws Exception {
        open();
        var transaction = get();
        assertThrows(IOException.class, () -> {
            while (true) server.ping();                                                // and never read
        });
        assertThrows(MalformedMessageException.class, () -> transaction.response(soon()));
    }

    @Test void extendedConnectIsKnownFromTheSettings() throws Exception {                 // RFC 8441 §3
        open(Settings.ENABLE_CONNECT_PROTOCOL, 1);
        assertTrue(client.connectProtocol());
        var transaction = client.send(new RequestHead("CONNECT", "http", "a", "/chat", "websocket", new Fields()));
        transaction.content().flush();
        assertEquals(1, server.request());
        server.headers(1, false, ":status", "200");
        assertEquals(200, transaction.response(soon()).status());
        server.data(1, true, "hi");
        assertEquals("hi", new String(transaction.duplex().in().readAllBytes(), ISO_8859_1));
        transaction.cancel();
    }
}
