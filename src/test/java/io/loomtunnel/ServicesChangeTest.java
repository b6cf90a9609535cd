package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.VisitorLimits;
import io.loomtunnel.tunnel.SessionEvent;
import io.loomtunnel.tunnel.TokenEntry;
import io.loomtunnel.tunnel.TunnelEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Both ends change while visitors are being served.
@Timeout(60)
class ServicesChangeTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    /// The client's farewell on the old connection may be faster than its first words on the new one.
    private static final Duration HOLD = Duration.ofSeconds(1);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final BlockingQueue<SessionEvent> events = new LinkedBlockingQueue<>();
    private final BlockingQueue<TunnelEvent> told = new LinkedBlockingQueue<>();
    private final TunnelServer server = TunnelServer.builder().bind(0).http(new InetSocketAddress(LOOPBACK, 0)).tcp("echo", new InetSocketAddress(LOOPBACK, 0))
            .tokens(() -> List.of(new TokenEntry("a", TokenEntry.digest("a"), List.of("*.test"), List.of("echo"), TokenEntry.UNLIMITED, TokenEntry.UNLIMITED,
                    Instant.MAX, Instant.MAX))).ingress(IngressConfig.DEFAULTS.withHold(HOLD)).grace(Duration.ofMillis(100)).listener(told::add).start();
    private final ServerSocket echo = new ServerSocket(0, 50, LOOPBACK);

    ServicesChangeTest() throws IOException {
        open.push(server);
        open.push(echo);
        Thread.ofVirtual().start(() -> {
            for (;;) {
                try {
                    var socket = echo.accept();
                    Thread.ofVirtual().start(() -> {
                        try (socket) {
                            socket.getInputStream().transferTo(socket.getOutputStream());
                        } catch (IOException _) {
                            // the test is over
                        }
                    });
                } catch (IOException _) {
                    return;
                }
            }
        });
    }

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void hostsComeAndGoWhileTheOthersAreServedOn() throws Exception {
        var client = client(services("a.test", "old.test").tcp("echo", echo.getLocalPort()));
        assertEquals("200 old.test", get("old.test"));
        var stream = open(new Socket(LOOPBACK, server.tcpAddress("echo").getPort()));
        assertEchoes(stream);
        var failures = new ConcurrentLinkedQueue<String>();
        var over = new AtomicBoolean();
        var load = Thread.ofVirtual().start(() -> {
            while (!over.get()) {
                var answer = get("a.test");
                if (!answer.equals("200 a.test")) failures.add(answer);
            }
        });
        for (int i = 0; i < 20; i++) {
            var other = i % 2 == 0 ? "new.test" : "old.test";
            client.services(services("a.test", other).tcp("echo", echo.getLocalPort()));
            next(TunnelEvent.Attached.class);
            assertEquals("200 " + other, get(other));
            if (i == 0) assertTrue(get("old.test").matches("(?s)(404|503) .*"), "it is gone, or remembered for a while");
        }
        over.set(true);
        load.join();
        assertEquals(List.of(), List.copyOf(failures));
        assertEchoes(stream);
    }

    @Test void anotherTargetIsNoOccasionToAttachAgain() throws Exception {
        var client = client(services("a.test"));
        var tunnel = server.tunnels().find("a.test", "/");
        client.services(builder().http("a.test", exchange -> answer(exchange, "another")));
        assertEquals("200 another", get("a.test"));
        assertSame(tunnel, server.tunnels().find("a.test", "/"));
        client.services(services("a.test", "b.test"));
        while (!get("b.test").equals("200 b.test")) Thread.onSpinWait();
        assertNotSame(tunnel, server.tunnels().find("a.test", "/"));
    }

    @Test void whatTheServerRefusesLeavesTheRoutesFromBefore() throws Exception {
        var client = client(services("a.test"));
        client.services(services("a.test", "elsewhere.example"));
        var kept = next(SessionEvent.Kept.class);
        assertEquals(403, kept.status());
        assertTrue(kept.reason().startsWith("this token may not have elsewhere.example"), kept.reason());
        assertEquals("200 a.test", get("a.test"));
        client.services(services("a.test", "b.test"));
        next(SessionEvent.Attached.class);
        while (!get("b.test").equals("200 b.test")) Thread.onSpinWait();
    }

    @Test void portsComeAndGoWhileTheOthersAreServedOn() throws Exception {
        client(services("a.test").tcp("echo", echo.getLocalPort()));
        var address = server.tcpAddress("echo");
        var stream = open(new Socket(LOOPBACK, address.getPort()));
        assertEchoes(stream);
        var asked = new InetSocketAddress(LOOPBACK, 0);
        server.tcp(Map.of("echo", asked, "other", asked));
        int other = server.tcpAddress("other").getPort();
        new Socket(LOOPBACK, other).close();
        assertEquals(address, server.tcpAddress("echo"));
        assertEchoes(stream);
        try (var taken = new ServerSocket(0, 1, LOOPBACK)) {
            var wanted = Map.of("third", asked, "fourth", new InetSocketAddress(LOOPBACK, taken.getLocalPort()));
            assertThrows(IOException.class, () -> server.tcp(wanted));
        }
        assertEquals(other, server.tcpAddress("other").getPort(), "nothing was changed");
        assertEchoes(stream);
        server.tcp(Map.of("echo", asked));
        assertClosed(other);
        assertEchoes(stream);
        server.tcp(Map.of("other", asked));
        assertClosed(address.getPort());
        assertTrue(ends(stream), "after the time of grace");
    }

    @Test void limitsOfContentHoldForTheNextRequest() throws Exception {
        client(services("a.test"));
        assertEquals("200 a.test", post("a.test", 100));
        server.ingress(IngressConfig.DEFAULTS.withLimits(VisitorLimits.DEFAULTS.withBodies(10, VisitorLimits.UNLIMITED)));
        assertEquals("413", post("a.test", 100).substring(0, 3));
        assertEquals("200 a.test", post("a.test", 10));
    }

    private TunnelClient.Builder builder() {
        return TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token("a").grace(Duration.ZERO).listener(events::add);
    }

    private TunnelClient.Builder services(String... hosts) {
        var builder = builder();
        for (var host : hosts) builder.http(host, exchange -> answer(exchange, host));
        return builder;
    }

    private TunnelClient client(TunnelClient.Builder builder) throws Exception {
        var client = open(builder.start());
        next(TunnelEvent.Attached.class);
        next(SessionEvent.Attached.class);
        return client;
    }

    private static void answer(Exchange exchange, String text) throws IOException {
        exchange.content().readAllBytes();
        var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", Integer.toString(text.length()))));
        sink.write(text.getBytes(ISO_8859_1));
        sink.end();
    }

    private String get(String host) {
        return send("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    }

    private String post(String host, int length) {
        return send("POST / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\nContent-Length: " + length + "\r\n\r\n" + "x".repeat(length));
    }

    /// Status and content.
    private String send(String request) {
        try (var visitor = new Socket(LOOPBACK, server.httpAddress().getPort())) {
            visitor.setSoTimeout(20_000);
            visitor.getOutputStream().write(request.getBytes(ISO_8859_1));
            var answer = new String(visitor.getInputStream().readAllBytes(), ISO_8859_1);
            return answer.isEmpty() ? "nothing" : answer.substring(9, 13) + answer.substring(answer.indexOf("\r\n\r\n") + 4);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static void assertEchoes(Socket stream) throws IOException {
        stream.setSoTimeout(20_000);
        stream.getOutputStream().write("ping".getBytes(ISO_8859_1));
        assertEquals("ping", new String(stream.getInputStream().readNBytes(4), ISO_8859_1));
    }

    private static boolean ends(Socket stream) throws IOException {
        try {
            return stream.getInputStream().read() < 0;
        } catch (SocketException _) {
            return true;
        }
    }

    /// A connection that is still accepted while the port closes is reset.
    private static void assertClosed(int port) throws IOException {
        for (;;) {
            try (var visitor = new Socket(LOOPBACK, port)) {
                visitor.setSoTimeout(20_000);
                ends(visitor);
            } catch (IOException _) {
                return;
            }
        }
    }

    private <T> T next(Class<T> kind) throws InterruptedException {
        for (;;) {
            var event = (TunnelEvent.class.isAssignableFrom(kind) ? told : events).poll(20, TimeUnit.SECONDS);
            if (event == null) throw new AssertionError("no " + kind.getSimpleName());
            if (kind.isInstance(event)) return kind.cast(event);
        }
    }

    private <T extends AutoCloseable> T open(T resource) {
        open.push(resource);
        return resource;
    }
}
