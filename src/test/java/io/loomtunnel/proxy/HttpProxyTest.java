package io.loomtunnel.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.RawOrigin;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.http1.Http1Server;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.pool.PoolConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A visitor's socket, the gateway, an origin's socket: one message each way.
@Timeout(20)
class HttpProxyTest {
    private Listener listener;
    private HttpProxy proxy;
    private Socket visitor;

    private void start(URI origin) throws IOException {
        start(origin, PoolConfig.DEFAULTS);
    }

    private void start(URI origin, PoolConfig config) throws IOException {
        proxy = new HttpProxy(origin, config);
        listener = Listener.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ListenerConfig.DEFAULTS, connection ->
                new Http1Server(connection, new ByteReader(connection.in(), MemoryBudget.PROCESS), Http1Config.DEFAULTS,
                        new Peer(connection.remoteAddress(), "http")).serve(proxy));
        visit();
    }

    private void visit() throws IOException {
        visitor = new Socket(InetAddress.getLoopbackAddress(), listener.localAddress().getPort());
        visitor.setTcpNoDelay(true);
        visitor.setSoTimeout(10_000);
    }

    @AfterEach void stop() throws IOException {
        if (visitor != null) visitor.close();
        if (listener != null) listener.close();
        if (proxy != null) proxy.close();
    }

    private void send(String bytes) throws IOException {
        visitor.getOutputStream().write(bytes.getBytes(ISO_8859_1));
    }

    private String all() throws IOException {
        return new String(visitor.getInputStream().readAllBytes(), ISO_8859_1);
    }

    private String read(int bytes) throws IOException {
        return new String(visitor.getInputStream().readNBytes(bytes), ISO_8859_1);
    }

    private String until(String end) throws IOException {
        var text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int b = visitor.getInputStream().read();
            if (b < 0) break;
            text.append((char) b);
        }
        return text.toString();
    }

    @Test void hopByHopFieldsStayAndTheOthersPass() throws Exception {                // RFC 9110 §7.6.1
        var heads = new LinkedBlockingQueue<String>();
        try (var origin = new RawOrigin(connection -> {
            heads.add(connection.head());
            connection.send("HTTP/1.1 200 OK\r\nConnection: close, X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\nDate: today\r\nX-Public: 2\r\nContent-Length: 2\r\n\r\nhi");
        })) {
            start(origin.uri());
            send("GET /x HTTP/1.1\r\nHost: app.example\r\nConnection: close, X-Hop, Trailer\r\nX-Hop: 1\r\nProxy-Connection: x\r\nX-A: caf\u00e9\r\nX-A: 2\r\nTE: gzip\r\n\r\n");
            var response = all();
            var head = heads.poll(5, TimeUnit.SECONDS);
            assertEquals("GET /x HTTP/1.1\r\nHost: app.example\r\nX-A: caf\u00e9\r\nX-A: 2\r\n\r\n", head);
            assertEquals("HTTP/1.1 200 OK\r\nDate: today\r\nX-Public: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", response);
        }
    }

    @Test void responseArrivesAsItTrickles() throws Exception {
        var next = new LinkedBlockingQueue<String>();
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
            for (String event; !(event = next.take()).isEmpty(); ) connection.send(event);
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            until("\r\n\r\n");
            for (int i = 0; i < 3; i++) {
                next.add("data: " + i + "\n\n");
                assertTrue(until("\n\n").endsWith("data: " + i + "\n\n"));
            }
            next.add("");
            assertTrue(until("0\r\n\r\n").endsWith("0\r\n\r\n"));
        }
    }

    @Test void uploadArrivesWhileTheResponseAlreadyFlows() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < 3; i++) connection.send("4\r\n" + connection.read(9).substring(3, 7) + "\r\n");     // one chunk each
            connection.send("0\r\n\r\n");
        })) {
            start(origin.uri());
            send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < 3; i++) {
                send("4\r\nnr." + i + "\r\n");
                assertTrue(until("nr." + i).endsWith("nr." + i));
            }
        }
    }

    @Test void trailersPassBothWays() throws Exception {
        var seen = new LinkedBlockingQueue<String>();
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            seen.add(connection.head());
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-End: 1\r\n\r\n");
        })) {
            start(origin.uri());
            send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n");
            assertTrue(until("X-End: 1\r\n\r\n").endsWith("2\r\nhi\r\n0\r\nX-End: 1\r\n\r\n"));
            assertEquals("5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n", seen.poll(5, TimeUnit.SECONDS));
        }
    }

    @Test void interimResponsesPassOneByOne() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\nHTTP/1.1 204 No Content\r\nDate: today\r\n\r\n");
            connection.head();
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertEquals("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\nHTTP/1.1 204 No Content\r\nDate: today\r\n\r\n",
                    until("today\r\n\r\n"));
        }
    }

    @Test void contentIsNotAskedForUntilTheOriginAsks() throws Exception {           // RFC 9110 §10.1.1
        try (var origin = new RawOrigin(connection -> {
            assertTrue(connection.head().contains("Expect: 100-continue"));
            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + connection.read(5));
            connection.head();
        })) {
            start(origin.uri());
            send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
            assertEquals("HTTP/1.1 100 Continue\r\n\r\n", until("\r\n\r\n"));
            send("hello");
            assertTrue(until("hello").endsWith("\r\n\r\nhello"));
        }
    }

    @Test void earlyResponseIsNotLostWhileTheVisitorStillSends() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope");
        })) {
            start(origin.uri());
            send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(50_000));
            assertTrue(until("nope").contains(" 413 "));
            send("x".repeat(50_000));
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertTrue(until("nope").contains(" 413 "), "the connection goes on after the rest of the content");
        }
    }

    @Test void originThatDiesInMidContentMakesTheResponseVisiblyIncomplete() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            String answer;
            try {
                answer = all();
            } catch (IOException e) {
                answer = "";               // a reset is as visible
            }
            assertFalse(answer.endsWith("hello\r\n"), answer);
            assertTrue(answer.isEmpty() || answer.length() < answer.indexOf("\r\n\r\n") + 4 + 10, answer);
        }
    }

    @Test void visitorWhoLeavesEndsTheOriginsWork() throws Exception {
        var began = new CountDownLatch(1);
        var left = new CountDownLatch(1);
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            began.countDown();
            connection.next();
            left.countDown();
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertTrue(began.await(5, TimeUnit.SECONDS));
            visitor.setSoLinger(true, 0);
            visitor.close();
            assertTrue(left.await(200, TimeUnit.MILLISECONDS));
        }
    }

    @Test void idempotentRequestIsSentAgainWhenAReusedConnectionEnds() throws Exception {    // RFC 9110 §9.2.2
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + connection.number());
            connection.head();             // and closes without a response
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertTrue(until("\r\n\r\n1").endsWith("1"));
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertTrue(until("\r\n\r\n2").endsWith("2"));
        }
    }

    @Test void requestWhoseResponseHadBegunIsNotSentAgain() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + connection.number());
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\n");
            connection.finish();
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            until("\r\n\r\n1");
            send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assertTrue(all().startsWith("HTTP/1.1 502 "));
            assertEquals(1, origin.accepted());
        }
    }

    @Test void whiteSpaceInFrontOfAColonIsTakenFromAResponse() throws Exception {     // RFC 9112 §5.1
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nDate: x\r\nX-A \t: 1\r\nTransfer-Encoding : chunked\r\n\r\n2\r\nhi\r\n0\r\nX-B : 2\r\n\r\n");
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assertEquals("HTTP/1.1 200 OK\r\nDate: x\r\nX-A: 1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-B: 2\r\n\r\n", all());
        }
    }

    @Test void interimResponseHasNoLength() throws Exception {                         // RFC 9110 §8.6
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nLink: </a>\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nhi");
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assertEquals("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", all());
        }
    }

    @Test void connectionOfA204ThatAnnouncesContentIsNotUsedAgain() throws Exception { // RFC 9112 §6.3
        try (var origin = new RawOrigin(connection -> {
            while (!connection.head().isEmpty()) connection.send("HTTP/1.1 204 No Content\r\nX-N: " + connection.number() + "\r\nContent-Length: 5\r\n\r\n");
        })) {
            start(origin.uri());
            for (int i = 1; i <= 2; i++) {
                send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                assertTrue(until("\r\n\r\n").contains("X-N: " + i + "\r\n"));
            }
        }
    }

    @Test void responseThatNobodyAskedForIsNobodys() throws Exception {                // RFC 9112 §9.2
        var first = new CountDownLatch(1);
        var second = new CountDownLatch(1);
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + "good");
            if (connection.number() > 1) return;
            first.await();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            second.countDown();
            connection.next();
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            until("good");
            first.countDown();
            second.await();
            send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assertTrue(all().endsWith("good"));
        }
    }

    @Test void contentThatAnOriginSendsToHeadIsNobodysResponse() throws Exception {    // RFC 9110 §9.3.2
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nX-N: " + connection.number() + "\r\nContent-Length: 38\r\n\r\n");
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            connection.next();
        })) {
            start(origin.uri());
            for (int i = 1; i <= 5; i++) {
                send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
                assertTrue(until("\r\n\r\n").contains("X-N: " + i + "\r\n"));
            }
        }
    }

    @Test void secondSendingTakesANewConnection() throws Exception {
        var held = new CountDownLatch(2);
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            held.countDown();
            held.await();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + connection.number());
            if (connection.number() <= 2) connection.head();       // both idle ones close without a response
            else connection.next();
        })) {
            start(origin.uri());
            var first = visitor;
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            visit();
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            until("\r\n\r\n");
            read(1);
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertTrue(until("\r\n\r\n3").endsWith("3"));
            first.close();
        }
    }

    @Test void requestThatAnotherHopSentAgainIsNotSentAgainHere() throws Exception {
        var heads = new LinkedBlockingQueue<String>();
        try (var origin = new RawOrigin(connection -> {
            heads.add(connection.head());
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + connection.number());
            heads.add(connection.head());
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\nLoomTunnel-Again: ?1\r\n\r\n");
            until("\r\n\r\n1");
            assertEquals("GET / HTTP/1.1\r\nHost: a\r\n\r\n", heads.poll(5, TimeUnit.SECONDS));
            send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nLoomTunnel-Again: ?1\r\n\r\n");
            assertTrue(all().startsWith("HTTP/1.1 502 "));
            assertEquals(1, origin.accepted());
        }
    }

    @Test void requestWhoseContentWasTakenIsNeverSentAgain() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + connection.number());
            connection.head();
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            until("\r\n\r\n1");
            send("PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
            assertTrue(all().startsWith("HTTP/1.1 502 "));
            assertEquals(1, origin.accepted());
        }
    }

    @Test void deadOriginIsNamedAndTheNextRequestAfterItsReturnWorks() throws Exception {
        int port;
        try (var origin = RawOrigin.answering("")) {
            port = origin.port();
        }
        start(URI.create("http://127.0.0.1:" + port));
        send("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n");
        var page = until("</html>\n");
        assertTrue(page.startsWith("HTTP/1.1 502 ") && page.contains("refused the connection") && page.contains("127.0.0.1:" + port), page);
        assertTrue(page.contains("Proxy-Status: loomtunnel; error=connection_refused"), page);
    }

    @Test void originThatDoesNotAnswerInTimeIs504() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.next();
        })) {
            start(origin.uri(), PoolConfig.DEFAULTS.withResponseTimeout(Duration.ofMillis(200)));
            send("GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n");
            assertTrue(until("}").contains("\"status\":504"));
        }
    }

    @Test void malformedResponseIs502AndNothingOfItPasses() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nX-Evil: 1\r\n\r\n0\r\n\r\n");
        })) {
            start(origin.uri());
            send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            var answer = all();
            assertTrue(answer.startsWith("HTTP/1.1 502 ") && answer.contains("http_protocol_error") && !answer.contains("Evil"), answer);
        }
    }

    @Test void malformedUploadIsTheVisitorsFault() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            while (connection.next() >= 0) {
                // nothing whole ever comes
            }
        })) {
            start(origin.uri());
            send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n-1\r\n");
            assertTrue(until("\r\n\r\n").startsWith("HTTP/1.1 400 "));
        }
    }

    @Test void connectIsNotServed() throws Exception {
        try (var origin = RawOrigin.answering("x")) {
            start(origin.uri());
            send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nConnection: close\r\n\r\n");
            assertTrue(all().startsWith("HTTP/1.1 501 "));
            assertEquals(0, origin.accepted());
        }
    }
}
