package io.loomtunnel.http1;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.DuplexPair;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Raw bytes in, raw bytes out.
@Timeout(20)
class Http1ServerTest {
    private static final Peer PEER = new Peer(new InetSocketAddress("127.0.0.1", 1), "http");
    private static final Http1Config QUICK = Http1Config.DEFAULTS.withTimeouts(Duration.ofMillis(300), Duration.ofMillis(300), Duration.ofMillis(300))
            .withDrain(1_000, Duration.ofMillis(300));

    private Duplex visitor;
    private Thread thread;

    @AfterEach void serverEnds() throws InterruptedException {
        if (visitor != null) visitor.reset();
        if (thread != null) assertTrue(thread.join(Duration.ofSeconds(5)), "the server goes on");
    }

    /// What the server sends until it closes, after these bytes were sent and our direction was ended.
    private String answerTo(String request) throws IOException {
        return answerTo(request, ECHO);
    }

    private String answerTo(String request, ExchangeHandler handler) throws IOException {
        connect(Http1Config.DEFAULTS, handler);
        send(request);
        visitor.finish();
        return new String(visitor.in().readAllBytes(), ISO_8859_1);
    }

    private void connect(Http1Config config, ExchangeHandler handler) {
        var pair = new DuplexPair(1 << 20);
        visitor = pair.left();
        var duplex = pair.right();
        thread = Thread.ofVirtual().start(() -> {
            try (duplex) {
                new Http1Server(duplex, new ByteReader(duplex.in(), MemoryBudget.PROCESS), config, PEER).serve(handler);
            } catch (IOException e) {
                // the visitor left
            }
        });
    }

    private void send(String bytes) throws IOException {
        visitor.out().write(bytes.getBytes(ISO_8859_1));
    }

    private static int status(String answer) {
        return answer.isEmpty() ? 0 : Integer.parseInt(answer.substring(9, 12));
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    /// Answers with what it understood.
    private static final ExchangeHandler ECHO = exchange -> {
        var request = exchange.request();
        var content = new String(exchange.content().readAllBytes(), ISO_8859_1);
        var text = request.method() + " " + request.authority() + " " + request.path() + " [" + content + "]" + exchange.content().trailers();
        var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "" + text.length())));
        if (!request.method().equals("HEAD")) sink.write(text.getBytes(ISO_8859_1));
        sink.end();
    };

    @Test void requestIsUnderstoodAndAnswered() throws IOException {
        var answer = answerTo("GET /x?y=%2f HTTP/1.1\r\nHost: a.example\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
        assertTrue(answer.endsWith("\r\n\r\nGET a.example /x?y=%2f []Fields[]"), answer);
    }

    @Test void pipelinedRequestsAreAnsweredInOrder() throws IOException {            // RFC 9112 §9.3.2
        var answer = answerTo("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals(3, count(answer, "HTTP/1.1 200"));
        assertTrue(answer.indexOf("/1") < answer.indexOf("/2 [hi]") && answer.indexOf("/2") < answer.indexOf("/3"), answer);
    }

    @Test void chunkedContentAndItsTrailersArrive() throws IOException {             // RFC 9112 §7.1
        var answer = answerTo("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n");
        assertTrue(answer.endsWith("[hello]Fields[x-sum]"), answer);
    }

    @Test void whatTwoParsersCouldReadDifferentlyIsRefused() throws IOException {
        for (var head : List.of(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX-A : 1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n folded\r\n\r\n",
                "GET / HTTP/1.1\r\n X: 1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX-A: a\rb\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n",
                "GET / HTTP/1.1\nHost: a\n\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a%2\r\n\r\n",
                "GET /x FOO/1.1\r\nHost: a\r\n\r\n",
                "GET /x 1.1\r\nHost: a\r\n\r\n",
                "OPTIONS * ICY/1.0\r\nHost: a\r\n\r\n",
                "PRI * HTTP/1.1\r\nHost: a\r\n\r\n",
                "PRI /x HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
                "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET x HTTP/1.1\r\nHost: a\r\n\r\n",
                "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / http/1.1\r\nHost: a\r\n\r\n",
                "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /\r\n",
                "GET /\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, host\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 1\r\n\r\nx",
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")) {
            var answer = answerTo(head);
            assertEquals(400, status(answer), head);
            assertEquals(1, count(answer, "HTTP/1.1 "), head);
        }
    }

    @Test void malformedChunksAreRefusedAndEndTheConnection() throws IOException {
        for (var body : List.of("0x5\r\nhello", "-5\r\n", "\r\nhello", " 5\r\nhello", "5 \r\nhello", "5\nhello", "g\r\n", "5\r\nhelloX\r\n",
                "5\r\nhello\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n", "5;a\nhello", "5;" + "a".repeat(2_000) + "\r\nhello", "0\r\ngarbage\r\n\r\n", "0\r\nX : 1\r\n\r\n",
                "0".repeat(65) + "5\r\nhello", "5;a=\"\nx\"\r\nhello", "5;a=\"\r\nx\"\r\nhello", "5;a\rb\r\nhello", "5;a=\"\r\nhello", "5;a=\"b\r\nhello", "5;\r\nhello", "5;=b\r\nhello", "5;a=\r\nhello",
                "5;a \r\nhello", "5;a b\r\nhello", "5;a=\"b\"c\r\nhello", "5;a=\"\\\"\r\nhello", "5;\u00e9\r\nhello", "0;\r\n\r\n", "0\r\nX: 1\r\n folded\r\n\r\n",
                "0\r\nX: a\nb\r\n\r\n", "80000000000000005\r\nhello", "7fffffffffffffff\r\nhello")) {
            var answer = answerTo("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body + "\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n");
            assertEquals(400, status(answer), body);
            assertFalse(answer.contains("/evil"), body);
        }
    }

    @Test void extensionsOfChunksAreIgnored() throws IOException {                    // RFC 9112 §7.1.1
        for (var extension : List.of(";a", ";a=b", ";a;b;c=d", ";a=\"\"", ";a=\"b;\u00e9\\\"\t\"", " ; a = b", "\t;a\t;b")) {
            var answer = answerTo("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5" + extension + "\r\nhello\r\n0" + extension + "\r\n\r\n");
            assertTrue(answer.endsWith("[hello]Fields[]"), extension);
        }
    }

    @Test void whoNamesNoHttpIsClosedWithoutAWord() throws IOException {              // RFC 9113 §3.4
        for (var opening : List.of("INVALID CONNECTION PREFACE\r\n\r\n", "EHLO mail.example.com SIZE\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")) {
            assertEquals("", answerTo(opening), opening);
        }
        var second = answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\nINVALID CONNECTION PREFACE\r\n\r\n");
        assertEquals(1, count(second, "HTTP/1.1 400"), second);
    }

    @Test void trailersHaveATimeOfTheirOwn() throws Exception {                       // long after that of the head
        var read = new CountDownLatch(1);
        connect(QUICK, exchange -> {
            exchange.content().read();
            read.countDown();
            ECHO.handle(exchange);
        });
        send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        read.await();
        for (var chunk : List.of("1\r\nb\r\n", "1\r\nc\r\n", "0\r\n")) {
            pause(QUICK.headTimeout().dividedBy(2));
            send(chunk);
        }
        pause(QUICK.headTimeout().dividedBy(2));
        send("X-Sum: 1\r\n\r\n");
        visitor.finish();
        assertTrue(new String(visitor.in().readAllBytes(), ISO_8859_1).endsWith("[bc]Fields[x-sum]"));
    }

    /// Time is what is tested: it must pass.
    private static void pause(Duration time) throws InterruptedException {
        assertFalse(new CountDownLatch(1).await(time.toNanos(), TimeUnit.NANOSECONDS));
    }

    @Test void trailersThatDripAreAnswered408() throws Exception {
        connect(QUICK, ECHO);
        send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
        var dripping = Thread.ofVirtual().start(() -> {
            try {
                for (var b : "X-A: a.very.long.value.that.never.ends".split("")) {
                    send(b);
                    pause(Duration.ofMillis(30));
                }
            } catch (IOException | InterruptedException e) {
                // refused
            }
        });
        assertEquals(408, status(new String(visitor.in().readAllBytes(), ISO_8859_1)));
        dripping.join();
    }

    @Test void otherVersionsAndCodingsHaveStatusesOfTheirOwn() throws IOException {
        assertEquals(505, status(answerTo("GET / HTTP/2.0\r\nHost: a\r\n\r\n")));
        assertEquals(501, status(answerTo("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")));
    }

    @Test void limitsHoldAtTheirEdge() throws IOException {
        int line = Http1Config.DEFAULTS.maxRequestLine() - "GET / HTTP/1.1\r\n".length();
        assertEquals(200, status(answerTo("GET /" + "a".repeat(line) + " HTTP/1.1\r\nHost: a\r\n\r\n")));
        assertEquals(414, status(answerTo("GET /" + "a".repeat(line + 1) + " HTTP/1.1\r\nHost: a\r\n\r\n")));
        assertEquals(200, status(answerTo("GET / HTTP/1.1\r\nHost: a\r\n" + "X: 1\r\n".repeat(199) + "\r\n")));
        assertEquals(431, status(answerTo("GET / HTTP/1.1\r\nHost: a\r\n" + "X: 1\r\n".repeat(200) + "\r\n")));
        int bytes = Http1Config.DEFAULTS.maxFieldBytes() - "Host: a\r\nX: \r\n\r\n".length();
        assertEquals(200, status(answerTo("GET / HTTP/1.1\r\nHost: a\r\nX: " + "v".repeat(bytes) + "\r\n\r\n")));
        assertEquals(431, status(answerTo("GET / HTTP/1.1\r\nHost: a\r\nX: " + "v".repeat(bytes + 1) + "\r\n\r\n")));
    }

    @Test void absoluteFormCountsAndNotTheHostField() throws IOException {           // RFC 9112 §3.2.2
        assertTrue(answerTo("GET http://b.example?q HTTP/1.1\r\nHost: a\r\n\r\n").contains("GET b.example /?q"));
    }

    @Test void httpOneZeroIsClosedUnlessItAsks() throws IOException {                // RFC 9112 §9.3
        var answer = answerTo("GET /1 HTTP/1.0\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\r\n\r\n");
        assertEquals(1, count(answer, "HTTP/1.1 200"));
        assertTrue(answer.contains("Connection: close\r\n"));
        answer = answerTo("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n");
        assertEquals(2, count(answer, "HTTP/1.1 200"));
        assertTrue(answer.contains("Connection: keep-alive\r\n"));
    }

    @Test void connectionCloseIsTheLastRequest() throws IOException {
        var answer = answerTo("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals(1, count(answer, "HTTP/1.1 "));
        assertTrue(answer.contains("Connection: close\r\n"));
    }

    @Test void unknownLengthIsChunkedAndTrailersFollow() throws IOException {
        var answer = answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", exchange -> {
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            sink.write("hello".getBytes(ISO_8859_1));
            sink.end(Fields.of("x-sum", "1"));
        });
        assertTrue(answer.endsWith("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), answer);
    }

    @Test void unknownLengthToHttpOneZeroEndsWithTheConnection() throws IOException {
        var answer = answerTo("GET / HTTP/1.0\r\n\r\n", exchange -> {
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            sink.write("hello".getBytes(ISO_8859_1));
            sink.end();
        });
        assertTrue(answer.endsWith("Connection: close\r\n\r\nhello"), answer);
    }

    @Test void headAndNotModifiedKeepTheirLength() throws IOException {              // RFC 9110 §8.6
        assertTrue(answerTo("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").endsWith("Content-Length: 19\r\n\r\n"));
        var answer = answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", exchange -> exchange.respond(new ResponseHead(304, Fields.of("content-length", "5"))).end());
        assertTrue(answer.endsWith("Content-Length: 5\r\n\r\n"), answer);
        answer = answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", exchange -> exchange.respond(new ResponseHead(204, new Fields())).end());
        assertEquals("HTTP/1.1 204 No Content\r\n\r\n", answer);
    }

    @Test void emptyResponseSaysSo() throws IOException {
        var answer = answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", exchange -> exchange.respond(new ResponseHead(200, new Fields())).end());
        assertEquals("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", answer);
    }

    @Test void interimResponsesPassButNotToHttpOneZero() throws IOException {        // RFC 9110 §15.2
        ExchangeHandler hints = exchange -> {
            exchange.inform(new ResponseHead(103, Fields.of("link", "</a>")));
            ECHO.handle(exchange);
        };
        assertTrue(answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", hints).startsWith("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200"));
        assertTrue(answerTo("GET / HTTP/1.0\r\nHost: a\r\n\r\n", hints).startsWith("HTTP/1.1 200"));
    }

    @Test void brokenOffResponseIsVisiblyIncomplete() throws IOException {
        var answer = answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", exchange -> {
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            sink.write("hello".getBytes(ISO_8859_1));
            sink.flush();
            throw new IOException("the origin died");
        });
        assertTrue(answer.endsWith("5\r\nhello\r\n"), answer);
    }

    @Test void wrongLengthNeverPassesForARightOne() throws IOException {
        var less = answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", exchange -> {
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "10")));
            sink.write("hello".getBytes(ISO_8859_1));
            sink.end();
        });
        assertFalse(less.endsWith("\r\n\r\n") || less.length() > 100, less);
        var more = answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", exchange -> {
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "2")));
            sink.write("hello".getBytes(ISO_8859_1));
            sink.end();
        });
        assertFalse(more.contains("hello"), more);
    }

    @Test void failuresOfAHandlerAreAnswered() throws IOException {
        assertEquals(500, status(answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", _ -> { })));
        assertEquals(504, status(answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", _ -> {
            throw new StatusException(504, "late");
        })));
        assertEquals(500, status(answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n", _ -> {
            throw new IllegalStateException("a bug, provoked");
        })));
    }

    @Test void earlyResponseIsNotLostAndTheRestIsDrained() throws IOException {      // RFC 9112 §9.6
        ExchangeHandler deaf = exchange -> exchange.respond(new ResponseHead(413, new Fields())).end();
        var answer = answerTo("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n", deaf);
        assertEquals(2, count(answer, "HTTP/1.1 413"), answer);
        connect(QUICK, deaf);
        send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(5_000));
        answer = new String(visitor.in().readAllBytes(), ISO_8859_1);
        assertEquals(1, count(answer, "HTTP/1.1 413"), answer);
    }

    @Test void drippedHeadIsAnswered408() throws Exception {
        connect(QUICK, ECHO);
        var dripping = Thread.ofVirtual().start(() -> {
            try {
                for (var b : "GET / HTTP/1.1\r\nHost: a.very.long.name.that.never.ends".split("")) {
                    send(b);
                    new CountDownLatch(1).await(30, TimeUnit.MILLISECONDS);
                }
            } catch (IOException | InterruptedException e) {
                // refused
            }
        });
        assertEquals(408, status(new String(visitor.in().readAllBytes(), ISO_8859_1)));
        dripping.join();
    }

    @Test void idleConnectionIsClosedWithoutAWord() throws IOException {
        connect(QUICK, ECHO);
        assertEquals("", new String(visitor.in().readAllBytes(), ISO_8859_1));
    }

    @Test void contentThatDoesNotComeIsAnswered408() throws IOException {
        connect(QUICK, ECHO);
        send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
        assertEquals(408, status(new String(visitor.in().readAllBytes(), ISO_8859_1)));
    }

    @Test void visitorWhoLeavesCancelsTheExchange() throws Exception {
        var began = new CountDownLatch(1);
        var cancelled = new CountDownLatch(1);
        connect(Http1Config.DEFAULTS, exchange -> {
            exchange.onCancel(cancelled::countDown);
            began.countDown();
            await(cancelled);
            throw new IOException("cancelled");
        });
        send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(began.await(5, TimeUnit.SECONDS));
        visitor.reset();
        assertTrue(cancelled.await(1, TimeUnit.SECONDS));
    }

    @Test void visitorWhoEndsLaterThanTheRequestHasLeft() throws Exception {
        var cancelled = new CountDownLatch(1);
        connect(Http1Config.DEFAULTS, exchange -> {
            exchange.onCancel(cancelled::countDown);
            await(cancelled);
            throw new IOException("cancelled");
        });
        send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertFalse(cancelled.await(150, TimeUnit.MILLISECONDS));                     // long enough for the watcher to begin
        visitor.finish();
        assertTrue(cancelled.await(100, TimeUnit.MILLISECONDS));
    }

    @Test void halfClosedVisitorStillGetsItsResponse() throws Exception {
        var release = new CountDownLatch(1);
        connect(Http1Config.DEFAULTS, exchange -> {
            await(release);
            ECHO.handle(exchange);
        });
        send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        visitor.finish();
        assertFalse(release.await(200, TimeUnit.MILLISECONDS));                       // long enough for the watcher to see the end
        release.countDown();
        assertEquals(200, status(new String(visitor.in().readAllBytes(), ISO_8859_1)));
    }

    @Test void requestThatArrivesWhileTheFirstIsWatchedIsNotLost() throws Exception {
        var release = new CountDownLatch(1);
        connect(Http1Config.DEFAULTS, exchange -> {
            if (exchange.request().path().equals("/slow")) await(release);
            ECHO.handle(exchange);
        });
        send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        assertFalse(release.await(150, TimeUnit.MILLISECONDS));
        send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        release.countDown();
        visitor.finish();
        var answer = new String(visitor.in().readAllBytes(), ISO_8859_1);
        assertEquals(2, count(answer, "HTTP/1.1 200"), answer);
    }

    @Test void upgradedConnectionKeepsTheBytesThatCameWithTheHead() throws IOException {
        var answer = answerTo("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello", exchange -> {
            try (var duplex = exchange.upgrade(Fields.of("connection", "upgrade", "upgrade", "echo"))) {
                duplex.in().transferTo(duplex.out());
                duplex.finish();
            }
        });
        assertEquals("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello", answer);
    }

    @Test void sameAnswerHoweverTheRequestArrives() throws IOException {
        var request = "\r\nPOST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-A:  b \r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n";
        var whole = answerTo(request);
        for (int cut = 1; cut < request.length(); cut++) {
            connect(Http1Config.DEFAULTS, ECHO);
            send(request.substring(0, cut));
            Thread.yield();
            send(request.substring(cut));
            visitor.finish();
            assertEquals(whole, new String(visitor.in().readAllBytes(), ISO_8859_1), "cut at " + cut);
        }
    }

    @Test void randomDamageIsAnsweredOrClosedButNeverAnError() throws IOException {
        var random = new Random(20261124);
        var base = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n".getBytes(ISO_8859_1);
        for (int i = 0; i < 3_000; i++) {
            var bytes = base.clone();
            for (int n = 1 + random.nextInt(3); n > 0; n--) bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            var answer = answerTo(new String(bytes, ISO_8859_1));
            assertTrue(List.of(0, 200, 400, 414, 431, 501, 505).contains(status(answer)), new String(bytes, ISO_8859_1) + " -> " + answer);
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
