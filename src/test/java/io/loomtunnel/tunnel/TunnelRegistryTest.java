package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TunnelRegistryTest {
    private static final String HOST = "app.example.com";
    private static final PtthConfig IMPATIENT = PtthConfig.DEFAULTS.withHeartbeat(
            new HeartbeatConfig(Duration.ofMillis(50), Duration.ofMillis(50), Duration.ofMillis(400)));

    private final TunnelRegistry tunnels = new TunnelRegistry();
    private final LinkedBlockingQueue<TunnelEvent> events = new LinkedBlockingQueue<>();
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    TunnelRegistryTest() {
        tunnels.listen(events::add);
    }

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void aTunnelIsRoutableOnceItIsAttachedAndNotBefore() throws Exception {
        assertEquals(404, status(HOST));
        var link = link("token", ClientId.fresh(), "one", HOST);
        assertEquals(503, status(HOST), "admitted: it is about to come");
        link.attach();
        assertEquals("one", get("APP.example.com.:8080"));
        assertEquals(404, status("other.example.com"));
    }

    @Test void aTunnelThatNeverCameLeavesNothingBehind() throws Exception {
        var link = link("token", ClientId.fresh(), "one", HOST);
        tunnels.giveUp(link.claim);
        assertEquals(404, status(HOST));
        assertTrue(tunnels.tunnels().isEmpty());
    }

    @Test void aHostOfAnotherTokenIsTaken() throws Exception {
        link("token", ClientId.fresh(), "one", HOST, "*");
        assertEquals(409, refusal("stranger", ClientId.fresh(), HOST), "even before it is routable");
        assertEquals(409, refusal("stranger", ClientId.fresh(), HOST + "/path"));
        assertEquals(409, refusal("stranger", ClientId.fresh(), "free.example.com", "*"));
        link("stranger", ClientId.fresh(), "two", "free.example.com").attach();
        assertEquals("two", get("free.example.com"));
    }

    @Test void aTcpServiceIsFoundByItsNameAndNothingElse() throws Exception {
        link("token", ClientId.fresh(), "tcp", "tcp:db").attach();
        link("token", ClientId.fresh(), "rest", "*").attach();
        assertEquals("tcp", Link.get(tunnels.find(new Route.Tcp("db"))));
        assertEquals("rest", get("db"), "the host of that spelling is the catch-all's");
        for (var other : List.of("rest", "db.example.com", "d")) {
            var refusal = assertThrows(StatusException.class, () -> tunnels.find(new Route.Tcp(other)), other);
            assertEquals(404, refusal.status());
        }
    }

    @Test void aHostIsNoTcpService() throws Exception {
        link("token", ClientId.fresh(), "http", "db").attach();
        assertThrows(StatusException.class, () -> tunnels.find(new Route.Tcp("db")));
        assertEquals("http", get("db"));
    }

    @Test void aTcpNameOfAnotherTokenIsTakenAndTheHostIsNot() throws Exception {
        link("token", ClientId.fresh(), "tcp", "tcp:db").attach();
        assertEquals(409, refusal("stranger", ClientId.fresh(), "tcp:db"));
        link("stranger", ClientId.fresh(), "http", "db").attach();
        assertEquals("http", get("db"));
    }

    @Test void aTcpConnectionWaitsForTheClientThatLeftAMomentAgo() throws Exception {
        var name = new Route.Tcp("db");
        var link = link("token", ClientId.fresh(), "one", "tcp:db").attach();
        link.close();
        assertTrue(link.awaitEnd());
        assertEquals(503, assertThrows(StatusException.class, () -> tunnels.find(name)).status());
        var waiting = start(() -> Link.get(tunnels.await(name, Deadline.after(Link.PATIENCE))));
        link("token", ClientId.fresh(), "two", "tcp:db").attach();
        assertEquals("two", waiting.get(10, TimeUnit.SECONDS));
    }

    @Test void aHostIsFreeOnceItsTunnelLeft() throws Exception {
        var link = link("token", ClientId.fresh(), "one", HOST).attach();
        link.close();
        assertTrue(link.awaitEnd());
        link("stranger", ClientId.fresh(), "two", HOST).attach();
        assertEquals("two", get(HOST));
    }

    @Test void aHigherEpochReplacesOnceItIsRoutable() throws Exception {
        var first = ClientId.fresh().next();
        var old = link("token", first, "old", HOST).attach();
        var next = link("token", first.next(), "new", HOST);
        assertEquals("old", get(HOST));
        next.attach();
        assertEquals("new", get(HOST));
        assertEquals(1, tunnels.tunnels().size());
        assertTrue(old.awaitEnd());
    }

    @Test void anOldEpochIsRefused() throws Exception {
        var client = ClientId.fresh().next();
        link("token", client.next(), "new", HOST).attach();
        assertEquals(409, refusal("token", client, HOST));
        assertEquals(409, refusal("token", client.next(), HOST), "the same epoch twice");
    }

    @Test void ofTwoDialsUnderWayTheLaterOneWins() throws Exception {
        var client = ClientId.fresh().next();
        var slow = link("token", client, "slow", HOST);
        link("token", client.next(), "fast", HOST).attach();
        assertFalse(tunnels.attach(slow.claim, slow.tunnel));
        assertEquals("fast", get(HOST));
    }

    @Test void theReplacedTunnelEndsWithItsLastStream() throws Exception {
        var release = new CountDownLatch(1);
        var first = ClientId.fresh().next();
        var old = new Link(tunnels, "token", first, PtthConfig.DEFAULTS, exchange -> {
            await(release);
            exchange.respond(new ResponseHead(204, new Fields())).end();
        }, HOST).attach();
        open.push(old);
        var request = Link.begin(tunnels.find(HOST, "/"));
        link("token", first.next(), "new", HOST).attach();
        assertEquals("new", get(HOST));
        release.countDown();
        assertEquals("", Link.read(request));
        assertTrue(old.awaitEnd());
    }

    @Test void aReplacedTunnelWhoseClientIsGoneEndsAtOnce() throws Exception {
        var first = ClientId.fresh().next();
        var release = new CountDownLatch(1);
        var old = new Link(tunnels, "token", first, IMPATIENT, _ -> await(release), HOST).attach();
        open.push(old);
        Link.begin(tunnels.find(HOST, "/"));
        old.cut();
        link("token", first.next(), "new", HOST).attach();
        assertTrue(old.awaitEnd());
        release.countDown();
    }

    @Test void tunnelsOfOneTokenShareTheirHostByLoad() throws Exception {
        var release = new CountDownLatch(1);
        for (int i = 0; i < 2; i++) {
            open(new Link(tunnels, "token", ClientId.fresh(), PtthConfig.DEFAULTS, _ -> await(release), HOST)).attach();
        }
        for (int i = 0; i < 10; i++) Link.begin(tunnels.find(HOST, "/"));
        for (var tunnel : tunnels.tunnels()) assertEquals(5, tunnel.streams());
        release.countDown();
    }

    @Test void tunnelsOfOneTokenWithAsManyStreamsTakeTurns() throws Exception {
        var release = new CountDownLatch(1);
        var busy = open(new Link(tunnels, "token", ClientId.fresh(), PtthConfig.DEFAULTS, _ -> await(release), HOST)).attach();
        Link.begin(busy.tunnel);
        for (var name : List.of("one", "two", "three")) link("token", ClientId.fresh(), name, HOST).attach();
        var answers = new StringBuilder();
        for (int i = 0; i < 6; i++) answers.append(get(HOST)).append(' ');
        assertEquals("one two three one two three ", answers.toString());
        release.countDown();
    }

    @Test void aDearClientGoesBeforeTheOthersWhileItTakesRequests() throws Exception {
        var release = new CountDownLatch(1);
        var dear = open(new Link(tunnels, "token", ClientId.fresh(), PtthConfig.DEFAULTS, _ -> await(release), HOST)).attach();
        link("token", ClientId.fresh(), "other", HOST).attach();
        var marks = List.of("unknown", dear.tunnel.mark());
        for (int i = 0; i < 5; i++) {
            assertSame(dear.tunnel, tunnels.find(HOST, "/", marks));
            Link.begin(dear.tunnel);
        }
        dear.far.drain();
        while (dear.tunnel.accepting()) Thread.onSpinWait();
        assertEquals("other", Link.get(tunnels.find(HOST, "/", marks)));
        release.countDown();
    }

    @Test void aSilentTunnelIsSuspectThenClosed() throws Exception {
        var link = open(new Link(tunnels, "token", ClientId.fresh(), IMPATIENT, "one", HOST)).attach();
        assertEquals("one", get(HOST));
        link.cut();
        assertSame(link.tunnel, next(TunnelEvent.Attached.class).tunnel());
        assertTrue(next(TunnelEvent.Doubted.class).tunnel().suspect());
        assertEquals(503, status(HOST));
        assertTrue(link.awaitEnd());
        next(TunnelEvent.Left.class);
    }

    @Test void aSuspectTunnelThatAnswersGetsNewStreamsAgain() throws Exception {
        var config = PtthConfig.DEFAULTS.withHeartbeat(
                new HeartbeatConfig(Duration.ofMillis(30), Duration.ofMillis(60), Duration.ofSeconds(20)));
        var link = open(new Link(tunnels, "token", ClientId.fresh(), config, "one", HOST)).attach();
        link.stall();
        assertTrue(next(TunnelEvent.Doubted.class).tunnel().suspect());
        var waiting = start(() -> Link.get(tunnels.await(HOST, "/", Deadline.after(Link.PATIENCE))));
        link.resume();
        assertSame(link.tunnel, next(TunnelEvent.Doubted.class).tunnel());
        assertEquals("one", waiting.get(10, TimeUnit.SECONDS));
    }

    @Test void aGhostIsReplacedByItsOwnClientAtOnceAndByNoStranger() throws Exception {
        var client = ClientId.fresh().next();
        var ghost = link("token", client, "ghost", HOST).attach();
        ghost.cut();
        assertEquals(409, refusal("stranger", ClientId.fresh(), HOST));
        assertEquals(409, refusal("stranger", client.next(), HOST), "who has overheard the instance has not the token");
        link("token", client.next(), "again", HOST).attach();
        assertEquals("again", get(HOST));
        assertTrue(ghost.awaitEnd());
        assertEquals(409, refusal("stranger", ClientId.fresh(), HOST));
    }

    @Test void aTunnelThatAnswersIsNotSuspect() throws Exception {
        var config = PtthConfig.DEFAULTS.withHeartbeat(
                new HeartbeatConfig(Duration.ofMillis(20), Duration.ofSeconds(5), Duration.ofSeconds(10)));
        var link = open(new Link(tunnels, "token", ClientId.fresh(), config, "one", HOST)).attach();
        next(TunnelEvent.Attached.class);
        assertNull(events.poll(300, TimeUnit.MILLISECONDS));
        assertTrue(link.tunnel.accepting());
    }

    @Test void whenATokenAttachesItsSilentTunnelsGetNoMoreStreams() throws Exception {
        var config = PtthConfig.DEFAULTS.withHeartbeat(
                new HeartbeatConfig(Duration.ofSeconds(20), Duration.ofMillis(50), Duration.ofSeconds(60)));
        var silent = open(new Link(tunnels, "token", ClientId.fresh(), config, "silent", HOST)).attach();
        next(TunnelEvent.Attached.class);
        silent.cut();
        assertNull(events.poll(100, TimeUnit.MILLISECONDS), "nobody asks it");
        link("token", ClientId.fresh(), "new", HOST).attach();
        var doubted = next(TunnelEvent.Doubted.class);
        assertSame(silent.tunnel, doubted.tunnel());
        for (int i = 0; i < 10; i++) assertEquals("new", get(HOST));
    }

    @Test void aRequestWaitsForTheClientThatLeftAMomentAgo() throws Exception {
        var link = link("token", ClientId.fresh(), "one", HOST).attach();
        link.close();
        assertTrue(link.awaitEnd());
        assertEquals(503, status(HOST));
        var waiting = start(() -> Link.get(tunnels.await(HOST, "/", Deadline.after(Link.PATIENCE))));
        link("token", ClientId.fresh(), "two", HOST).attach();
        assertEquals("two", waiting.get(10, TimeUnit.SECONDS));
    }

    @Test void aServerThatHasJustStartedWaitsForNamesThatItDoesNotKnowYet() throws Exception {
        tunnels.expectClients(Link.PATIENCE);
        assertEquals(404, status(HOST), "without waiting");
        var waiting = start(() -> Link.get(tunnels.await(HOST, "/", Deadline.after(Link.PATIENCE))));
        link("token", ClientId.fresh(), "other", "x.example.com").attach();
        link("token", ClientId.fresh(), "one", HOST).attach();
        assertEquals("one", waiting.get(10, TimeUnit.SECONDS));
    }

    @Test void onceAllClientsShouldBeBackAnUnknownNameIsUnknown() {
        tunnels.expectClients(Duration.ofMillis(50));
        var refusal = assertThrows(StatusException.class, () -> tunnels.await(HOST, "/", Deadline.after(Link.PATIENCE)));
        assertEquals(404, refusal.status());
        tunnels.expectClients(Link.PATIENCE);
        refusal = assertThrows(StatusException.class, () -> tunnels.await(HOST, "/", Deadline.after(Duration.ofMillis(50))));
        assertEquals(503, refusal.status(), "who waits for less does not know");
    }

    @Test void aRoundTripIsAnsweredByAnyClientThatIsThere() throws Exception {
        assertEquals("no client is attached", assertThrows(IOException.class, () -> tunnels.roundTrip(Deadline.after(Link.PATIENCE))).getMessage());
        var silent = link("token", ClientId.fresh(), "silent", HOST).attach();
        silent.cut();
        var soon = Deadline.after(Duration.ofMillis(50));
        assertThrows(SocketTimeoutException.class, () -> tunnels.roundTrip(soon));
        link("token", ClientId.fresh(), "one", HOST).attach();
        assertTrue(tunnels.roundTrip(Deadline.after(Link.PATIENCE)).compareTo(Link.PATIENCE) < 0);
    }

    @Test void aRequestThatWaitedInVainIsUnavailable() throws Exception {
        var link = link("token", ClientId.fresh(), "one", HOST).attach();
        link.close();
        assertTrue(link.awaitEnd());
        var soon = Deadline.after(Duration.ofMillis(50));
        var refusal = assertThrows(StatusException.class, () -> tunnels.await(HOST, "/", soon));
        assertEquals(503, refusal.status());
    }

    @Test void aRestartingClientsHostIsNotServedByTheCatchAllMeanwhile() throws Exception {
        link("other", ClientId.fresh(), "rest", "*").attach();
        var link = link("token", ClientId.fresh(), "one", HOST).attach();
        assertEquals("rest", get("else.example.com"));
        link.close();
        assertTrue(link.awaitEnd());
        assertEquals(503, status(HOST));
    }

    @Test void aClientThatDrainsGetsNoMoreRequestsAndFinishesTheOthers() throws Exception {     // RFC 9113 §6.8
        var release = new CountDownLatch(1);
        var link = open(new Link(tunnels, "token", ClientId.fresh(), PtthConfig.DEFAULTS, exchange -> {
            await(release);
            exchange.respond(new ResponseHead(204, new Fields())).end();
        }, HOST)).attach();
        var request = Link.begin(tunnels.find(HOST, "/"));
        link.far.drain();
        var waiting = start(() -> Link.get(tunnels.await(HOST, "/", Deadline.after(Link.PATIENCE))));
        link("token", ClientId.fresh(), "two", HOST).attach();
        release.countDown();
        assertEquals("", Link.read(request));
        assertTrue(link.awaitEnd());
        assertEquals("two", get(HOST));
        // It began before or after the GOAWAY arrived: either way it was answered.
        assertTrue(waiting.get(10, TimeUnit.SECONDS).length() <= 3);
    }

    @Test void nearTheEndOfTheIdsTheClientIsAskedToAttachAgain() throws Exception {             // RFC 9113 §5.1.1
        var config = PtthConfig.DEFAULTS.withFirstStreamId(Integer.MAX_VALUE - 200);
        var link = open(new Link(tunnels, "token", ClientId.fresh(), config, "one", HOST)).attach();
        var asked = new CountDownLatch(1);
        link.far.onGoAway(asked::countDown);
        for (int i = 0; i < 50; i++) assertEquals("one", get(HOST));
        assertEquals(1, asked.getCount());
        for (int i = 0; i < 51; i++) assertEquals("one", get(HOST), "it serves until the next one is there");
        assertTrue(asked.await(10, TimeUnit.SECONDS));
        assertEquals(503, status(HOST), "the ids are used up");
    }

    @Test void aDrainingServerAdmitsNobodyAndServesOn() throws Exception {
        var link = link("token", ClientId.fresh(), "one", HOST).attach();
        var asked = new CountDownLatch(1);
        link.far.onGoAway(asked::countDown);
        tunnels.drain();
        assertTrue(asked.await(10, TimeUnit.SECONDS));
        assertEquals("one", get(HOST));
        assertEquals(503, refusal("token", ClientId.fresh(), "x.example.com"));
    }

    @Test void aDrainingServerKeepsNobodyWaiting() throws Exception {
        var link = link("token", ClientId.fresh(), "one", HOST).attach();
        link.close();
        assertTrue(link.awaitEnd());
        var waiting = start(() -> {
            var refusal = assertThrows(StatusException.class, () -> tunnels.await(HOST, "/", Deadline.NEVER));
            return Integer.toString(refusal.status());
        });
        tunnels.drain();
        assertEquals("503", waiting.get(10, TimeUnit.SECONDS));
    }

    @Test void closingLetsRequestsFinish() throws Exception {
        var release = new CountDownLatch(1);
        open(new Link(tunnels, "token", ClientId.fresh(), PtthConfig.DEFAULTS, exchange -> {
            await(release);
            exchange.respond(new ResponseHead(204, new Fields())).end();
        }, HOST)).attach();
        var request = Link.begin(tunnels.find(HOST, "/"));
        var closing = start(() -> {
            tunnels.close(Deadline.after(Link.PATIENCE));
            return "closed";
        });
        release.countDown();
        assertEquals("", Link.read(request));
        assertEquals("closed", closing.get(10, TimeUnit.SECONDS));
        assertTrue(tunnels.tunnels().isEmpty());
    }

    @Test void closingCutsOffWhatDoesNotFinishInTime() throws Exception {
        var release = new CountDownLatch(1);
        var link = open(new Link(tunnels, "token", ClientId.fresh(), PtthConfig.DEFAULTS, _ -> await(release), HOST));
        link.attach();
        var request = Link.begin(tunnels.find(HOST, "/"));
        tunnels.close(Deadline.after(Duration.ofMillis(50)));
        assertThrows(IOException.class, () -> Link.read(request));
        assertTrue(link.awaitEnd());
        release.countDown();
    }

    private Link link(String owner, ClientId client, String name, String... routes) throws IOException {
        return open(new Link(tunnels, owner, client, PtthConfig.DEFAULTS, name, routes));
    }

    private Link open(Link link) {
        open.push(link);
        return link;
    }

    private String get(String host) throws IOException {
        return Link.get(tunnels.find(host, "/"));
    }

    private int status(String host) {
        return assertThrows(StatusException.class, () -> tunnels.find(host, "/")).status();
    }

    private int refusal(String owner, ClientId client, String... routes) {
        return assertThrows(StatusException.class, () -> link(owner, client, "", routes)).status();
    }

    private <T extends TunnelEvent> T next(Class<T> kind) throws InterruptedException {
        for (;;) {
            var event = events.poll(10, TimeUnit.SECONDS);
            if (event == null) throw new AssertionError("no " + kind.getSimpleName());
            if (kind.isInstance(event)) return kind.cast(event);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static FutureTask<String> start(Callable<String> work) {
        var task = new FutureTask<>(work);
        Thread.ofVirtual().start(task);
        return task;
    }
}
