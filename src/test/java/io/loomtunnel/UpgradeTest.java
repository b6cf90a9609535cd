package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.Http2Origin;
import io.loomtunnel.fixture.Http2Visitor;
import io.loomtunnel.fixture.RawOrigin;
import io.loomtunnel.fixture.Visitor;
import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// WebSocket and other protocols through server and client, by HTTP/1.1's Upgrade and by extended CONNECT.
@Timeout(30)
class UpgradeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration GRACE = Duration.ofMillis(300);
    /// The example of RFC 6455 §1.3.
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    private static final String OPENING = "GET /chat?x=1 HTTP/1.1\r\nHost: app.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: " + KEY + "\r\nSec-WebSocket-Version: 13\r\n";

    private final LinkedBlockingQueue<String> heads = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Integer> ends = new LinkedBlockingQueue<>();
    private RawOrigin origin;
    private WholePipe pipe;
    private Visitor visitor;
    private Http2Visitor http2;

    @AfterEach void stop() throws Exception {
        if (visitor != null) visitor.close();
        if (http2 != null) http2.close();
        if (origin != null) origin.close();
        if (pipe != null) pipe.close();
    }

    private void start(RawOrigin.Script script) throws IOException {
        start(script, IngressConfig.DEFAULTS);
    }

    private void start(RawOrigin.Script script, IngressConfig config) throws IOException {
        origin = new RawOrigin(script);
        pipe = new WholePipe(config, GRACE);
        pipe.client(client -> client.http(origin.uri()).grace(GRACE));
        visitor = new Visitor(pipe.address());
    }

    private void http2() throws IOException {
        http2 = new Http2Visitor(pipe.address());
    }

    /// Switches as RFC 6455 §4.2.2 says, then sends back what comes until its peer ends.
    private void echo(RawOrigin.Connection connection) throws Exception {
        connection.send(switching(accepting(connection)));
        for (int b; (b = connection.next()) >= 0; ) connection.send(String.valueOf((char) b));
        ends.add(0);
    }

    private String accepting(RawOrigin.Connection connection) throws Exception {
        var head = connection.head();
        heads.add(head);
        return answer(field(head, "Sec-WebSocket-Key"));
    }

    private static String switching(String accept) {
        return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n";
    }

    private static String answer(String key) throws Exception {
        var sha1 = MessageDigest.getInstance("SHA-1").digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(ISO_8859_1));
        return Base64.getEncoder().encodeToString(sha1);
    }

    private static String field(String head, String name) {
        for (var line : head.split("\r\n")) if (line.startsWith(name + ": ")) return line.substring(name.length() + 2);
        return null;
    }

    private ResponseHead head(Transaction transaction) throws IOException {
        return transaction.response(Deadline.after(PATIENCE));
    }

    // ---- WebSocket by HTTP/1.1 ---------------------------------------------------------------------------------

    @Test void webSocketPassesAndEachHopHasItsOwnKey() throws Exception {                      // RFC 6455 §4
        start(this::echo);
        visitor.send(OPENING + "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
        var answer = visitor.head();
        assertTrue(answer.startsWith("HTTP/1.1 101 Switching Protocols\r\n"), answer);
        assertEquals("websocket", field(answer, "Upgrade"));
        assertEquals("upgrade", field(answer, "Connection"));
        assertEquals(ACCEPT, field(answer, "Sec-WebSocket-Accept"));
        var asked = heads.take();
        assertTrue(asked.startsWith("GET /chat?x=1 HTTP/1.1\r\nHost: app.example\r\n"), asked);
        assertEquals("websocket", field(asked, "Upgrade"));
        assertEquals("upgrade", field(asked, "Connection"));
        assertEquals("13", field(asked, "Sec-WebSocket-Version"));
        assertEquals("chat, superchat", field(asked, "Sec-WebSocket-Protocol"));
        assertEquals("permessage-deflate", field(asked, "Sec-WebSocket-Extensions"));
        assertNotEquals(KEY, field(asked, "Sec-WebSocket-Key"));
        assertEquals(16, Base64.getDecoder().decode(field(asked, "Sec-WebSocket-Key")).length);
        visitor.send("there");
        assertEquals("there", visitor.read(5));
        visitor.send("and back");
        assertEquals("and back", visitor.read(8));
    }

    @Test void subprotocolAndExtensionsOfTheAnswerPass() throws Exception {                    // RFC 6455 §4.2.2
        start(connection -> {
            var accept = accepting(connection);
            connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + switching(accept).replace("\r\n\r\n",
                    "\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\nX-A: 1\r\n\r\n"));
            connection.next();
        });
        visitor.send(OPENING + "\r\n");
        assertEquals("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", visitor.head());
        var answer = visitor.head();
        assertEquals("chat", field(answer, "Sec-WebSocket-Protocol"));
        assertEquals("permessage-deflate; server_no_context_takeover", field(answer, "Sec-WebSocket-Extensions"));
        assertEquals("1", field(answer, "X-A"));
    }

    @Test void bytesThatComeWithTheHandshakeAreNotLost() throws Exception {
        start(connection -> {
            var accept = accepting(connection);
            connection.send(switching(accept) + "from the origin");
            var early = connection.read(5);
            connection.send(early);
            connection.next();
        });
        visitor.send(OPENING + "\r\nearly");
        visitor.head();
        assertEquals("from the originearly", visitor.read(20));
    }

    @Test void bytesAreNotLostWhenTheOriginTakesItsTime() throws Exception {
        var wait = new CountDownLatch(1);
        start(connection -> {
            var accept = accepting(connection);
            wait.await();
            connection.send(switching(accept));
            connection.send(connection.read(10));
            connection.next();
        });
        visitor.send(OPENING + "\r\n");
        heads.take();
        // A watcher reads the connection once the exchange is 50 ms old; what it reads belongs to the new protocol.
        wait.await(150, TimeUnit.MILLISECONDS);
        visitor.send("early");
        wait.countDown();
        visitor.head();
        visitor.send(" late");
        assertEquals("early late", visitor.read(10));
    }

    @Test void theRefusalOfAnUpgradePassesWithItsBody() throws Exception {
        start(connection -> {
            while (!connection.head().isEmpty()) connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\nX-Why: origin\r\n\r\nnot you");
        });
        for (int i = 0; i < 2; i++) {
            visitor.send(OPENING + "\r\n");
            var answer = visitor.until("not you");
            assertTrue(answer.startsWith("HTTP/1.1 403 Forbidden\r\n"), answer);
            assertEquals("origin", field(answer, "X-Why"));
            assertNull(field(answer, "Connection"), "the connection serves on");
        }
    }

    @ParameterizedTest @ValueSource(strings = {"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"})
    void everyAnswerThatIsNoSuccessPasses(String response) throws Exception {
        start(connection -> {
            connection.head();
            connection.send(response);
            connection.next();
        });
        visitor.send(OPENING + "\r\n");
        assertTrue(visitor.head().startsWith(response.substring(0, 12)));
    }

    @Test void whatASideSaidBeforeItsResetIsPassedOn() throws Exception {
        start(connection -> {
            connection.send(switching(accepting(connection)));
            connection.next();
            connection.send("x".repeat(3000) + "last words");
            connection.reset();
        });
        for (int round = 0; round < 30; round++) {                // which thread is first is chance
            try (var each = new Visitor(pipe.address())) {
                each.send(OPENING + "\r\n");
                each.head();
                each.send("ab");
                assertEquals("x".repeat(3000) + "last words", each.read(3010), "round " + round);
                assertThrows(IOException.class, () -> each.read(1));
            }
        }
    }

    @Test void anOriginThatIgnoresTheUpgradeIsHeardByHttp1() throws Exception {                // RFC 9110 §7.8
        start(UpgradeTest::ignoring);
        visitor.send(OPENING + "\r\n");
        var answer = visitor.head();
        assertTrue(answer.startsWith("HTTP/1.1 203 Non-Authoritative Information\r\n"), answer);
        assertFalse(answer.toLowerCase().contains("loomtunnel-status"), "what one end says to the other leaves neither: " + answer);
        assertEquals("hello", visitor.read(5));
        visitor.send("GET /next HTTP/1.1\r\nHost: app.example\r\n\r\n");
        assertTrue(visitor.head().startsWith("HTTP/1.1 203 "), "the connection goes on in HTTP");
        assertEquals(1, origin.accepted(), "the origin's, too");
    }

    @Test void anOriginThatIgnoresTheUpgradeIs502ByHttp2() throws Exception {                  // RFC 8441 §5: a 2xx is the switch
        start(UpgradeTest::ignoring);
        http2();
        var head = head(http2.connect("websocket", "/", "sec-websocket-version", "13"));
        assertEquals(502, head.status());
        assertEquals("loomtunnel; error=http_upgrade_failed", head.fields().first("proxy-status"));
        assertFalse(head.fields().has("loomtunnel-status"));
    }

    private static void ignoring(RawOrigin.Connection connection) throws Exception {
        while (!connection.head().isEmpty()) {
            connection.send("HTTP/1.1 203 Non-Authoritative Information\r\nContent-Length: 5\r\nLoomTunnel-Status: 204\r\n\r\nhello");
        }
    }

    @ParameterizedTest @ValueSource(strings = {"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nUpgrade: websocket\r\nConnection: upgrade\r\n",
        "Upgrade: websocket\r\nConnection: upgrade\r\n", "Sec-WebSocket-Accept: ACCEPT\r\nConnection: upgrade\r\n",
        "Sec-WebSocket-Accept: ACCEPT\r\nUpgrade: other\r\nConnection: upgrade\r\n", "Sec-WebSocket-Accept: ACCEPT\r\nUpgrade: websocket\r\n"})
    void anAnswerThatProvesNothingIs502(String fields) throws Exception {                      // RFC 6455 §4.1
        start(connection -> {
            var accept = accepting(connection);
            connection.send("HTTP/1.1 101 Switching Protocols\r\n" + fields.replace("ACCEPT", accept) + "\r\nsecret");
            ends.add(connection.next());
        });
        visitor.send(OPENING + "\r\n");
        var answer = visitor.head();
        assertTrue(answer.startsWith("HTTP/1.1 502 Bad Gateway\r\n"), answer);
        assertTrue(field(answer, "Proxy-Status").startsWith("loomtunnel; error=http_upgrade_failed"), answer);
        assertEquals(-1, ends.poll(10, TimeUnit.SECONDS), "the origin's connection is closed");
    }

    @Test void malformedHandshakesAreRefusedBeforeTheOriginHearsOfThem() throws Exception {    // RFC 6455 §4.2.1, §4.2.2
        start(this::echo);
        var opening = OPENING + "\r\n";
        assertStatus(400, opening.replace("Sec-WebSocket-Key: " + KEY + "\r\n", ""));
        assertStatus(400, opening.replace(KEY, "dGhlIHNhbXBsZQ=="));
        assertStatus(400, opening.replace(KEY, "not base64 not base64 !!"));
        assertStatus(400, opening.replace("Sec-WebSocket-Key: " + KEY, "Sec-WebSocket-Key: " + KEY + "\r\nSec-WebSocket-Key: " + KEY));
        assertStatus(400, opening.replace("Sec-WebSocket-Version: 13\r\n", ""));
        var answer = assertStatus(426, opening.replace("Version: 13", "Version: 8"));
        assertEquals("13", field(answer, "Sec-WebSocket-Version"));
        assertEquals("websocket", field(answer, "Upgrade"));                                   // RFC 9110 §15.5.22
        assertEquals("upgrade", field(answer, "Connection"));
        assertEquals(0, origin.accepted());
    }

    private String assertStatus(int status, String request) throws IOException {
        try (var one = new Visitor(pipe.address())) {
            one.send(request);
            var answer = one.head();
            assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), status + " for " + request + " but " + answer);
            return answer;
        }
    }

    // ---- what is no upgrade ------------------------------------------------------------------------------------

    @ParameterizedTest @ValueSource(strings = {"h2c", "ptth", "connect-udp", "connect-tcp", "connect-ip", "other", "TLS/1.0"})
    void everyOtherUpgradeIsDroppedAndItsRequestGoesOn(String token) throws Exception {        // RFC 9110 §7.8
        start(connection -> {
            heads.add(connection.head());
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        });
        visitor.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: " + token + "\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
        assertTrue(visitor.until("hi").endsWith("hi"));
        var head = heads.take();
        assertNull(field(head, "Upgrade"));
        assertNull(field(head, "Connection"));
        assertFalse(head.toLowerCase().contains("http2-settings"), head);
    }

    @Test void anUpgradeThatCannotSwitchIsAnOrdinaryRequest() throws Exception {
        start(connection -> {
            for (String head; !(head = connection.head()).isEmpty(); ) {
                heads.add(head);
                if (head.contains("Content-Length: 3")) connection.read(3);
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
            }
        });
        var opening = OPENING + "\r\n";
        assertOrdinary("POST /" + opening.substring(4, opening.length() - 2) + "Content-Length: 3\r\n\r\nabc");       // not GET
        assertOrdinary(opening.substring(0, opening.length() - 2) + "Content-Length: 3\r\n\r\nabc");                   // with content
        assertOrdinary(opening.replace("Connection: Upgrade\r\n", ""));                                                // for another hop
        assertOrdinary(opening.replace("HTTP/1.1", "HTTP/1.0"));                                                       // RFC 9110 §7.8
    }

    private void assertOrdinary(String request) throws Exception {
        try (var one = new Visitor(pipe.address())) {
            one.send(request);
            assertTrue(one.until("hi").endsWith("hi"), request);
        }
        assertNull(field(heads.take(), "Upgrade"), request);
    }

    @Test void connectIs501AndNothingIsOpened() throws Exception {
        start(this::echo);
        assertStatus(501, "CONNECT app.example:80 HTTP/1.1\r\nHost: app.example:80\r\n\r\n");
        http2();
        var connect = http2.open(new RequestHead("CONNECT", "", "app.example:80", "", Fields.of()));
        assertEquals(501, head(connect).status());
        for (var protocol : List.of("ptth", "connect-udp", "connect-ip", "connect-tcp", "h2c", "other")) {
            assertEquals(501, head(http2.connect(protocol, "/")).status(), protocol);
        }
        assertEquals(0, origin.accepted());
        assertTrue(pipe.server().tunnels().tunnels().stream().allMatch(tunnel -> tunnel.streams() == 0));
    }

    // ---- extended CONNECT --------------------------------------------------------------------------------------

    @Test void extendedConnectReachesAnHttp1Origin() throws Exception {                        // RFC 8441 §5
        start(this::echo);
        http2();
        var socket = http2.connect("websocket", "/chat?x=1", "sec-websocket-version", "13", "sec-websocket-protocol", "chat", "origin", "http://a");
        var answer = head(socket);
        assertEquals(200, answer.status());
        assertFalse(answer.fields().has("sec-websocket-accept"));
        assertFalse(answer.fields().has("upgrade"));
        var asked = heads.take();
        assertTrue(asked.startsWith("GET /chat?x=1 HTTP/1.1\r\nHost: app.example\r\n"), asked);
        assertEquals("chat", field(asked, "Sec-WebSocket-Protocol"));
        assertEquals("http://a", field(asked, "Origin"));
        assertEquals(16, Base64.getDecoder().decode(field(asked, "Sec-WebSocket-Key")).length);
        var duplex = socket.duplex();
        duplex.out().write("hello".getBytes(ISO_8859_1));
        duplex.out().flush();
        assertEquals("hello", new String(duplex.in().readNBytes(5), ISO_8859_1));
        duplex.finish();
        assertEquals(-1, duplex.in().read());
        assertEquals(0, ends.poll(10, TimeUnit.SECONDS));
    }

    @Test void protocolsAreComparedWithoutRegardToCase() throws Exception {                    // RFC 9110 §7.8
        start(this::echo);
        http2();
        assertEquals(200, head(http2.connect("WebSocket", "/", "sec-websocket-version", "13")).status());
        assertEquals(501, head(http2.connect("Connect-UDP", "/")).status());
        visitor.send(OPENING.replace("websocket", "WebSocket").replace("Connection: Upgrade", "Connection: keep-alive, UPGRADE") + "\r\n");
        assertTrue(visitor.head().startsWith("HTTP/1.1 101 "));
    }

    @Test void dataSentBeforeTheAnswerIsNotLost() throws Exception {
        start(this::echo);
        http2();
        var socket = http2.connect("websocket", "/", "sec-websocket-version", "13", "content-length", "0");
        socket.content().write("early".getBytes(ISO_8859_1));
        socket.content().flush();
        assertEquals(200, head(socket).status());
        assertEquals("early", new String(socket.duplex().in().readNBytes(5), ISO_8859_1));
    }

    @Test void theRefusalOfAnExtendedConnectPassesWithItsBody() throws Exception {
        start(connection -> {
            connection.head();
            connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nnot you");
            connection.next();
        });
        http2();
        var socket = http2.connect("websocket", "/", "sec-websocket-version", "13");
        assertEquals(403, head(socket).status());
        assertEquals("not you", new String(socket.body().readAllBytes(), ISO_8859_1));
    }

    @Test void anHttp2OriginGetsExtendedConnectFromEitherVisitor() throws Exception {          // RFC 8441 §4
        try (var http2Origin = new Http2Origin(connectable(true), exchange -> {
            var request = exchange.request();
            heads.add(request.method() + " " + request.protocol() + " " + request.path() + " " + request.fields().first("sec-websocket-protocol"));
            var duplex = exchange.upgrade(Fields.of("sec-websocket-protocol", "chat"));
            duplex.transferTo(duplex.out());
            duplex.finish();
        })) {
            before(http2Origin);
            visitor.send(OPENING + "Sec-WebSocket-Protocol: chat\r\n\r\nearly");
            var answer = visitor.head();
            assertTrue(answer.startsWith("HTTP/1.1 101 "), answer);
            assertEquals(ACCEPT, field(answer, "Sec-WebSocket-Accept"));
            assertEquals("chat", field(answer, "Sec-WebSocket-Protocol"));
            assertEquals("early", visitor.read(5));
            assertEquals("CONNECT websocket /chat?x=1 chat", heads.take());
            visitor.finish();
            assertEquals("", visitor.all());
            http2();
            var socket = http2.connect("websocket", "/", "sec-websocket-version", "13");
            assertEquals(200, head(socket).status());
            socket.duplex().out().write("hi".getBytes(ISO_8859_1));
            socket.duplex().finish();
            assertEquals("hi", new String(socket.duplex().in().readAllBytes(), ISO_8859_1));
        }
    }

    @Test void theRefusalOfAnHttp2OriginPasses() throws Exception {
        try (var http2Origin = new Http2Origin(connectable(true), exchange -> {
            var sink = exchange.respond(new ResponseHead(403, Fields.of()));
            sink.write("not you".getBytes(ISO_8859_1));
            sink.end();
        })) {
            before(http2Origin);
            visitor.send(OPENING + "\r\n");
            assertTrue(visitor.head().startsWith("HTTP/1.1 403 "));
            assertTrue(visitor.until("not you").endsWith("not you"));
        }
    }

    @Test void anHttp2OriginThatTakesNoExtendedConnectIs502() throws Exception {               // RFC 8441 §3
        try (var http2Origin = new Http2Origin(connectable(false), exchange -> heads.add("asked"))) {
            before(http2Origin);
            visitor.send(OPENING + "\r\n");
            assertTrue(visitor.head().startsWith("HTTP/1.1 502 "));
            assertTrue(heads.isEmpty());
        }
    }

    private static Http2Config connectable(boolean connect) {
        var config = Http2Origin.CONFIG;
        return new Http2Config(config.maxStreams(), config.maxFrameSize(), config.maxFieldBytes(), config.maxFields(), connect, config.guarded(),
                config.firstStreamId(), config.patience(), config.quota());
    }

    private void before(Http2Origin http2Origin) throws IOException {
        pipe = new WholePipe(IngressConfig.DEFAULTS, GRACE);
        pipe.client(client -> client.http(http2Origin.uri()).grace(GRACE));
        visitor = new Visitor(pipe.address());
    }

    // ---- after the switch --------------------------------------------------------------------------------------

    @Test void theEndOfOneDirectionLeavesTheOther() throws Exception {
        start(connection -> {
            connection.send(switching(accepting(connection)));
            connection.send(connection.read(4));
            if (connection.next() < 0) connection.send("last words");
        });
        visitor.send(OPENING + "\r\nping");
        visitor.head();
        assertEquals("ping", visitor.read(4));
        visitor.finish();
        assertEquals("last words", visitor.all());
    }

    @Test void theOriginsEndReachesTheVisitorWhoMayGoOn() throws Exception {
        start(connection -> {
            connection.send(switching(accepting(connection)) + "bye");
            connection.finish();
            for (int b; (b = connection.next()) >= 0; ) ends.add(b);
            ends.add(-1);
        });
        visitor.send(OPENING + "\r\n");
        visitor.head();
        assertEquals("bye", visitor.all());
        visitor.send("x");
        assertEquals('x', ends.poll(10, TimeUnit.SECONDS));
        visitor.finish();
        assertEquals(-1, ends.poll(10, TimeUnit.SECONDS));
    }

    @Test void aVisitorsResetReachesTheOriginAtOnce() throws Exception {
        start(connection -> {
            connection.send(switching(accepting(connection)));
            ends.add(connection.next());
        });
        visitor.send(OPENING + "\r\n");
        visitor.head();
        visitor.reset();
        assertEquals(-1, ends.poll(10, TimeUnit.SECONDS));
    }

    @Test void anHttp2VisitorsCancelReachesTheOriginAtOnce() throws Exception {
        start(connection -> {
            connection.send(switching(accepting(connection)));
            ends.add(connection.next());
        });
        http2();
        var socket = http2.connect("websocket", "/", "sec-websocket-version", "13");
        head(socket);
        socket.duplex().reset();
        assertEquals(-1, ends.poll(10, TimeUnit.SECONDS));
    }

    @Test void anOriginsResetIsNoCleanEnd() throws Exception {                                 // RFC 8441 §5
        start(connection -> {
            connection.send(switching(accepting(connection)));
            connection.read(1);
            connection.reset();
        });
        http2();
        var socket = http2.connect("websocket", "/", "sec-websocket-version", "13");
        head(socket);
        assertThrows(IOException.class, () -> {
            socket.duplex().out().write('x');               // the reset may be faster than its return
            socket.duplex().in().read();
        });
        visitor.send(OPENING + "\r\nx");
        visitor.head();
        assertThrows(IOException.class, () -> visitor.in().read());
    }

    @Test void drainingEndsAWebSocketAtTheEndOfGrace() throws Exception {
        start(this::echo);
        visitor.send(OPENING + "\r\n");
        visitor.head();
        var closing = Thread.ofVirtual().start(pipe.server()::close);
        visitor.send("still here");
        assertEquals("still here", visitor.read(10));
        assertThrows(IOException.class, () -> {
            if (visitor.in().read() < 0) throw new IOException("ended");
        });
        assertTrue(closing.join(PATIENCE));
        assertEquals(0, ends.poll(10, TimeUnit.SECONDS));
    }

    @Test void megabytesPassBothWaysAtOnce() throws Exception {
        start(this::blast);
        visitor.send(OPENING + "\r\n");
        visitor.head();
        var sender = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < 64; i++) visitor.send("x".repeat(64 * 1024));
                visitor.finish();
            } catch (IOException e) {
                // the sum will not be right
            }
        });
        assertEquals(4 * 1024 * 1024, visitor.in().readAllBytes().length);
        sender.join();
    }

    /// Sends back what comes, in large pieces.
    private void blast(RawOrigin.Connection connection) throws Exception {
        connection.send(switching(accepting(connection)));
        for (String piece; !(piece = connection.read(64 * 1024)).isEmpty(); ) connection.send(piece);
    }

    // ---- other protocols ---------------------------------------------------------------------------------------

    @Test void aProtocolThatWasAllowedPassesWithoutAnythingOfWebSocket() throws Exception {
        start(connection -> {
            var head = connection.head();
            heads.add(head);
            connection.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: Echo\r\nConnection: Upgrade\r\n\r\n");
            connection.send(connection.read(2));
            connection.next();
        }, IngressConfig.DEFAULTS.withUpgrades(List.of("echo")));
        visitor.send("GET /e HTTP/1.1\r\nHost: a\r\nUpgrade: h2c, ECHO\r\nConnection: upgrade\r\n\r\nhi");
        assertEquals("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n", visitor.head());
        assertEquals("hi", visitor.read(2));
        var head = heads.take();
        assertEquals("echo", field(head, "Upgrade"));
        assertNull(field(head, "Sec-WebSocket-Key"));
        http2();
        var socket = http2.connect("echo", "/e");
        socket.content().write("ho".getBytes(ISO_8859_1));
        socket.content().flush();
        assertEquals(200, head(socket).status());
        assertEquals("ho", new String(socket.duplex().in().readNBytes(2), ISO_8859_1));
    }

    @Test void afterTheRefusalOfAnotherProtocolTheConnectionEnds() throws Exception {
        start(connection -> {
            connection.head();
            connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
        }, IngressConfig.DEFAULTS.withUpgrades(List.of("echo")));
        visitor.send("GET /e HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals(1, visitor.all().split("HTTP/1.1 404", -1).length - 1);
    }

    @Test void whatMustNotPassCannotBeAllowed() {
        for (var token : List.of("ptth", "Connect-UDP", "connect-ip", "connect-tcp", "h2c", "a b", "")) {
            assertThrows(IllegalArgumentException.class, () -> IngressConfig.DEFAULTS.withUpgrades(List.of(token)), token);
        }
    }
}
