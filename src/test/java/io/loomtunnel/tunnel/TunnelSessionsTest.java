package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TunnelSessionsTest {
    private static final String HOST = "app.example.com";

    private final LinkedBlockingQueue<SessionEvent> events = new LinkedBlockingQueue<>();
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private ControlPort server = opened(new ControlPort(PtthConfig.DEFAULTS));

    TunnelSessionsTest() throws IOException {}

    @AfterEach void closeAll() throws Exception {
        release.countDown();
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void eachConnectionIsASlotOfOneInstance() throws Exception {
        sessions(3, "token");
        var tunnels = tunnels(3);
        var slots = new HashSet<Integer>();
        for (var tunnel : tunnels) {
            slots.add(tunnel.client().slot());
            assertEquals(tunnels.getFirst().client().instance(), tunnel.client().instance());
        }
        assertEquals(3, slots.size());
    }

    @Test void newStreamsGoWhereTheFewestAre() throws Exception {
        sessions(3, "token");
        var tunnels = tunnels(3);
        for (int i = 0; i < 9; i++) Link.begin(server.tunnels.find(HOST, "/"));
        for (var tunnel : tunnels) assertEquals(3, tunnel.streams());
    }

    @Test void aLostConnectionTakesItsOwnStreamsAndIsNoNews() throws Exception {
        sessions(2, "token");
        assertInstanceOf(SessionEvent.Attached.class, next());
        var tunnels = tunnels(2);
        var all = new ArrayList<Transaction>();
        for (var tunnel : tunnels) all.add(Link.begin(tunnel));
        tunnels.getFirst().close();
        assertThrows(IOException.class, () -> Link.read(all.getFirst()));
        var again = tunnels(2, tunnels.getFirst());
        assertTrue(again.contains(tunnels.getLast()));
        release.countDown();
        assertEquals("hello", Link.read(all.getLast()));
        assertNull(events.poll(50, TimeUnit.MILLISECONDS), "visitors were served all the time");
    }

    @Test void aServerThatIsGoneAndThatIsBackIsToldOfOnce() throws Exception {
        sessions(4, "token");
        assertInstanceOf(SessionEvent.Attached.class, next());
        tunnels(4);
        server.kill();
        int lost = 0;
        for (int retries = 0; retries < 2; ) {
            switch (next()) {
                case SessionEvent.Lost _ -> lost++;
                case SessionEvent.Retrying _ -> retries++;
                case SessionEvent event -> throw new AssertionError(event.toString());
            }
        }
        assertEquals(1, lost);
        int port = server.port();
        server = opened(new ControlPort(port, PtthConfig.DEFAULTS));
        SessionEvent event = next();
        while (event instanceof SessionEvent.Retrying) event = next();
        assertInstanceOf(SessionEvent.Attached.class, event);
        tunnels(4);
        assertNull(events.poll(50, TimeUnit.MILLISECONDS));
    }

    @Test void aRoundTripGoesByWhicheverConnectionIsUp() throws Exception {
        var sessions = sessions(2, "token");
        var tunnels = tunnels(2);
        assertTrue(sessions.roundTrip(Deadline.after(Link.PATIENCE)).compareTo(Link.PATIENCE) < 0);
        tunnels.getFirst().close();
        assertTrue(sessions.roundTrip(Deadline.after(Link.PATIENCE)).compareTo(Link.PATIENCE) < 0);
        server.close();
        var patience = Deadline.after(Link.PATIENCE);
        while (!patience.passed()) {
            try {
                sessions.roundTrip(patience);
            } catch (IOException e) {
                if (e.getMessage().contains("cannot connect")) return;
            }
        }
        throw new AssertionError("the server is gone, and nobody noticed");
    }

    @Test void aRefusalIsThrownToWhomWaits() throws Exception {
        var sessions = sessions(2, "guess");
        assertEquals(401, assertThrows(RefusedException.class, () -> sessions.awaitAttached(Deadline.after(Link.PATIENCE))).status());
        assertInstanceOf(SessionEvent.Refused.class, next());
    }

    private TunnelSessions sessions(int connections, String token) {
        var dialer = new TunnelDialer("127.0.0.1", server.port(), token, List.of(Route.of(HOST)), DialConfig.DEFAULTS);
        var sessions = new TunnelSessions(dialer, connections, this::hello, events::add);
        opened(sessions).start();
        return sessions;
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.push(closeable);
        return closeable;
    }

    /// Waits until so many are attached.
    private List<Tunnel> tunnels(int count, Tunnel... gone) {
        var patience = Deadline.after(Link.PATIENCE);
        for (;;) {
            var tunnels = server.tunnels.tunnels();
            boolean back = tunnels.size() == count;
            for (var tunnel : gone) back &= !tunnels.contains(tunnel);
            if (back) return tunnels;
            if (patience.passed()) throw new AssertionError(tunnels.size() + " tunnels");
            Thread.onSpinWait();
        }
    }

    private SessionEvent next() throws InterruptedException {
        var event = events.poll(20, TimeUnit.SECONDS);
        if (event == null) throw new AssertionError("nothing happened");
        return event;
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
