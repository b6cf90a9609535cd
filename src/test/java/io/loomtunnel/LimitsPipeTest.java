package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.Http2Visitor;
import io.loomtunnel.fixture.RawOrigin;
import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.VisitorLimits;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.pool.PoolConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Every limit of a public port at its edge: what is just within it passes, what is just behind does not.
@Timeout(60)
class LimitsPipeTest {
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final String GET = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private WholePipe pipe;

    @AfterEach void close() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    private void start(VisitorLimits limits, RawOrigin.Script script) throws IOException {
        start(IngressConfig.DEFAULTS.withLimits(limits), PoolConfig.DEFAULTS, script);
    }

    private void start(IngressConfig config, PoolConfig pool, RawOrigin.Script script) throws IOException {
        var origin = new RawOrigin(script);
        open.push(origin);
        pipe = new WholePipe(config);
        open.push(pipe);
        pipe.client(client -> client.http(origin.uri()).pool(pool));
    }

    /// Notes each request and its content, and answers it.
    private void keep(RawOrigin.Connection connection) throws IOException {
        for (String head; !(head = connection.head()).isEmpty(); ) {
            seen.add(head);
            var content = new StringBuilder();
            int at = head.toLowerCase().indexOf("content-length: ");
            if (at >= 0) {
                content.append(connection.read(Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)))));
            } else if (head.toLowerCase().contains("transfer-encoding: chunked")) {
                while (content.indexOf("0\r\n\r\n") < 0) {
                    int b = connection.next();
                    if (b < 0) {
                        seen.add("cut after " + content);
                        return;
                    }
                    content.append((char) b);
                }
            }
            seen.add(content.toString());
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    }

    private static String post(int length) {
        return "POST / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nContent-Length: " + length + "\r\n\r\n" + "x".repeat(length);
    }

    private static String chunked(int length) {
        return "POST / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                + Integer.toHexString(length) + "\r\n" + "x".repeat(length) + "\r\n0\r\n\r\n";
    }

    private static int status(String answer) {
        return answer.isEmpty() ? 0 : Integer.parseInt(answer.substring(9, 12));
    }

    @Test void requestContentIsBounded() throws Exception {                          // RFC 9110 §15.5.14
        start(VisitorLimits.DEFAULTS.withBodies(1_000, VisitorLimits.UNLIMITED), this::keep);
        for (int length : new int[] {999, 1_000}) {
            assertEquals(200, status(pipe.answer(post(length))));
            seen.take();
            assertEquals("x".repeat(length), seen.take());
            assertEquals(200, status(pipe.answer(chunked(length))));
            seen.take();
            assertTrue(seen.take().contains("x".repeat(length)));
        }
        assertEquals(413, status(pipe.answer(post(1_001))));
        assertNull(seen.poll(), "nothing of it was forwarded");
        assertEquals(413, status(pipe.answer(chunked(1_001))));
        var head = seen.poll(100, TimeUnit.MILLISECONDS);                            // may have been on its way already
        if (head != null) assertTrue(seen.take().startsWith("cut after "));
        assertEquals(413, status(pipe.answer("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n")));
        assertEquals(200, status(pipe.answer(GET)));
    }

    @Test void noContentAtAllCanBeAsked() throws Exception {
        start(VisitorLimits.DEFAULTS.withBodies(0, VisitorLimits.UNLIMITED), this::keep);
        assertEquals(200, status(pipe.answer(GET)));
        assertEquals(200, status(pipe.answer(post(0))));
        assertEquals(413, status(pipe.answer(post(1))));
    }

    @Test void responseContentIsBounded() throws Exception {
        start(VisitorLimits.DEFAULTS.withBodies(VisitorLimits.UNLIMITED, 1_000), connection -> {
            for (String head; !(head = connection.head()).isEmpty(); ) {
                int length = Integer.parseInt(head.substring(head.indexOf("/") + 2, head.indexOf(" HTTP")));
                if (head.startsWith("HEAD")) connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
                else if (head.contains("/c")) connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(length)
                        + "\r\n" + "x".repeat(length) + "\r\n0\r\n\r\n");
                else connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n" + "x".repeat(length));
            }
        });
        for (int length : new int[] {999, 1_000}) {
            assertTrue(pipe.answer(GET.replace("/ ", "/l" + length + " ")).endsWith("\r\n\r\n" + "x".repeat(length)));
            assertTrue(pipe.answer(GET.replace("/ ", "/c" + length + " ")).endsWith("x\r\n0\r\n\r\n"));
        }
        var answer = pipe.answer(GET.replace("/ ", "/l1001 "));
        assertEquals(502, status(answer));
        assertTrue(answer.contains("error=http_response_body_size"), answer);        // RFC 9209 §2.3.9
        assertEquals(200, status(pipe.answer(GET.replace("GET /", "HEAD /l1001"))));
        var cut = pipe.answer(GET.replace("/ ", "/c1001 "));
        assertEquals(200, status(cut));
        assertFalse(cut.endsWith("0\r\n\r\n"), "it looks whole");
        assertEquals(1_000, cut.chars().filter(c -> c == 'x').count() - cut.substring(0, cut.indexOf("\r\n\r\n")).chars().filter(c -> c == 'x').count());
        assertTrue(pipe.answer(GET.replace("/ ", "/l7 ")).endsWith("xxxxxxx"));
    }

    @Test void aTargetIsBoundedByHttp2AsByHttp1() throws Exception {                            // RFC 9110 §15.5.15
        start(VisitorLimits.DEFAULTS.withHead(100, 500, 10), this::keep);
        int line = 100 - "GET / HTTP/1.1\r\n".length();
        try (var http2 = new Http2Visitor(pipe.address())) {
            for (int over = -1; over <= 1; over++) {
                assertEquals(over > 0 ? 414 : 200, http2.get("/" + "p".repeat(line + over)).response(Deadline.NEVER).status());
            }
        }
    }

    @Test void headsAreBounded() throws Exception {
        start(VisitorLimits.DEFAULTS.withHead(100, 500, 10), this::keep);
        int line = 100 - "GET / HTTP/1.1\r\n".length();
        for (int over = -1; over <= 1; over++) {
            var get = GET.replace("/ ", "/" + "p".repeat(line + over) + " ");
            assertEquals(over > 0 ? 414 : 200, status(pipe.answer(get)));
            // An Upgrade, too, is measured as it was sent; this origin ignores it.
            var upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
            assertEquals(over > 0 ? 414 : 200, status(pipe.answer(get.replace("Host: ", upgrade + "Host: "))));
            assertEquals(over > 0 ? 431 : 200, status(pipe.answer(GET.replace("\r\n\r\n", "\r\n" + "X: 1\r\n".repeat(8 + over) + "\r\n"))));
            int room = 500 - (GET.length() - "GET / HTTP/1.1\r\n".length()) - "X: \r\n".length();
            assertEquals(over > 0 ? 431 : 200, status(pipe.answer(GET.replace("\r\n\r\n", "\r\nX: " + "v".repeat(room + over) + "\r\n\r\n"))));
        }
    }

    @Test void connectionsAboveTheLimitWait() throws Exception {
        start(VisitorLimits.DEFAULTS.withMaxConnections(2), this::keep);
        try (var first = dial(); var second = dial()) {
            assertEquals(200, status(exchange(first)));
            assertEquals(200, status(exchange(second)));
            try (var third = dial()) {
                third.setSoTimeout(300);
                send(third, GET);
                try {
                    third.getInputStream().read();
                    throw new AssertionError("served above the limit");
                } catch (SocketTimeoutException _) {
                    first.shutdownOutput();
                }
                third.setSoTimeout(10_000);
                assertEquals(200, status(new String(third.getInputStream().readAllBytes(), ISO_8859_1)));
            }
        }
    }

    @Test void headContentAndIdleTimesEnd() throws Exception {
        start(VisitorLimits.DEFAULTS.withTimeouts(SHORT, SHORT, SHORT, LONG), this::keep);
        try (var head = dial(); var content = dial(); var idle = dial()) {
            send(head, "GET / HTTP/1.1\r\nHo");
            send(content, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhe");
            assertEquals(408, status(new String(head.getInputStream().readAllBytes(), ISO_8859_1)));
            assertEquals(408, status(new String(content.getInputStream().readAllBytes(), ISO_8859_1)));
            assertEquals(-1, idle.getInputStream().read());
        }
    }

    @Test void visitorWhoReadsNothingIsReset() throws Exception {
        var left = new LinkedBlockingQueue<Boolean>();
        start(VisitorLimits.DEFAULTS.withTimeouts(LONG, LONG, LONG, SHORT), connection -> {
            connection.head();
            try {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
                for (int i = 0; i < 1_000; i++) connection.send("x".repeat(100_000));
            } catch (IOException e) {
                left.add(true);
            }
        });
        try (var visitor = new Socket()) {
            visitor.setReceiveBufferSize(4_096);
            visitor.connect(pipe.server().httpAddress());
            send(visitor, GET);
            assertEquals(true, left.poll(20, TimeUnit.SECONDS), "the origin was not told");
        }
    }

    @Test void responseThatDoesNotComeIsAnswered504ByWhoeverWaitsLess() throws Exception {
        start(IngressConfig.DEFAULTS, PoolConfig.DEFAULTS.withResponseTimeout(SHORT), connection -> {
            connection.head();
            connection.head();
        });
        var answer = pipe.answer(GET);
        assertEquals(504, status(answer));
        assertTrue(answer.contains("error=http_response_timeout"), answer);
        start(IngressConfig.DEFAULTS.withResponseTimeout(SHORT), PoolConfig.DEFAULTS, connection -> {
            connection.head();
            connection.head();
        });
        assertEquals(504, status(pipe.answer(GET)));
    }

    @Test void requestsWaitForATunnelOnlyWhenItLeftAMomentAgo() throws Exception {
        var origin = new RawOrigin(this::keep);
        open.push(origin);
        pipe = new WholePipe(IngressConfig.DEFAULTS.withHold(Duration.ofSeconds(20)));
        open.push(pipe);
        assertEquals(404, status(pipe.answer(GET)), "nobody ever had this host: nobody is waited for");
        comeAndGo(origin);
        var answers = new LinkedBlockingQueue<String>();
        Thread.ofVirtual().start(() -> {
            try {
                answers.add(pipe.answer(GET));
            } catch (IOException e) {
                answers.add(e.toString());
            }
        });
        assertNull(answers.poll(300, TimeUnit.MILLISECONDS), "the client may be back in a moment");
        pipe.client(client -> client.http("a.example", origin.uri()));
        assertEquals(200, status(answers.poll(10, TimeUnit.SECONDS)));
    }

    /// A client that served the host, and has left.
    private void comeAndGo(RawOrigin origin) throws IOException {
        var client = pipe.client(it -> it.http("a.example", origin.uri()));
        assertEquals(200, status(pipe.answer(GET)));
        client.close();
    }

    @Test void requestThatHeldOutIsAnswered503() throws Exception {
        var origin = new RawOrigin(this::keep);
        open.push(origin);
        pipe = new WholePipe(IngressConfig.DEFAULTS.withHold(SHORT));
        open.push(pipe);
        comeAndGo(origin);
        var answer = pipe.answer(GET);
        assertEquals(503, status(answer));
        assertTrue(answer.contains("\r\nRetry-After: "), answer);
    }

    @Test void requestsAreAnswered503WhileThreeQuartersOfTheMemoryAreUsed() throws Exception {
        start(IngressConfig.DEFAULTS, PoolConfig.DEFAULTS, this::keep);
        long others = MemoryBudget.PROCESS.limit() - MemoryBudget.PROCESS.limit() / 4;
        MemoryBudget.PROCESS.charge(others);
        try {
            var answer = pipe.answer(GET);
            assertEquals(503, status(answer));
            assertTrue(answer.contains("\r\nRetry-After: "), answer);
            assertTrue(seen.isEmpty(), "the origin is not asked");
        } finally {
            MemoryBudget.PROCESS.charge(-others);
        }
        assertEquals(200, status(pipe.answer(GET)));
    }

    /// Threads and streams come back to where they were, whatever visitors did to their connections.
    @Test void visitorsWhoLeaveEarlyLeaveNothingBehind() throws Exception {
        start(IngressConfig.DEFAULTS, PoolConfig.DEFAULTS, connection -> {
            connection.head();
            connection.head();                       // never answers, until the proxy hangs up
            seen.add("gone");
        });
        // The client knows that it is attached a moment before the server does.
        while (pipe.server().tunnels().tunnels().isEmpty()) Thread.onSpinWait();
        int rounds = 50;
        for (int i = 0; i < rounds; i++) {
            try (var visitor = dial()) {
                send(visitor, i % 2 == 0 ? GET.replace("Connection: close\r\n", "")
                        : "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(10_000));
                // A clean end right behind a whole request may be a half-close: that one would get its response, or its 504.
                if (i % 2 == 0) visitor.setSoLinger(true, 0);
            }
        }
        var deadline = Deadline.after(Duration.ofSeconds(20));
        var tunnel = pipe.server().tunnels().tunnels().getFirst();
        while (tunnel.streams() > 0) {
            assertFalse(deadline.passed(), () -> tunnel.streams() + " streams are left");
            assertNull(new LinkedBlockingQueue<>().poll(20, TimeUnit.MILLISECONDS));
        }
    }

    private Socket dial() throws IOException {
        var socket = new Socket(pipe.server().httpAddress().getAddress(), pipe.server().httpAddress().getPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        OutputStream out = socket.getOutputStream();
        try {
            out.write(text.getBytes(ISO_8859_1));
        } catch (SocketException e) {
            // the answer came first
        }
    }

    /// One request on a connection that is kept.
    private static String exchange(Socket socket) throws IOException {
        send(socket, GET.replace("Connection: close\r\n", ""));
        var text = new StringBuilder();
        while (!text.toString().endsWith("\r\n\r\nok")) text.append((char) socket.getInputStream().read());
        return text.toString();
    }
}
