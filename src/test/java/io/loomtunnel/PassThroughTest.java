package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.Http1Origin;
import io.loomtunnel.fixture.Http1Visitor;
import io.loomtunnel.fixture.Http2Origin;
import io.loomtunnel.fixture.Http2Visitor;
import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What HTTP can say passes through server and client, in every pairing of versions at visitor and origin.
@Timeout(30)
class PassThroughTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /// The visitor's version, then the origin's.
    enum Pairing {
        H1_H1, H1_H2, H2_H1, H2_H2;

        boolean http2Visitor() {
            return this == H2_H1 || this == H2_H2;
        }

        boolean http2Origin() {
            return this == H1_H2 || this == H2_H2;
        }
    }

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private HttpConnection visitor;

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    private void start(Pairing pairing, ExchangeHandler handler) throws IOException {
        URI uri;
        if (pairing.http2Origin()) {
            var origin = new Http2Origin(handler);
            open.push(origin);
            uri = origin.uri();
        } else {
            var origin = new Http1Origin(handler);
            open.push(origin);
            uri = origin.uri();
        }
        var pipe = new WholePipe(IngressConfig.DEFAULTS, Duration.ofMillis(300));
        open.push(pipe);
        pipe.client(client -> client.http(uri).grace(Duration.ofMillis(300)));
        if (pairing.http2Visitor()) {
            var http2 = new Http2Visitor(pipe.address());
            open.push(http2);
            visitor = http2;
        } else {
            var http1 = new Http1Visitor(pipe.address());
            open.push(http1);
            visitor = http1;
        }
    }

    private Transaction begin(String method, String path, String... fields) throws IOException {
        return visitor.send(new RequestHead(method, "http", "app.example", path, Fields.of(fields)));
    }

    private Transaction get(String path, String... fields) throws IOException {
        var transaction = begin("GET", path, fields);
        transaction.content().end();
        return transaction;
    }

    private static ResponseHead head(Transaction transaction) throws IOException {
        return transaction.response(Deadline.after(PATIENCE));
    }

    private static void respond(Exchange exchange, int status, String content, String... fields) throws IOException {
        var sink = exchange.respond(new ResponseHead(status, Fields.of(fields)));
        sink.write(content.getBytes(ISO_8859_1));
        sink.end();
    }

    private static void write(ContentSink sink, String text) throws IOException {
        sink.write(text.getBytes(ISO_8859_1));
        sink.flush();
    }

    private static String read(java.io.InputStream in, int bytes) throws IOException {
        return new String(in.readNBytes(bytes), ISO_8859_1);
    }

    private static String body(Transaction transaction) throws IOException {
        return new String(transaction.body().readAllBytes(), ISO_8859_1);
    }

    private static List<String> values(Fields fields, String name) {
        var all = new ArrayList<String>();
        for (int i = fields.find(name, 0); i >= 0; i = fields.find(name, i + 1)) all.add(fields.value(i));
        return all;
    }

    // ---- interim responses -------------------------------------------------------------------------------------

    @ParameterizedTest @EnumSource
    void interimResponsesPassOneByOneBeforeTheFinalOne(Pairing pairing) throws Exception {     // RFC 9110 §15.2, RFC 8297
        var next = new LinkedBlockingQueue<Integer>();
        start(pairing, exchange -> {
            for (int i = 0; i < 3; i++) exchange.inform(new ResponseHead(take(next), Fields.of("link", "</" + i + ">", "link", "</x>")));
            respond(exchange, take(next), "done");
        });
        var transaction = get("/");
        int i = 0;
        for (int status : List.of(103, 103, 102)) {
            next.add(status);
            var head = head(transaction);
            assertEquals(status, head.status());
            assertEquals(List.of("</" + i++ + ">", "</x>"), values(head.fields(), "link"));
        }
        next.add(200);
        assertEquals(200, head(transaction).status());
        assertEquals("done", body(transaction));
    }

    @ParameterizedTest @EnumSource
    void contentIsSentOnlyWhenTheOriginAsksForIt(Pairing pairing) throws Exception {           // RFC 9110 §10.1.1
        var came = new CountDownLatch(1);
        var ask = new CountDownLatch(1);
        start(pairing, exchange -> {
            assertEquals("100-continue", exchange.request().fields().first("expect"));
            assertEquals(0, exchange.content().available());
            came.countDown();
            await(ask);
            exchange.inform(new ResponseHead(100, Fields.of()));
            respond(exchange, 200, read(exchange.content(), 10));
        });
        var transaction = begin("PUT", "/", "expect", "100-continue", "content-length", "5");
        transaction.content().flush();
        assertTrue(came.await(10, TimeUnit.SECONDS), "the head travels without its content");
        ask.countDown();
        assertEquals(100, head(transaction).status());
        write(transaction.content(), "hello");
        transaction.content().end();
        assertEquals(200, head(transaction).status());
        assertEquals("hello", body(transaction));
    }

    @ParameterizedTest @EnumSource
    void aFinalResponseInsteadOfTheOneHundredIsFinal(Pairing pairing) throws Exception {       // RFC 9110 §10.1.1
        start(pairing, exchange -> respond(exchange, 417, "no", "content-length", "2"));
        var transaction = begin("PUT", "/", "expect", "100-continue", "content-length", "500000");
        transaction.content().flush();
        assertEquals(417, head(transaction).status());
        assertEquals("no", body(transaction));
    }

    @ParameterizedTest @EnumSource
    void whoeverDoesNotWaitForTheOneHundredIsServedAsWell(Pairing pairing) throws Exception {  // RFC 9110 §10.1.1
        start(pairing, exchange -> respond(exchange, 200, read(exchange.content(), 10)));
        var transaction = begin("PUT", "/", "expect", "100-continue", "content-length", "5");
        transaction.content().flush();
        write(transaction.content(), "hello");
        transaction.content().end();
        assertEquals(200, head(transaction).status());
        assertEquals("hello", body(transaction));
    }

    // ---- trailers ----------------------------------------------------------------------------------------------

    @ParameterizedTest @EnumSource
    void trailersPassBothWays(Pairing pairing) throws Exception {                              // RFC 9110 §6.5
        start(pairing, exchange -> {
            var request = exchange.request().fields();
            assertEquals("trailers", request.first("te"));
            var content = read(exchange.content(), 100);
            var trailers = exchange.content().trailers();
            var sink = exchange.respond(new ResponseHead(200, Fields.of("trailer", "x-sum")));
            sink.write(content.getBytes(ISO_8859_1));
            sink.end(Fields.of("x-sum", "caf\u00e9 " + trailers.first("x-check"), "x-sum", "2"));
        });
        var transaction = begin("POST", "/", "te", "trailers", "trailer", "x-check");
        write(transaction.content(), "hello");
        transaction.content().end(Fields.of("x-check", "17"));
        var head = head(transaction);
        assertEquals("x-sum", head.fields().first("trailer"));
        assertEquals("hello", body(transaction));
        assertEquals(List.of("caf\u00e9 17", "2"), values(transaction.body().trailers(), "x-sum"));
    }

    @ParameterizedTest @EnumSource
    void trailersThatWereAnnouncedPassBesideALength(Pairing pairing) throws Exception {        // RFC 9112 §7.1.2: only chunked has them
        start(pairing, exchange -> {
            var content = read(exchange.content(), 100);
            // An HTTP/1.1 origin has no way to send both.
            var fields = pairing.http2Origin() ? Fields.of("trailer", "x-sum", "content-length", "5") : Fields.of("trailer", "x-sum");
            var sink = exchange.respond(new ResponseHead(200, fields));
            sink.write(content.getBytes(ISO_8859_1));
            sink.end(Fields.of("x-sum", "of " + exchange.content().trailers().first("x-check")));
        });
        var fields = pairing.http2Visitor() ? new String[] {"trailer", "x-check", "content-length", "5"} : new String[] {"trailer", "x-check"};
        var transaction = begin("POST", "/", fields);
        write(transaction.content(), "hello");
        transaction.content().end(Fields.of("x-check", "17"));
        assertEquals(200, head(transaction).status());
        assertEquals("hello", body(transaction));
        // A request's length is never changed into chunks on its way: those of its trailers that have no place are dropped.
        assertEquals(pairing == Pairing.H2_H1 ? "of null" : "of 17", transaction.body().trailers().first("x-sum"));
    }

    @ParameterizedTest @EnumSource
    void trailersPassWithoutAnyContent(Pairing pairing) throws Exception {
        start(pairing, exchange -> {
            exchange.content().readAllBytes();
            exchange.respond(new ResponseHead(200, Fields.of("content-type", "application/grpc"))).end(Fields.of("grpc-status", "5"));
        });
        var transaction = get("/");
        assertEquals(200, head(transaction).status());
        assertEquals("", body(transaction));
        assertEquals("5", transaction.body().trailers().first("grpc-status"));
    }

    // ---- messages without content ------------------------------------------------------------------------------

    @ParameterizedTest @EnumSource
    void aResponseThatHasNoContentKeepsItsLength(Pairing pairing) throws Exception {           // RFC 9110 §8.6
        start(pairing, exchange -> {
            int status = Integer.parseInt(exchange.request().path().substring(1));
            exchange.respond(new ResponseHead(status, Fields.of("content-length", "1234", "etag", "\"e\""))).end();
        });
        for (var request : List.of("HEAD /200", "GET /304", "HEAD /404", "HEAD /304")) {
            var words = request.split(" ");
            var transaction = begin(words[0], words[1]);
            transaction.content().end();
            var head = head(transaction);
            assertEquals(words[1], "/" + head.status());
            assertEquals("1234", head.fields().first("content-length"), request);
            assertEquals("", body(transaction));
        }
    }

    @ParameterizedTest @EnumSource
    void statusesWithoutContentLeaveTheConnectionInOrder(Pairing pairing) throws Exception {   // RFC 9110 §15.3.5, §15.3.6
        start(pairing, exchange -> {
            int status = Integer.parseInt(exchange.request().path().substring(1));
            if (status == 205) respond(exchange, 205, "", "content-length", "0");
            else exchange.respond(new ResponseHead(status, Fields.of())).end();
        });
        for (int status : List.of(204, 205, 304, 204)) {
            var transaction = get("/" + status);
            assertEquals(status, head(transaction).status());
            assertEquals("", body(transaction));
        }
    }

    // ---- early responses ---------------------------------------------------------------------------------------

    @ParameterizedTest @EnumSource
    void anEarlyResponseIsNotLostWhileTheContentFlows(Pairing pairing) throws Exception {      // RFC 9112 §9.6, RFC 9113 §8.1
        start(pairing, exchange -> {
            exchange.content().readNBytes(1);
            respond(exchange, 413, "too much".repeat(1000));
        });
        var transaction = begin("POST", "/");
        var sender = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < 10_000; i++) write(transaction.content(), "x".repeat(16 * 1024));
            } catch (IOException e) {
                // told to stop
            }
        });
        assertEquals(413, head(transaction).status());
        assertEquals(8000, body(transaction).length());
        if (!pairing.http2Visitor()) transaction.cancel();          // our own sender's way to stop
        assertTrue(sender.join(PATIENCE));
    }

    // ---- fields and targets ------------------------------------------------------------------------------------

    @ParameterizedTest @EnumSource
    void repeatedAndNonAsciiValuesKeepTheirOrder(Pairing pairing) throws Exception {           // RFC 9110 §5.3
        start(pairing, exchange -> {
            var fields = Fields.of();
            for (var value : values(exchange.request().fields(), "x-a")) fields.add("x-b", value);
            for (var cookie : List.of("a=1; Path=/", "b=2, 3", "c=\u00e4")) fields.add("set-cookie", cookie);
            fields.add("content-length", "0");
            exchange.respond(new ResponseHead(200, fields)).end();
        });
        var sent = List.of("z", "caf\u00e9", "", "\u00ff\u0080", "a, b", "1");
        var fields = new ArrayList<String>();
        for (var value : sent) fields.addAll(List.of("x-a", value, "x-between", "-"));
        var head = head(get("/", fields.toArray(String[]::new)));
        assertEquals(sent, values(head.fields(), "x-b"));
        assertEquals(List.of("a=1; Path=/", "b=2, 3", "c=\u00e4"), values(head.fields(), "set-cookie"));
    }

    @ParameterizedTest @EnumSource
    void cookieCrumbsArriveAsOneField(Pairing pairing) throws Exception {                      // RFC 9113 §8.2.3
        start(pairing, exchange -> respond(exchange, 200, String.join("|", values(exchange.request().fields(), "cookie"))));
        var fields = pairing.http2Visitor() ? new String[] {"cookie", "a=1", "x", "y", "cookie", "b=2", "cookie", "c=3; d=4"}
                : new String[] {"cookie", "a=1; b=2; c=3; d=4"};
        var transaction = get("/", fields);
        head(transaction);
        assertEquals("a=1; b=2; c=3; d=4", body(transaction));
    }

    @ParameterizedTest @EnumSource
    void aTargetPassesOctetForOctet(Pairing pairing) throws Exception {                        // RFC 9110 §7.1
        start(pairing, exchange -> respond(exchange, 200, exchange.request().method() + " " + exchange.request().path()));
        for (var path : List.of("/a%2Fb%2f%41?q=%zz&x=a+b%20&y", "/;p=1/./../x//y?", "/?a=/?b", "/~%7E-%C3%A9")) {
            var transaction = get(path);
            head(transaction);
            assertEquals("GET " + path, body(transaction));
        }
        var options = begin("OPTIONS", "*");
        options.content().end();
        head(options);
        assertEquals("OPTIONS *", body(options));
        var other = begin("M-SEARCH", "/");
        other.content().end();
        head(other);
        assertEquals("M-SEARCH /", body(other));
    }

    @ParameterizedTest @EnumSource
    void aRangeIsTheOriginsMatter(Pairing pairing) throws Exception {                          // RFC 9110 §14
        start(pairing, exchange -> {
            var fields = exchange.request().fields();
            assertEquals("bytes=2-3,5-", fields.first("range"));
            assertEquals("\"e\"", fields.first("if-range"));
            respond(exchange, 206, "cd", "content-range", "bytes 2-3/9", "content-length", "2", "accept-ranges", "bytes");
        });
        var transaction = get("/", "range", "bytes=2-3,5-", "if-range", "\"e\"");
        var head = head(transaction);
        assertEquals(206, head.status());
        assertEquals("bytes 2-3/9", head.fields().first("content-range"));
        assertEquals("cd", body(transaction));
    }

    // ---- streams -----------------------------------------------------------------------------------------------

    @ParameterizedTest @EnumSource
    void eachPieceOfAResponsePassesAtOnce(Pairing pairing) throws Exception {
        var events = new LinkedBlockingQueue<Integer>();
        start(pairing, exchange -> {
            try (var sink = exchange.respond(new ResponseHead(200, Fields.of("content-type", "text/event-stream")))) {
                sink.flush();
                for (int event; (event = take(events)) > 0; ) write(sink, "data: " + event + "\n\n");
                sink.end();
            }
        });
        var transaction = get("/");
        assertEquals(200, head(transaction).status());
        for (int i = 1; i < 5; i++) {
            events.add(i);
            assertEquals("data: " + i + "\n\n", read(transaction.body(), 9));
        }
        events.add(0);
        assertEquals(-1, transaction.body().read());
    }

    @ParameterizedTest @EnumSource
    void bothMessagesFlowAtTheSameTime(Pairing pairing) throws Exception {
        var ended = new CountDownLatch(1);
        start(pairing, exchange -> {
            var sink = exchange.respond(new ResponseHead(200, Fields.of()));
            sink.flush();
            for (int b; (b = exchange.content().read()) >= 0; ) write(sink, "" + (char) Character.toUpperCase(b));
            ended.countDown();
            sink.end(Fields.of("x-end", "1"));
        });
        var transaction = begin("POST", "/");
        transaction.content().flush();
        assertEquals(200, head(transaction).status(), "the head passes while the request is not even begun");
        for (var piece : List.of("a", "bc", "def")) {
            write(transaction.content(), piece);
            assertEquals(piece.toUpperCase(), read(transaction.body(), piece.length()));
        }
        transaction.content().end();
        assertTrue(ended.await(10, TimeUnit.SECONDS), "the request's end passes by itself");
        assertEquals(-1, transaction.body().read());
        assertEquals("1", transaction.body().trailers().first("x-end"));
    }

    @ParameterizedTest @EnumSource
    void aResponseMayEndBeforeItsRequest(Pairing pairing) throws Exception {
        start(pairing, exchange -> {
            respond(exchange, 200, "early");
            exchange.content().readAllBytes();
        });
        var transaction = begin("POST", "/");
        write(transaction.content(), "some");
        assertEquals(200, head(transaction).status());
        assertEquals("early", body(transaction));
    }

    @ParameterizedTest @EnumSource
    void contentOfAnyLengthIsStreamed(Pairing pairing) throws Exception {
        start(pairing, exchange -> {
            var sink = exchange.respond(new ResponseHead(200, Fields.of()));
            exchange.content().transferTo(sink);
            sink.end();
        });
        var transaction = begin("POST", "/");
        var piece = new byte[64 * 1024];
        var sender = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < 512; i++) transaction.content().write(piece);
                transaction.content().end();
            } catch (IOException e) {
                // the sum will not be right
            }
        });
        head(transaction);
        long sum = 0;
        for (int n; (n = transaction.body().read(piece)) >= 0; ) sum += n;
        assertEquals(32L * 1024 * 1024, sum);
        sender.join();
    }

    // ---- leaving -----------------------------------------------------------------------------------------------

    @ParameterizedTest @EnumSource
    void aVisitorWhoLeavesBeforeTheResponseEndsTheOriginsWork(Pairing pairing) throws Exception {
        var came = new CountDownLatch(1);
        var cancelled = new CountDownLatch(1);
        start(pairing, exchange -> {
            exchange.onCancel(cancelled::countDown);
            came.countDown();
            await(cancelled);
        });
        var transaction = get("/");
        assertTrue(came.await(10, TimeUnit.SECONDS));
        transaction.cancel();
        assertTrue(cancelled.await(5, TimeUnit.SECONDS));
    }

    @ParameterizedTest @EnumSource
    void aVisitorWhoLeavesInMidResponseEndsTheOriginsWork(Pairing pairing) throws Exception {
        var cancelled = new CountDownLatch(1);
        start(pairing, exchange -> {
            exchange.onCancel(cancelled::countDown);
            write(exchange.respond(new ResponseHead(200, Fields.of())), "first");
            await(cancelled);
        });
        var transaction = get("/");
        head(transaction);
        assertEquals("first", read(transaction.body(), 5));
        transaction.cancel();
        assertTrue(cancelled.await(5, TimeUnit.SECONDS));
    }

    @ParameterizedTest @EnumSource
    void aVisitorWhoLeavesInMidRequestEndsTheOriginsWork(Pairing pairing) throws Exception {
        var came = new CountDownLatch(1);
        var failed = new LinkedBlockingQueue<Exception>();
        start(pairing, exchange -> {
            exchange.content().readNBytes(4);
            came.countDown();
            try {
                exchange.content().readAllBytes();
            } catch (IOException e) {
                failed.add(e);
                throw e;
            }
        });
        var transaction = begin("POST", "/");
        write(transaction.content(), "some");
        assertTrue(came.await(10, TimeUnit.SECONDS));
        transaction.cancel();
        assertTrue(failed.poll(5, TimeUnit.SECONDS) != null, "a request that broke off is never a whole one");
    }

    @ParameterizedTest @EnumSource
    void anOriginThatLeavesInMidResponseBreaksItOff(Pairing pairing) throws Exception {        // RFC 9112 §8
        var seen = new CountDownLatch(1);
        start(pairing, exchange -> {
            write(exchange.respond(new ResponseHead(200, Fields.of())), "first");
            await(seen);
            exchange.reset();
        });
        var transaction = get("/");
        assertEquals(200, head(transaction).status());
        assertEquals("first", read(transaction.body(), 5));
        seen.countDown();
        assertThrows(IOException.class, () -> transaction.body().readAllBytes());
    }

    @ParameterizedTest @EnumSource
    void anOriginThatLeavesBeforeTheResponseIs502(Pairing pairing) throws Exception {
        start(pairing, Exchange::reset);
        var transaction = begin("POST", "/", "content-length", "0");
        transaction.content().end();
        var head = head(transaction);
        assertEquals(502, head.status());
        assertFalse(head.fields().first("proxy-status").isEmpty());
    }

    private static <T> T take(LinkedBlockingQueue<T> queue) {
        try {
            return queue.take();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
