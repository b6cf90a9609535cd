package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.Http2Visitor;
import io.loomtunnel.fixture.RawOrigin;
import io.loomtunnel.fixture.Visitor;
import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.http.Fields;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Messages through server and client byte by byte: what only HTTP/1's syntax can say, and what its peers do wrong.
@Timeout(30)
class PassThroughWireTest {
    private static final Deadline NEVER = Deadline.NEVER;

    private final LinkedBlockingQueue<String> heads = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Object> news = new LinkedBlockingQueue<>();
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
        origin = new RawOrigin(connection -> {
            try {
                script.run(connection);
            } catch (Exception e) {
                news.add(e);
            }
        });
        pipe = new WholePipe(IngressConfig.DEFAULTS, Duration.ofMillis(300));
        pipe.client(client -> client.http(origin.uri()).grace(Duration.ofMillis(300)));
        visitor = new Visitor(pipe.address());
    }

    /// Answers each request with the same bytes.
    private void answering(String response) throws IOException {
        start(connection -> {
            for (String head; !(head = connection.head()).isEmpty(); ) {
                heads.add(head);
                connection.send(response);
            }
        });
    }

    private String asked() throws InterruptedException {
        return heads.poll(10, TimeUnit.SECONDS);
    }

    // ---- HTTP/1.0 ----------------------------------------------------------------------------------------------

    @Test void interimResponsesAndTrailersDoNotReachHttp10() throws Exception {                // RFC 9110 §15.2, RFC 9112 §7.1.2
        answering("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\nDate: x\r\n\r\n"
                + "2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n");
        visitor.send("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
        assertEquals("HTTP/1.1 200 OK\r\nTrailer: X-T\r\nDate: x\r\nConnection: close\r\n\r\nhi", visitor.all());
        var head = asked();
        assertTrue(head.startsWith("GET / HTTP/1.1\r\nHost: 127.0.0.1:" + origin.port() + "\r\n"), head);
        assertFalse(head.contains("Expect"), head);                                            // RFC 9110 §10.1.1
    }

    @Test void http10StaysOpenWhenItAsksAndTheLengthIsKnown() throws Exception {               // RFC 9112 §9.3
        answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        for (int i = 0; i < 2; i++) {
            visitor.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assertTrue(visitor.head().contains("Connection: keep-alive\r\n"));
            assertEquals("hi", visitor.read(2));
        }
    }

    @Test void anHttp10OriginsContentEndsWithItsConnection() throws Exception {                // RFC 9112 §6.3
        start(connection -> {
            connection.head();
            connection.send("HTTP/1.0 200 OK\r\n\r\nall of it");
        });
        visitor.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(visitor.head().contains("Transfer-Encoding: chunked\r\n"));
        assertTrue(visitor.until("0\r\n\r\n").contains("all of it"));
        http2 = new Http2Visitor(pipe.address());
        var transaction = http2.get("/");
        assertEquals(200, transaction.response(NEVER).status());
        assertEquals("all of it", new String(transaction.body().readAllBytes(), ISO_8859_1));
    }

    @Test void anHttp10OriginsResetIsNoEnd() throws Exception {
        start(connection -> {
            connection.head();
            connection.send("HTTP/1.0 200 OK\r\n\r\nhalf");
            news.take();
            connection.reset();
        });
        visitor.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        visitor.until("half");
        http2 = new Http2Visitor(pipe.address());
        var transaction = http2.get("/");
        assertEquals(200, transaction.response(NEVER).status());
        assertEquals(4, transaction.body().readNBytes(4).length);
        news.add("");
        news.add("");
        assertFalse(visitor.all().endsWith("0\r\n\r\n"));
        assertThrows(IOException.class, () -> transaction.body().readAllBytes());
    }

    @Test void anHttp10VisitorNoticesAResponseThatBrokeOff() throws Exception {
        start(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
            news.take();
            connection.close();
        });
        visitor.send("GET / HTTP/1.0\r\n\r\n");
        visitor.until("half");
        news.add("");
        assertThrows(IOException.class, () -> visitor.in().read(), "its close must not look like the content's end");
    }

    // ---- targets and fields ------------------------------------------------------------------------------------

    @Test void theAbsoluteFormIsForwardedAsAPath() throws Exception {                          // RFC 9112 §3.2.2
        answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        visitor.send("GET HTTP://app.example:81/x?y HTTP/1.1\r\nHost: other\r\n\r\n");
        visitor.until("hi");
        assertTrue(asked().startsWith("GET /x?y HTTP/1.1\r\nHost: app.example:81\r\n"));
        visitor.send("GET http://app.example?y HTTP/1.1\r\nHost: other\r\n\r\n");
        visitor.until("hi");
        assertTrue(asked().startsWith("GET /?y HTTP/1.1\r\nHost: app.example\r\n"));
        visitor.send("OPTIONS http://app.example HTTP/1.1\r\nHost: other\r\n\r\n");
        visitor.until("hi");
        assertTrue(asked().startsWith("OPTIONS * HTTP/1.1\r\nHost: app.example\r\n"));         // RFC 9112 §3.2.4
    }

    @Test void readinessForTrailersIsSaidToTheOriginByUs() throws Exception {                  // RFC 9110 §10.1.4
        answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        visitor.send("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip, trailers;q=0.5\r\nConnection: TE\r\n\r\n");
        visitor.until("hi");
        var head = asked();
        assertTrue(head.contains("\r\nTe: trailers\r\n") && head.contains("\r\nConnection: TE\r\n"), head);
        visitor.send("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip\r\nConnection: TE\r\n\r\n");
        visitor.until("hi");
        head = asked();
        assertFalse(head.contains("\r\nTe:") || head.contains("\r\nConnection:"), head);
    }

    @Test void trailersThatNobodyAnnouncedAreDroppedBehindALength() throws Exception {         // RFC 9110 §6.5.1
        start(connection -> {
            var head = connection.head();
            heads.add(head + connection.read(2));
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        });
        http2 = new Http2Visitor(pipe.address());
        var transaction = http2.begin("POST", "/", "content-length", "2");
        transaction.content().write("hi".getBytes(ISO_8859_1));
        transaction.content().end(Fields.of("x-t", "1"));
        assertEquals(200, transaction.response(NEVER).status());
        var request = asked();
        assertTrue(request.contains("\r\nContent-Length: 2\r\n") && request.endsWith("hi"), request);
    }

    @Test void trailersThatMeanSomethingElsewhereAreDroppedAndTheOthersPass() throws Exception {       // RFC 9110 §6.5.1, §7.6.1
        var trailers = "Keep-Alive: 1\r\nProxy-Connection: x\r\nConnection: close\r\nTE: gzip\r\nRange: bytes=0-\r\nX_Forwarded_For: 6.6.6.6\r\nX-T: 1\r\n\r\n";
        start(connection -> {
            heads.add(connection.head() + connection.read("2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n".length()));
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n" + trailers);
        });
        visitor.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n" + trailers);
        var response = visitor.all();
        assertTrue(response.startsWith("HTTP/1.1 200 ") && response.endsWith("2\r\nok\r\n0\r\nX-T: 1\r\n\r\n"), response);
        var request = asked();
        assertTrue(request.endsWith("2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n"), request);
    }

    @Test void traceWithContentIsRefusedByHttp2AsByHttp1() throws Exception {                  // RFC 9110 §9.3.8
        answering("HTTP/1.1 204 No Content\r\n\r\n");
        http2 = new Http2Visitor(pipe.address());
        var transaction = http2.begin("TRACE", "/");
        transaction.content().write("hi".getBytes(ISO_8859_1));
        transaction.content().end();
        assertEquals(400, transaction.response(NEVER).status());
        assertNull(heads.poll());
    }

    @Test void crumbsOfACookieReachAnHttp1OriginAsOneField() throws Exception {                // RFC 9113 §8.2.3
        answering("HTTP/1.1 204 No Content\r\n\r\n");
        http2 = new Http2Visitor(pipe.address());
        assertEquals(204, http2.get("/", "cookie", "a=1", "cookie", "b=2").response(NEVER).status());
        var head = asked();
        assertTrue(head.contains("\r\nCookie: a=1; b=2\r\n"), head);
    }

    @Test void bodilessResponsesWithALengthKeepTheConnectionInStep() throws Exception {        // RFC 9112 §6.3
        start(connection -> {
            for (String head; !(head = connection.head()).isEmpty(); ) {
                heads.add(head);
                if (head.startsWith("HEAD")) connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                else if (head.startsWith("GET /304")) connection.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: \"e\"\r\n\r\n");
                else connection.send("HTTP/1.1 204 No Content\r\n\r\n");
            }
        });
        for (var request : new String[] {"HEAD /", "GET /304", "GET /204", "HEAD /"}) {
            visitor.send(request + " HTTP/1.1\r\nHost: a\r\n\r\n");
            var head = visitor.head();
            assertTrue(head.matches("(?s)HTTP/1.1 (200|304|204) .*"), head);
            assertEquals(request.equals("GET /304"), head.contains("Content-Length: 99\r\n"), head);
        }
        assertEquals(1, origin.accepted(), "one connection serves all of them");
    }

    // ---- leaving -----------------------------------------------------------------------------------------------

    @Test void whoEndsItsDirectionWithTheRequestIsStillAnswered() throws Exception {           // half-close
        answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        visitor.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        visitor.finish();
        assertTrue(visitor.all().endsWith("hi"));
    }

    @Test void aVisitorsLeavingClosesTheOriginsConnectionSoon() throws Exception {
        start(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\n\r\ndata");
            connection.next();
            news.add(System.nanoTime());
        });
        visitor.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        visitor.until("data");
        // Once somebody watches, an end is a leaving; before that it may have come with the request.
        assertNull(news.poll(200, TimeUnit.MILLISECONDS));
        long left = System.nanoTime();
        visitor.close();
        assertSoon(left);
        visitor = new Visitor(pipe.address());
        visitor.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        visitor.until("data");
        left = System.nanoTime();
        visitor.reset();
        assertSoon(left);
    }

    private void assertSoon(long left) throws InterruptedException {
        var noticed = (Long) news.poll(10, TimeUnit.SECONDS);
        assertNotNull(noticed, "never");
        // 100 ms on a machine that has nothing else to do.
        assertTrue(noticed - left < Duration.ofSeconds(1).toNanos(), "after " + (noticed - left) / 1_000_000 + " ms");
    }

    @Test void aResponseOfAnOriginThatReadsNoMoreIsNotLost() throws Exception {                // RFC 9112 §9.6
        start(connection -> {
            connection.head();
            connection.read(1);
            connection.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nstop");
            connection.close();                     // with bytes unread: the kernel answers them by a reset
        });
        visitor.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + "x".repeat(100_000));
        var response = visitor.until("stop");
        assertTrue(response.startsWith("HTTP/1.1 413 ") && response.endsWith("stop"), response);
    }

    @Test void aVisitorWhoNeverWaitedForTheAnswerIsToldToStop() throws Exception {             // RFC 9113 §8.1
        start(connection -> {
            connection.head();
            connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
            connection.next();
        });
        http2 = new Http2Visitor(pipe.address());
        var transaction = http2.begin("POST", "/");
        transaction.content().flush();
        assertEquals(403, transaction.response(NEVER).status());
        assertEquals("no", new String(transaction.body().readAllBytes(), ISO_8859_1));
        var told = assertThrows(IOException.class, () -> {
            while (true) {
                transaction.content().write(new byte[16 * 1024]);
                transaction.content().flush();
            }
        });
        assertTrue(told.getMessage().contains("NO_ERROR"), told.getMessage());
    }
}
