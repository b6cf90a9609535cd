package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TunnelSessionTest {
    private static final String HOST = "app.example.com";
    private static final HeartbeatConfig QUICK =
            new HeartbeatConfig(Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofSeconds(20));

    private final LinkedBlockingQueue<SessionEvent> events = new LinkedBlockingQueue<>();
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private ControlPort server;

    TunnelSessionTest() throws IOException {
        server = new ControlPort(PtthConfig.DEFAULTS);
    }

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
        server.close();
    }

    @Test void aClientAttachesAndServes() throws Exception {
        var attached = session("token", HOST, "*", "*.example.org").awaitAttached(Deadline.after(Link.PATIENCE));
        assertEquals(List.of(Route.of(HOST), Route.CATCH_ALL, Route.of("*.example.org")), attached.routes());
        assertEquals("http://app.example.com:8080/", attached.visitors().getFirst());
        for (var host : List.of(HOST, "anything", "x.example.org")) assertEquals("hello", get(host));
        assertInstanceOf(SessionEvent.Attached.class, next());
    }

    @Test void aWrongTokenStopsTheClientWithTheServersReason() throws Exception {
        var session = session("guess", HOST);
        var refusal = assertThrows(RefusedException.class, () -> session.awaitAttached(Deadline.after(Link.PATIENCE)));
        assertEquals(401, refusal.status());
        assertTrue(refusal.lasting());
        assertEquals(new SessionEvent.Refused("127.0.0.1:" + server.port(), 401, "this token is not known here", true), next());
    }

    @Test void aForbiddenRouteStopsTheClient() throws Exception {
        var session = session("token", "forbidden.example");
        assertThrows(RefusedException.class, () -> session.awaitAttached(Deadline.after(Link.PATIENCE)));
        assertEquals(new SessionEvent.Refused("127.0.0.1:" + server.port(), 403, "not yours", true), next());
    }

    @ParameterizedTest @ValueSource(ints = {400, 401, 403, 426})
    void whatNoSecondTryCanChangeStopsTheClient(int status) throws Exception {
        try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var session = session(other.getLocalPort(), DialConfig.DEFAULTS, "token", HOST);
            say(other, "HTTP/1.1 " + status + " x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno");
            assertEquals(new SessionEvent.Refused("127.0.0.1:" + other.getLocalPort(), status, "no", true), next());
            assertThrows(RefusedException.class, () -> session.awaitAttached(Deadline.after(Link.PATIENCE)));
            other.setSoTimeout(100);
            assertThrows(SocketTimeoutException.class, other::accept, "it is dialled again");
        }
    }

    @ParameterizedTest @ValueSource(ints = {404, 409, 421, 429, 500, 503})
    void everyOtherRefusalIsTriedAgain(int status) throws Exception {
        try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            session(other.getLocalPort(), DialConfig.DEFAULTS, "token", HOST);
            say(other, "HTTP/1.1 " + status + " x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno");
            assertEquals("no", next(SessionEvent.Retrying.class).reason());
            other.setSoTimeout(10_000);
            other.accept().close();
        }
    }

    @Test void aTakenHostIsTriedAgainUntilItIsFree() throws Exception {
        var first = session("token", HOST);
        next(SessionEvent.Attached.class);
        var second = session("stranger", HOST);
        assertEquals("app.example.com is taken by another token", next(SessionEvent.Retrying.class).reason());
        first.close();
        second.awaitAttached(Deadline.after(Link.PATIENCE));
        assertEquals("stranger", tunnel(HOST).owner());
    }

    @Test void anUnreachableServerIsNamed() throws Exception {
        server.close();
        var session = session("token", HOST);
        var retrying = next(SessionEvent.Retrying.class);
        assertTrue(retrying.reason().contains("127.0.0.1:" + server.port()), retrying.reason());
        var soon = Deadline.after(Duration.ofMillis(100));
        var late = assertThrows(SocketTimeoutException.class, () -> session.awaitAttached(soon));
        assertEquals(retrying.reason(), late.getMessage());
    }

    @Test void aServerThatIsNoneIsNamed() throws Exception {
        try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            session(other.getLocalPort(), DialConfig.DEFAULTS, "token", HOST);
            try (var dialled = other.accept()) {
                dialled.getOutputStream().write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".getBytes(ISO_8859_1));
                assertTrue(next(SessionEvent.Retrying.class).reason().endsWith(" is no server for tunnels"));
            }
        }
    }

    @Test void aServerThatSaysNothingIsGivenUp() throws Exception {
        try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            session(silent.getLocalPort(), DialConfig.DEFAULTS.withHandshake(Duration.ofMillis(100)), "token", HOST);
            assertTrue(next(SessionEvent.Retrying.class).reason().endsWith("did not complete the handshake in time"));
        }
    }

    @Test void aServerThatDripsIsGivenUp() throws Exception {
        try (var drip = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            session(drip.getLocalPort(), DialConfig.DEFAULTS.withHandshake(Duration.ofMillis(300)), "token", HOST);
            try (var dialled = drip.accept()) {
                var endless = new FutureTask<>(() -> {
                    dialled.getOutputStream().write("HTTP/1.1 101 x\r\nUpgrade: ptth\r\nX-Drip: ".getBytes(ISO_8859_1));
                    for (;;) {
                        dialled.getOutputStream().write('x');
                        Thread.sleep(5);       // the drip itself
                    }
                });
                Thread.ofVirtual().start(endless);
                var reason = next(SessionEvent.Retrying.class).reason();
                assertTrue(reason.endsWith("did not complete the handshake in time"), reason);
            }
        }
    }

    @Test void whatAHandshakeHeldOfTheBudgetIsGivenBack() throws Exception {
        long before = MemoryBudget.PROCESS.used();
        try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            session(other.getLocalPort(), DialConfig.DEFAULTS, "token", HOST);
            var field = "X: " + "x".repeat(5_000) + "\r\n";                   // more than a reader holds at rest
            say(other, "HTTP/1.1 503 x\r\nContent-Length: 0\r\n" + field + "\r\n");
            assertInstanceOf(SessionEvent.Retrying.class, next());
            assertEquals(before, MemoryBudget.PROCESS.used());
            say(other, "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: ptth\r\nALPN: h2\r\n" + field + "\r\n"
                    + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0" + "\0\0\0\u0042\0\0\0\0\0".repeat(1_000));
            next(SessionEvent.Lost.class);
            var patience = Deadline.after(Link.PATIENCE);
            while (MemoryBudget.PROCESS.used() != before && !patience.passed()) Thread.onSpinWait();
            assertEquals(before, MemoryBudget.PROCESS.used());
        }
    }

    private static void say(ServerSocket server, String answer) throws IOException {
        try (var dialled = server.accept()) {
            dialled.getOutputStream().write(answer.getBytes(ISO_8859_1));
            dialled.shutdownOutput();
            dialled.getInputStream().readAllBytes();
        }
    }

    @Test void whatARefusalSaysCannotDriveTheTerminal() throws Exception {
        try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            session(other.getLocalPort(), DialConfig.DEFAULTS, "token", HOST);
            try (var dialled = other.accept()) {
                var answer = "HTTP/1.1 503 x\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\n"
                        + "\u001b[2Jfull\r\nxx";
                dialled.getOutputStream().write(answer.getBytes(ISO_8859_1));
                assertEquals("[2Jfull", next(SessionEvent.Retrying.class).reason());
            }
        }
    }

    @Test void afterTheServerWasKilledAndRestartedTheClientIsBackWithinTwoSeconds() throws Exception {
        session("token", HOST);
        next(SessionEvent.Attached.class);
        int port = server.port();
        server.kill();
        next(SessionEvent.Lost.class);
        next(SessionEvent.Retrying.class);
        server = new ControlPort(port, PtthConfig.DEFAULTS);
        long began = System.nanoTime();
        next(SessionEvent.Attached.class);
        assertTrue(System.nanoTime() - began < Duration.ofSeconds(2).toNanos());
        assertEquals("hello", get(HOST));
    }

    @Test void aDrainingServersClientStaysUntilItIsElsewhere() throws Exception {
        session("token", HOST);
        next(SessionEvent.Attached.class);
        server.tunnels.drain();
        var retrying = next(SessionEvent.Retrying.class);
        assertEquals("this server is shutting down", retrying.reason());
        assertTrue(retrying.pause().toSeconds() >= 5, "its Retry-After: " + retrying.pause());
        assertEquals("hello", get(HOST));
    }

    @Test void idsThatRunOutUnderLoadCostNoRequest() throws Exception {                         // RFC 9113 §5.1.1
        server.close();
        server = new ControlPort(PtthConfig.DEFAULTS.withFirstStreamId(Integer.MAX_VALUE - 200));
        session("token", HOST);
        next(SessionEvent.Attached.class);
        var left = new AtomicInteger(2_000);
        var visitors = new ArrayList<FutureTask<String>>();
        for (int i = 0; i < 16; i++) {
            var visitor = new FutureTask<>(() -> {
                while (left.decrementAndGet() >= 0) assertEquals("hello", get(HOST));
                return "done";
            });
            Thread.ofVirtual().start(visitor);
            visitors.add(visitor);
        }
        for (var visitor : visitors) assertEquals("done", visitor.get(30, TimeUnit.SECONDS));
        int attachments = 0;
        for (var event : events) if (event instanceof SessionEvent.Attached) attachments++;
        assertTrue(attachments >= 19, attachments + " attachments for 2,000 requests of at most 101 each");
    }

    @Test void aSuspectServerIsReplacedEverySecondUntilItAnswers() throws Exception {
        try (var relay = new Relay(server.port())) {
            session(relay.port(), DialConfig.DEFAULTS.withHeartbeat(QUICK), "token", HOST);
            next(SessionEvent.Attached.class);
            relay.freeze();            // the link that is up carries nothing any more; a new one does
            next(SessionEvent.Attached.class);
            assertEquals("hello", Link.get(tunnelFrom(2)));
        }
    }

    @Test void onACutLinkASuspectServerIsDialledEverySecondAndIsBackWithinTwo() throws Exception {
        backWithinTwoSecondsOfACut(QUICK);
    }

    @Test void onACutLinkADeadServerIsDialledEverySecondAndIsBackWithinTwo() throws Exception {
        backWithinTwoSecondsOfACut(new HeartbeatConfig(Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(300)));
    }

    private void backWithinTwoSecondsOfACut(HeartbeatConfig heartbeat) throws Exception {
        try (var relay = new Relay(server.port())) {
            session(relay.port(), DialConfig.DEFAULTS.withHeartbeat(heartbeat), "token", HOST);
            next(SessionEvent.Attached.class);
            relay.cut();
            next(SessionEvent.Retrying.class);
            long before = System.nanoTime();
            next(SessionEvent.Retrying.class);
            next(SessionEvent.Retrying.class);
            long mended = System.nanoTime();
            assertTrue(mended - before < Duration.ofMillis(3_500).toNanos(), "two dials took " + Duration.ofNanos(mended - before));
            relay.mend();
            next(SessionEvent.Attached.class);
            var back = Duration.ofNanos(System.nanoTime() - mended);
            assertTrue(back.compareTo(Duration.ofSeconds(2)) < 0, "back after " + back);
            assertEquals("hello", Link.get(tunnelFrom(2)));
        }
    }

    @Test void closingLetsRequestsFinish() throws Exception {
        var release = new CountDownLatch(1);
        var entered = new CountDownLatch(1);
        var session = session(server.port(), DialConfig.DEFAULTS, "token", exchange -> {
            entered.countDown();
            await(release);
            hello(exchange);
        }, HOST);
        next(SessionEvent.Attached.class);
        var request = new FutureTask<>(() -> get(HOST));
        Thread.ofVirtual().start(request);
        entered.await();
        var closing = new FutureTask<>(() -> session.close(Deadline.after(Link.PATIENCE)), "closed");
        Thread.ofVirtual().start(closing);
        release.countDown();
        assertEquals("hello", request.get(10, TimeUnit.SECONDS));
        assertEquals("closed", closing.get(10, TimeUnit.SECONDS));
        assertTrue(server.tunnels.tunnels().isEmpty());
    }

    @Test void closingIsBoundedWhateverIsUnderWay() throws Exception {
        var entered = new CountDownLatch(1);
        var never = new CountDownLatch(1);
        var session = session(server.port(), DialConfig.DEFAULTS, "token", _ -> {
            entered.countDown();
            await(never);
        }, HOST);
        next(SessionEvent.Attached.class);
        Link.begin(tunnel(HOST));
        entered.await();
        long began = System.nanoTime();
        session.close(Deadline.after(Duration.ofMillis(100)));
        assertTrue(System.nanoTime() - began < Duration.ofSeconds(4).toNanos());
        never.countDown();
    }

    @Test void closingAClientThatIsDiallingEndsAtOnce() throws Exception {
        try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var session = session(silent.getLocalPort(), DialConfig.DEFAULTS, "token", HOST);
            silent.accept();
            long began = System.nanoTime();
            session.close();
            assertTrue(System.nanoTime() - began < Duration.ofSeconds(1).toNanos());
            assertThrows(IOException.class, () -> session.awaitAttached(Deadline.after(Link.PATIENCE)));
        }
    }

    private TunnelSession session(String token, String... routes) {
        return session(server.port(), DialConfig.DEFAULTS, token, routes);
    }

    private TunnelSession session(int port, DialConfig config, String token, String... routes) {
        return session(port, config, token, TunnelSessionTest::hello, routes);
    }

    private TunnelSession session(int port, DialConfig config, String token, ExchangeHandler handler,
                                  String... hosts) {
        var routes = List.of(hosts).stream().map(Route::of).toList();
        var dialer = new TunnelDialer("127.0.0.1", port, token, routes, config);
        var session = new TunnelSession(dialer, handler, events::add);
        open.push(session);
        session.start();
        return session;
    }

    /// The client may know of its attachment a moment before the server routes to it.
    private Tunnel tunnel(String host) throws IOException {
        return server.tunnels.await(host, "/", Deadline.after(Link.PATIENCE));
    }

    private Tunnel tunnelFrom(int epoch) throws IOException {
        for (;;) {
            var tunnel = tunnel(HOST);
            if (tunnel.client().epoch() >= epoch) return tunnel;
        }
    }

    /// As an ingress does it: what the far end surely did not process is sent again.
    private String get(String host) throws IOException {
        for (;;) {
            try {
                return Link.get(tunnel(host));
            } catch (NotProcessedException _) {
                // again, over another tunnel
            }
        }
    }

    private SessionEvent next() throws InterruptedException {
        var event = events.poll(20, TimeUnit.SECONDS);
        if (event == null) throw new AssertionError("nothing happened");
        return event;
    }

    private <T extends SessionEvent> T next(Class<T> kind) throws InterruptedException {
        for (;;) {
            var event = next();
            if (kind.isInstance(event)) return kind.cast(event);
        }
    }

    private static void hello(Exchange exchange) throws IOException {
        try (var content = exchange.respond(new ResponseHead(200, Fields.of("content-length", "5")))) {
            content.write("hello".getBytes(ISO_8859_1));
            content.end();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
