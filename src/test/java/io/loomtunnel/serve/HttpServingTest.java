package io.loomtunnel.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class HttpServingTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(100);
    private static final String GET = "GET /path HTTP/1.1\r\nHost: test\r\n\r\n";

    private HttpServing serving;
    private Listener listener;

    @AfterEach void stop() {
        listener.close();
        assertEquals(0, listener.connections(), "no connection is left behind");
        assertEquals(0, serving.connections());
    }

    @Test void servesRequestAfterRequestOnOneConnection() throws IOException {              // RFC 9112 §9.3
        start(ServeConfig.DEFAULTS, HttpServingTest::answer);
        try (var visitor = dial()) {
            for (int i = 0; i < 3; i++) {
                send(visitor, GET);
                assertTrue(response(visitor).endsWith("\r\n\r\n/path"));
            }
        }
    }

    @Test void servesHttp2OnTheSamePort() throws Exception {                                // RFC 9113 §3.3
        start(ServeConfig.DEFAULTS, HttpServingTest::answer);
        var client = dialHttp2();
        assertEquals("/one", get(client, "/one"));
        assertEquals("/two", get(client, "/two"));
        client.close();
    }

    @Test void aHeadThatDripsIsAnsweredWith408() throws IOException {                       // RFC 9110 §15.5.9
        start(ServeConfig.DEFAULTS.withTimeouts(SHORT, LONG, LONG), HttpServingTest::answer);
        for (var start : new String[] {"G", "GET / HTTP/1.1\r\nHost: te", "PRI * HT"}) {
            try (var visitor = dial()) {
                send(visitor, start);
                assertTrue(everything(visitor).startsWith("HTTP/1.1 408 "), start);
            }
        }
    }

    @Test void anIdleConnectionIsClosedWithoutAWord() throws IOException {
        start(ServeConfig.DEFAULTS.withTimeouts(LONG, LONG, SHORT), HttpServingTest::answer);
        try (var silent = dial(); var served = dial()) {
            send(served, GET);
            assertTrue(everything(served).endsWith("\r\n\r\n/path"), "one response, then the end");
            assertEquals("", everything(silent));
        }
    }

    @Test void anIdleHttp2ConnectionIsToldToGo() throws Exception {
        start(ServeConfig.DEFAULTS.withTimeouts(LONG, LONG, SHORT), HttpServingTest::answer);
        var client = dialHttp2();
        var gone = new CountDownLatch(1);
        client.onGoAway(gone::countDown);
        assertEquals("/path", get(client, "/path"));
        gone.await();
        untilClosed(client);
    }

    @Test void anHttp2ConnectionIsNotIdleWhileAHandlerWorks() throws Exception {
        var work = new CountDownLatch(1);
        start(ServeConfig.DEFAULTS.withTimeouts(LONG, LONG, SHORT), exchange -> {
            await(work);
            answer(exchange);
        });
        var client = dialHttp2();
        var gone = new CountDownLatch(1);
        client.onGoAway(gone::countDown);
        var request = client.send(new RequestHead("GET", "http", "test", "/slow", new Fields()));
        request.content().end();
        assertFalse(gone.await(4 * SHORT.toMillis(), TimeUnit.MILLISECONDS));
        work.countDown();
        assertEquals(200, request.response(Deadline.after(LONG)).status());
        assertEquals("/slow", new String(request.body().readAllBytes(), ISO_8859_1));
        gone.await();
    }

    @Test void drainingClosesIdleConnectionsAndThoseInUseWithTheirResponse() throws Exception {     // RFC 9112 §9.6
        var begun = new CountDownLatch(1);
        var work = new CountDownLatch(1);
        start(ServeConfig.DEFAULTS, exchange -> {
            if (exchange.request().path().equals("/path")) {
                begun.countDown();
                await(work);
            }
            answer(exchange);
        });
        try (var fresh = dial(); var idle = dial(); var busy = dial()) {
            send(idle, GET.replace("/path", "/quick"));
            assertFalse(response(idle).contains("close"));
            send(busy, GET);
            begun.await();
            while (serving.connections() < 3) Thread.yield();
            serving.drain();
            assertEquals("", everything(fresh));
            assertEquals("", everything(idle));
            work.countDown();
            var response = everything(busy);
            assertTrue(response.toLowerCase().contains("\r\nconnection: close\r\n"), response);
            assertTrue(response.endsWith("\r\n\r\n/path"), response);
        }
    }

    @Test void aRequestThatIsOnItsWayWhenDrainingBeginsIsServed() throws Exception {
        start(ServeConfig.DEFAULTS, HttpServingTest::answer);
        try (var fresh = dial()) {
            while (serving.connections() < 1) Thread.yield();
            serving.drain();
            send(fresh, GET);
            var response = everything(fresh);
            assertTrue(response.toLowerCase().contains("\r\nconnection: close\r\n"), response);
            assertTrue(response.endsWith("\r\n\r\n/path"), response);
        }
    }

    @Test void whatIsAcceptedWhileDrainingIsServedOnce() throws Exception {
        start(ServeConfig.DEFAULTS, HttpServingTest::answer);
        serving.drain();
        try (var late = dial()) {
            send(late, GET);
            var response = everything(late);
            assertTrue(response.toLowerCase().contains("\r\nconnection: close\r\n"), response);
            assertTrue(response.endsWith("\r\n\r\n/path"), response);
        }
        var client = dialHttp2();
        assertEquals("/late", get(client, "/late"));
        untilClosed(client);
    }

    @Test void drainingHttp2LetsItsStreamsEnd() throws Exception {                          // RFC 9113 §6.8
        var begun = new CountDownLatch(1);
        var work = new CountDownLatch(1);
        start(ServeConfig.DEFAULTS, exchange -> {
            begun.countDown();
            await(work);
            answer(exchange);
        });
        var client = dialHttp2();
        var gone = new CountDownLatch(1);
        client.onGoAway(gone::countDown);
        var request = client.send(new RequestHead("GET", "http", "test", "/slow", new Fields()));
        request.content().end();
        begun.await();
        serving.drain();
        gone.await();
        work.countDown();
        assertEquals(200, request.response(Deadline.after(LONG)).status());
        assertEquals("/slow", new String(request.body().readAllBytes(), ISO_8859_1));
        untilClosed(client);
    }

    @Test void aHandlerThatFailsIsAnsweredWith500() throws IOException {
        start(ServeConfig.DEFAULTS, _ -> {
            throw new IllegalStateException("on purpose");
        });
        try (var visitor = dial()) {
            send(visitor, GET);
            assertTrue(response(visitor).startsWith("HTTP/1.1 500 "));
        }
    }

    @Test void closingTheListenerEndsEveryConnection() throws Exception {
        start(ServeConfig.DEFAULTS, HttpServingTest::answer);
        try (var idle = dial()) {
            send(idle, GET);
            response(idle);
            var client = dialHttp2();
            listener.close();
            assertThrows(SocketException.class, () -> idle.getInputStream().read());
            untilClosed(client);
        }
    }

    private void start(ServeConfig config, ExchangeHandler handler) throws IOException {
        serving = new HttpServing(config, handler);
        listener = Listener.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ListenerConfig.DEFAULTS,
                connection -> serving.serve(connection, new Peer(connection.remoteAddress(), "http")));
    }

    private static void answer(Exchange exchange) throws IOException {
        var path = exchange.request().path().getBytes(ISO_8859_1);
        var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", Integer.toString(path.length))));
        sink.write(path, 0, path.length);
        sink.end();
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private Socket dial() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), listener.localAddress().getPort());
        socket.setSoTimeout((int) LONG.toMillis());
        return socket;
    }

    private Http2Connection dialHttp2() throws IOException {
        var connection = Dialer.DEFAULT.connect("127.0.0.1", listener.localAddress().getPort(), LONG);
        var in = new ByteReader(connection.in(), MemoryBudget.PROCESS);
        var client = Http2Connection.client(connection, in, Http2Config.ORIGIN, new Peer(connection.remoteAddress(), "http"));
        Thread.ofVirtual().start(() -> {
            try {
                client.run();
            } catch (IOException _) {
                // seen by those who use it
            }
        });
        assertTrue(client.awaitSettings(Deadline.after(LONG)));
        return client;
    }

    private static String get(Http2Connection client, String path) throws IOException {
        var request = client.send(new RequestHead("GET", "http", "test", path, new Fields()));
        request.content().end();
        assertEquals(200, request.response(Deadline.after(LONG)).status());
        return new String(request.body().readAllBytes(), ISO_8859_1);
    }

    private static void untilClosed(Http2Connection client) throws IOException {
        for (var deadline = Deadline.after(LONG); client.isOpen(); Thread.yield()) {
            if (deadline.passed()) throw new SocketTimeoutException("still open");
        }
    }

    private static void send(Socket visitor, String text) throws IOException {
        visitor.getOutputStream().write(text.getBytes(ISO_8859_1));
    }

    /// One response with a content-length of one digit.
    private static String response(Socket visitor) throws IOException {
        var text = new StringBuilder();
        var in = visitor.getInputStream();
        while (text.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) throw new EOFException("after " + text);
            text.append((char) b);
        }
        int at = text.toString().toLowerCase().indexOf("content-length: ");
        int length = at < 0 ? 0 : Integer.parseInt(text.substring(at + 16, text.indexOf("\r\n", at)));
        return text + new String(in.readNBytes(length), ISO_8859_1);
    }

    private static String everything(Socket visitor) throws IOException {
        return new String(visitor.getInputStream().readAllBytes(), ISO_8859_1);
    }
}
