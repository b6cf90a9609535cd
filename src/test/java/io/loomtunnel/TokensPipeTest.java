package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.tunnel.RefusedException;
import io.loomtunnel.tunnel.SessionEvent;
import io.loomtunnel.tunnel.TokenEntry;
import io.loomtunnel.tunnel.TunnelEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Server and clients with a list of tokens that changes.
@Timeout(60)
class TokensPipeTest {
    private static final int NONE = TokenEntry.UNLIMITED;

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final BlockingQueue<SessionEvent> events = new LinkedBlockingQueue<>();
    private final BlockingQueue<TunnelEvent> told = new LinkedBlockingQueue<>();
    private final Semaphore entered = new Semaphore(0);
    private final Semaphore mayAnswer = new Semaphore(0);
    private volatile List<TokenEntry> list = List.of();
    private final TunnelServer server = TunnelServer.builder().bind(0).http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .tcpRange(new InetSocketAddress(InetAddress.getLoopbackAddress(), 20_000), 29_999).tokens(() -> list).grace(Duration.ZERO)
            .listener(told::add).start();

    TokensPipeTest() throws IOException {
        open.push(server);
    }

    @AfterEach void closeAll() throws Exception {
        mayAnswer.release(1_000);
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void aTokenIsGoodAsSoonAsItIsListed() throws Exception {
        list = List.of(entry("a", NONE, NONE));
        client("a", "a.example");
        list = List.of(list.getFirst(), entry("b", NONE, NONE));
        client("b", "b.example");
        assertEquals(List.of("a", "b"), server.tunnels().tunnels().stream().map(tunnel -> tunnel.owner()).sorted().toList());
    }

    @Test void aRevokedTokensTunnelsEndAndTheirClientIsToldWhy() throws Exception {
        list = List.of(entry("a", NONE, NONE), entry("b", NONE, NONE));
        client("b", "b.example");
        open(builder("a", "a.example").connections(3).start());
        for (int i = 0; i < 3; i++) next(TunnelEvent.Attached.class);
        events.clear();
        var visitor = visit("a.example");
        entered.acquire();
        list = List.of(list.getFirst().revoked(Instant.now()), list.getLast());
        for (int i = 0; i < 3; i++) assertEquals("this token was revoked", next(TunnelEvent.Left.class).tunnel().reason());
        var refused = nextOf(SessionEvent.Refused.class);
        assertEquals("401 this token was revoked", refused.status() + " " + refused.reason());
        assertTrue(status(visitor).startsWith("5"), "what was under way is cut off");
        assertEquals("b", server.tunnels().find("b.example", "/").owner());
    }

    @Test void anExpiredTokensTunnelsEndAndTheirClientIsToldWhy() throws Exception {
        var end = Instant.now().plusMillis(1_500).truncatedTo(ChronoUnit.MILLIS);
        list = List.of(new TokenEntry("a", TokenEntry.digest("a"), List.of("*"), List.of(), NONE, NONE, end, Instant.MAX));
        client("a", "a.example");
        assertEquals("this token expired at " + end, next(TunnelEvent.Left.class).tunnel().reason());
        assertEquals("this token expired at " + end, nextOf(SessionEvent.Refused.class).reason());
    }

    @Test void aTokenThatIsNoLongerListedOrMayHaveLessLosesItsTunnels() throws Exception {
        list = List.of(entry("a", NONE, NONE), entry("b", NONE, NONE));
        client("a", "a.example");
        client("b", "b.example");
        list = List.of(list.getLast());
        assertEquals("this token is not known here any more", next(TunnelEvent.Left.class).tunnel().reason());
        assertEquals("this token is not known here", nextOf(SessionEvent.Refused.class).reason());
        list = List.of(new TokenEntry("b", TokenEntry.digest("b"), List.of("c.example"), List.of(), NONE, NONE, Instant.MAX, Instant.MAX));
        assertEquals("b", next(TunnelEvent.Left.class).tunnel().owner());
        var refused = nextOf(SessionEvent.Refused.class);
        assertEquals("403 this token may not have b.example; it may have c.example", refused.status() + " " + refused.reason());
    }

    @Test void nobodyGetsMoreThanItsTokenMayHave() throws Exception {
        list = List.of(new TokenEntry("a", TokenEntry.digest("a"), List.of("a.example"), List.of("db"), NONE, NONE, Instant.MAX, Instant.MAX));
        assertEquals(403, refusal(builder("a", "b.example")).status());
        assertEquals(403, refusal(builder("a", "a.example").tcp("ssh", 22)).status());
        var all = open(builder("a", "a.example").tcp("db", 1).start());
        assertEquals(2, all.awaitAttached(Deadline.NEVER).routes().size());
    }

    @Test void aStrangerTakesNoHostThatAnotherTokenHolds() throws Exception {
        list = List.of(entry("a", NONE, NONE), entry("stranger", NONE, NONE));
        client("a", "a.example");
        open(builder("stranger", "a.example").open());
        assertEquals("a.example is taken by another token", nextOf(SessionEvent.Retrying.class).reason());
        assertEquals("a", server.tunnels().find("a.example", "/").owner());
    }

    @Test void streamsAreBoundedOverAllConnectionsOfAToken() throws Exception {
        list = List.of(entry("a", NONE, 3), entry("b", NONE, NONE));
        open(builder("a", "a.example").connections(2).start());
        for (int i = 0; i < 2; i++) next(TunnelEvent.Attached.class);
        client("b", "b.example");
        var visitors = new ArrayList<Socket>();
        for (int i = 0; i < 3; i++) visitors.add(visit("a.example"));
        entered.acquire(3);                                                       // at the edge
        assertEquals("503", status(visit("a.example")), "beyond it");
        var other = visit("b.example");
        entered.acquire();                                                        // the limit is one token's
        mayAnswer.release(4);
        for (var visitor : visitors) assertEquals("200", status(visitor));
        assertEquals("200", status(other));
        for (int i = 0; i < 3; i++) visit("a.example");
        entered.acquire(3);                                                       // what has ended makes room
        assertEquals("503", status(visit("a.example")));
    }

    @Test void aLimitThatChangesHoldsForWhatComesNext() throws Exception {
        list = List.of(entry("a", NONE, 1));
        client("a", "a.example");
        visit("a.example");
        entered.acquire();
        assertEquals("503", status(visit("a.example")));
        list = List.of(entry("a", NONE, 2));
        client("a", "b.example");                                                 // the list is read at each handshake
        visit("a.example");
        entered.acquire();
        assertEquals("503", status(visit("a.example")));
    }

    @Test void connectionsAreBoundedAndOneThatLeavesMakesRoom() throws Exception {
        list = List.of(entry("a", 2, NONE));
        var first = client("a", "a.example");
        client("a", "a.example");
        var third = open(builder("a", "a.example").open());
        assertEquals("this token has all the 2 connections that it may have", nextOf(SessionEvent.Retrying.class).reason());
        first.close();
        third.awaitAttached(Deadline.after(Duration.ofSeconds(20)));
    }

    private static TokenEntry entry(String name, int connections, int streams) {
        return new TokenEntry(name, TokenEntry.digest(name), List.of("*"), List.of(), connections, streams, Instant.MAX, Instant.MAX);
    }

    /// Attached, and known to the server's listener.
    private TunnelClient client(String token, String route) throws Exception {
        var client = open(builder(token, route).start());
        next(TunnelEvent.Attached.class);
        events.clear();
        return client;
    }

    private TunnelClient.Builder builder(String token, String route) {
        return TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token(token).grace(Duration.ZERO)
                .listener(events::add).http(route, this::answer);
    }

    private void answer(Exchange exchange) throws IOException {
        entered.release();
        mayAnswer.acquireUninterruptibly();
        var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "0")));
        sink.end();
    }

    private static RefusedException refusal(TunnelClient.Builder builder) {
        return assertThrows(RefusedException.class, builder::start);
    }

    private Socket visit(String host) throws IOException {
        var visitor = open(new Socket(InetAddress.getLoopbackAddress(), server.httpAddress().getPort()));
        visitor.setSoTimeout(20_000);
        visitor.getOutputStream().write(("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n").getBytes(ISO_8859_1));
        return visitor;
    }

    private static String status(Socket visitor) throws IOException {
        try (visitor) {
            return new String(visitor.getInputStream().readAllBytes(), ISO_8859_1).substring(9, 12);
        }
    }

    private <T extends TunnelEvent> T next(Class<T> kind) throws InterruptedException {
        return await(told, kind);
    }

    private <T extends SessionEvent> T nextOf(Class<T> kind) throws InterruptedException {
        return await(events, kind);
    }

    private static <T> T await(BlockingQueue<?> events, Class<T> kind) throws InterruptedException {
        for (;;) {
            var event = events.poll(20, TimeUnit.SECONDS);
            if (event == null) throw new AssertionError("no " + kind.getSimpleName());
            if (kind.isInstance(event)) return kind.cast(event);
        }
    }

    private <T extends AutoCloseable> T open(T resource) {
        open.push(resource);
        return resource;
    }
}
