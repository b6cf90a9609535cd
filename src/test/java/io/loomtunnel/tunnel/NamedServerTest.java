package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Servers on addresses of their own, 127.0.0.2 and so on, and a name whose addresses a test decides.
@Timeout(60)
class NamedServerTest {
    private static final String HOST = "app.example.com";
    private static final String NAME = "edge.example.com";

    private final LinkedBlockingQueue<SessionEvent> events = new LinkedBlockingQueue<>();
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private volatile List<InetAddress> addresses = List.of();      // none: the name is unknown
    private int port;

    @AfterEach void closeAll() throws Exception {
        release.countDown();
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void aClientAttachesToEveryAddressOfTheName() throws Exception {
        var one = server(2);
        var two = server(3);
        resolvesTo(2, 3);
        sessions(Duration.ofHours(1), Duration.ZERO, NAME);
        var slots = new HashSet<Integer>();
        for (var server : List.of(one, two)) for (var tunnel : tunnels(server, 2)) slots.add(tunnel.client().slot());
        assertEquals(4, slots.size(), "two addresses may be one server's");
        assertEquals(one.tunnels.tunnels().getFirst().client().instance(), two.tunnels.tunnels().getFirst().client().instance());
        var told = Set.of(next(SessionEvent.Attached.class).server(), next(SessionEvent.Attached.class).server());
        assertEquals(Set.of(label(2), label(3)), told);
    }

    @Test void aServerThatIsDownDoesNotDisturbTheOthers() throws Exception {
        var one = server(2);
        resolvesTo(3, 2);
        var sessions = sessions(Duration.ofHours(1), Duration.ZERO, NAME);
        sessions.awaitAttached(Deadline.after(Link.PATIENCE));
        assertEquals(label(3), next(SessionEvent.Retrying.class).server());
        tunnels(one, 2);
        var two = server(3);
        tunnels(two, 2);
        var kept = one.tunnels.tunnels();
        two.kill();
        assertEquals(label(3), next(SessionEvent.Lost.class).server());
        assertEquals(kept, one.tunnels.tunnels());
    }

    @Test void anAddressThatIsNewIsAttachedTo() throws Exception {
        var one = server(2);
        var two = server(3);
        resolvesTo(2);
        sessions(Duration.ofMillis(20), Duration.ofHours(1), NAME);
        tunnels(one, 2);
        assertTrue(two.tunnels.tunnels().isEmpty());
        resolvesTo(2, 3);
        tunnels(two, 2);
        assertEquals(2, one.tunnels.tunnels().size());
    }

    @Test void anAddressThatIsGoneIsLeftOnceAnotherIsAttachedTo() throws Exception {
        var one = server(2);
        resolvesTo(2);
        sessions(Duration.ofMillis(20), Duration.ofMillis(1), NAME);
        tunnels(one, 2);
        assertInstanceOf(SessionEvent.Attached.class, next());
        resolvesTo(3);
        assertEquals(label(3), next(SessionEvent.Retrying.class).server());
        assertNull(events.poll(100, TimeUnit.MILLISECONDS) instanceof SessionEvent.Left left ? left : null);
        assertEquals(2, one.tunnels.tunnels().size(), "nobody serves but this one");
        var request = Link.begin(one.tunnels.find(HOST, "/"));
        var two = server(3);
        tunnels(two, 2);
        assertEquals(label(2), next(SessionEvent.Left.class).server());
        release.countDown();
        assertEquals("hello", Link.read(request), "it ends with its last request");
        tunnels(one, 0);
    }

    @Test void anAddressThatIsGoneIsKeptForAWhileAsLongAsItsLinkStands() throws Exception {
        var one = server(2);
        var two = server(3);
        resolvesTo(2, 3);
        sessions(Duration.ofMillis(20), Duration.ofHours(1), NAME);
        tunnels(one, 2);
        tunnels(two, 2);
        resolvesTo(3);
        next(SessionEvent.Attached.class);
        next(SessionEvent.Attached.class);
        assertNull(events.poll(200, TimeUnit.MILLISECONDS));
        one.kill();
        var seen = new HashSet<Class<?>>();
        while (!seen.contains(SessionEvent.Left.class)) {
            var event = next();
            assertEquals(label(2), event.server());
            seen.add(event.getClass());
        }
        assertEquals(2, two.tunnels.tunnels().size());
    }

    @Test void aNameThatIsUnknownForAWhileChangesNothing() throws Exception {
        var one = server(2);
        resolvesTo(2);
        sessions(Duration.ofMillis(20), Duration.ofMillis(1), NAME);
        var kept = tunnels(one, 2);
        next(SessionEvent.Attached.class);
        resolvesTo();
        assertNull(events.poll(200, TimeUnit.MILLISECONDS));
        assertEquals(kept, one.tunnels.tunnels());
    }

    @Test void aNameThatNobodyKnowsIsToldOf() throws Exception {
        var one = server(2);
        var sessions = sessions(Duration.ofMillis(20), Duration.ZERO, NAME);
        assertEquals(NAME + " is unknown", next(SessionEvent.Retrying.class).reason());
        var late = assertThrows(SocketTimeoutException.class, () -> sessions.awaitAttached(Deadline.after(Duration.ofMillis(50))));
        assertEquals(NAME + " is unknown", late.getMessage());
        resolvesTo(2);
        sessions.awaitAttached(Deadline.after(Link.PATIENCE));
        tunnels(one, 2);
    }

    @Test void aLossIsAReasonToLookAgain() throws Exception {
        var one = server(2);
        resolvesTo(2);
        sessions(Duration.ofHours(1), Duration.ZERO, NAME);
        tunnels(one, 2);
        var two = server(3);
        resolvesTo(3);
        one.kill();
        tunnels(two, 2);
        while (!(next() instanceof SessionEvent.Left)) Thread.onSpinWait();
    }

    @Test void eachServerThatIsNamedIsAttachedTo() throws Exception {
        var one = server(2);
        var two = server(3);
        sessions(Duration.ofHours(1), Duration.ZERO, "127.0.0.2", "127.0.0.3");
        tunnels(one, 2);
        tunnels(two, 2);
    }

    @Test void oneServerThatRefusesIsNotAll() throws Exception {
        var one = server(2);
        server(3);
        var sessions = opened(new TunnelSessions(List.of(dialer("127.0.0.2", "token"), dialer("127.0.0.3", "guess")), 2, this::hello, events::add));
        sessions.start();
        tunnels(one, 2);
        var refused = next(SessionEvent.Refused.class);
        assertEquals("127.0.0.3:" + port, refused.server());
        assertFalse(refused.last());
        sessions.awaitAttached(Deadline.after(Link.PATIENCE));
    }

    @Test void onlyTheLastRefusalIsTheEnd() throws Exception {
        server(2);
        server(3);
        var dialers = List.of(dialer("127.0.0.2", "guess"), dialer("127.0.0.3", "guess"));
        var sessions = opened(new TunnelSessions(dialers, 2, this::hello, events::add));
        sessions.start();
        assertFalse(next(SessionEvent.Refused.class).last());
        assertTrue(next(SessionEvent.Refused.class).last());
        assertEquals(401, assertThrows(RefusedException.class, () -> sessions.awaitAttached(Deadline.after(Link.PATIENCE))).status());
    }

    @Test void theHandshakeNamesTheServerAndNotItsAddress() throws Exception {
        port = 7835;
        var dialers = dialer(NAME, "token").each((_, _) -> List.of(InetAddress.ofLiteral("192.0.2.1"), InetAddress.ofLiteral("2001:db8::1")));
        assertEquals(List.of("edge.example.com:7835 at 192.0.2.1", "edge.example.com:7835 at 2001:db8:0:0:0:0:0:1"),
                dialers.stream().map(TunnelDialer::server).toList());
        var named = server(2, PtthConfig.DEFAULTS.withNames(Set.of(NAME)));
        resolvesTo(2);
        sessions(Duration.ofHours(1), Duration.ZERO, NAME);
        tunnels(named, 2);
    }

    @Test void slotsAreUsedAgainWithHigherEpochs() {
        var slots = new Slots();
        var first = slots.take(600);
        assertTrue(slots.take(600).isEmpty(), "there are 1,001");
        slots.giveBack(first);
        var again = slots.take(600);
        for (int i = 0; i < 600; i++) {
            assertTrue(again.get(i).sameSlot(first.get(i)));
            assertTrue(again.get(i).epoch() > first.get(i).epoch() + 1_000_000);
        }
    }

    private ControlPort server(int last) throws IOException {
        return server(last, PtthConfig.DEFAULTS);
    }

    private ControlPort server(int last, PtthConfig config) throws IOException {
        var server = opened(new ControlPort(address(last), config));
        port = server.port();
        return server;
    }

    /// All servers have the port of the first one.
    private InetSocketAddress address(int last) {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0." + last), port);
    }

    private String label(int last) {
        return NAME + ":" + port + " at 127.0.0." + last;
    }

    private void resolvesTo(int... last) {
        addresses = Arrays.stream(last).mapToObj(each -> InetAddress.ofLiteral("127.0.0." + each)).toList();
    }

    private TunnelDialer dialer(String host, String token) {
        return new TunnelDialer(host, port == 0 ? 7835 : port, token, List.of(Route.of(HOST)), DialConfig.DEFAULTS);
    }

    private TunnelSessions sessions(Duration interval, Duration memory, String... hosts) {
        var dialers = Arrays.stream(hosts).map(host -> dialer(host, "token")).toList();
        var lookups = new NamedServer.Lookups((name, _) -> {
            assertEquals(NAME, name);
            var now = addresses;
            if (now.isEmpty()) throw new UnknownHostException(name + " is unknown");
            return now;
        }, interval, memory.plusNanos(1));
        var sessions = opened(new TunnelSessions(dialers, 2, this::hello, events::add, lookups));
        sessions.start();
        return sessions;
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.push(closeable);
        return closeable;
    }

    /// Waits until so many are attached.
    private static List<Tunnel> tunnels(ControlPort server, int count) {
        var patience = Deadline.after(Link.PATIENCE);
        for (;;) {
            var tunnels = server.tunnels.tunnels();
            if (tunnels.size() == count) return tunnels;
            if (patience.passed()) throw new AssertionError(tunnels.size() + " tunnels");
            Thread.onSpinWait();
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

    private void hello(Exchange exchange) throws IOException {
        try {
            release.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        try (var content = exchange.respond(new ResponseHead(200, Fields.of("content-length", "5")))) {
            content.write("hello".getBytes(ISO_8859_1));
            content.end();
        }
    }
}
