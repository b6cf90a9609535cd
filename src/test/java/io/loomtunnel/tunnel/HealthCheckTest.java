package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
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

@Timeout(30)
class HealthCheckTest {
    private static final String HOST = "app.example.com";
    private static final HealthConfig OFTEN = new HealthConfig(Duration.ofMillis(5), Duration.ofMillis(5), Duration.ofMillis(300));

    private final TunnelRegistry tunnels = new TunnelRegistry(OFTEN);
    private final LinkedBlockingQueue<TunnelEvent> events = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<String> asked = new LinkedBlockingQueue<>();
    private final Deque<Link> open = new ArrayDeque<>();

    HealthCheckTest() {
        tunnels.listen(events::add);
    }

    @AfterEach void closeAll() {
        while (!open.isEmpty()) open.pop().close();
    }

    /// A program whose health a test decides.
    private final class Program implements ExchangeHandler {
        private final String name;
        private volatile int health;
        private volatile CountDownLatch silence = new CountDownLatch(0);

        Program(String name, int health) {
            this.name = name;
            this.health = health;
        }

        @Override public void handle(Exchange exchange) throws IOException {
            var head = exchange.request();
            boolean check = "LoomTunnel-Health".equals(head.fields().first("user-agent"));
            if (check) {
                asked.add(head.method() + " " + head.authority() + head.path());
                try {
                    silence.await();
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                }
            }
            try (var content = exchange.respond(new ResponseHead(check ? health : 200, new Fields()))) {
                content.write(name.getBytes(ISO_8859_1));
                content.end();
            }
        }
    }

    @Test void aClientGetsRequestsOnceItsProgramWasFoundWell() throws Exception {
        var program = new Program("one", 503);
        link(program, "/healthz", HOST);
        assertEquals("503 at /healthz", next().fault());
        assertEquals(503, status());
        program.health = 204;
        assertEquals("one", await());
        assertEquals("", next().fault());
        assertEquals("GET app.example.com/healthz", asked.poll());
    }

    @Test void aProgramThatIsWellFromTheStartIsNoNews() throws Exception {
        link(new Program("one", 301), "/", HOST);
        assertEquals("one", await());
        for (int i = 0; i < 5; i++) assertTrue(asked.poll(10, TimeUnit.SECONDS) != null);
        assertInstanceOf(TunnelEvent.Attached.class, events.poll());
        assertNull(events.poll());
    }

    @Test void visitorsGoToTheClientWhoseProgramIsWell() throws Exception {
        var ill = new Program("ill", 200);
        var link = link(ill, "/healthz", HOST);
        assertEquals("ill", await());
        ill.health = 500;
        link(new Program("well", 200), "/healthz", HOST);
        assertSame(link.tunnel, next().tunnel());
        for (int i = 0; i < 10; i++) assertEquals("well", await());
        ill.health = 200;
        assertEquals("", next().fault());
        while (!await().equals("ill")) Thread.onSpinWait();
    }

    @Test void oneFailureOfAProgramThatWasWellIsForgiven() throws Exception {
        var program = new Program("one", 200);
        link(program, "/healthz", HOST);
        assertEquals("one", await());
        var route = (Route.Http) Route.of(HOST);
        var place = new Place(open.peek().tunnel, true);
        var news = new LinkedBlockingQueue<TunnelEvent.Checked>();
        program.health = 503;
        asked.clear();
        new HealthCheck(place, route, "/once", new HealthConfig(Duration.ofHours(1), Duration.ofHours(1), Duration.ofSeconds(5)), () -> { }, news::add).start();
        while (!asked.take().endsWith("/once")) Thread.onSpinWait();
        assertNull(news.poll(50, TimeUnit.MILLISECONDS));
        assertTrue(place.well());
    }

    @Test void aProgramThatDoesNotAnswerIsNotWell() throws Exception {
        var program = new Program("one", 200);
        program.silence = new CountDownLatch(1);
        link(program, "/healthz", HOST);
        assertEquals("no answer at /healthz within 300 ms", next().fault());
        program.silence.countDown();
        assertEquals("one", await());
    }

    @Test void aNewDialOfAConnectionNeedsNoNewProof() throws Exception {
        var client = ClientId.fresh().next();
        var program = new Program("one", 200);
        link(program, client, "/healthz", HOST);
        assertEquals("one", await());
        program.silence = new CountDownLatch(1);
        var next = link(program, client.next(), "/healthz", HOST);
        assertSame(next.tunnel, tunnels.find(HOST, "/"));
        program.silence.countDown();
    }

    @Test void eachRouteIsAskedForAHostAndPathOfItsOwn() throws Exception {
        link(new Program("one", 200), "/healthz?full", HOST + "/api", "*.example.org", "*", "tcp:db");
        var seen = new HashSet<String>();
        while (seen.size() < 3) seen.add(asked.poll(10, TimeUnit.SECONDS));
        assertEquals(Set.of("GET app.example.com/api/healthz?full", "GET loomtunnel-health.example.org/healthz?full", "GET localhost/healthz?full"), seen);
        assertTrue(tunnels.find(new Route.Tcp("db")).accepting(), "TCP services are not asked");
    }

    @Test void aTunnelThatEndedIsAskedNoMore() throws Exception {
        var link = link(new Program("one", 200), "/healthz", HOST);
        assertEquals("one", await());
        link.close();
        assertTrue(link.awaitEnd());
        asked.clear();
        assertNull(asked.poll(50, TimeUnit.MILLISECONDS));
    }

    @Test void theHandshakeCarriesThePath() throws Exception {
        var request = new PtthRequest(List.of(Route.of(HOST)), ClientId.fresh().next(), "t", "/healthz?a=b");
        var head = request.head("edge");
        assertEquals("\"/healthz?a=b\"", head.fields().first("loomtunnel-health"));
        assertEquals(request, PtthRequest.parse(head, 1));
        for (var bad : new String[] {"/healthz", "\"healthz\"", "\"\"", "\"/a b\"", "\"/a\", \"/b\""}) {
            head.fields().set("loomtunnel-health", bad);
            assertEquals(400, assertThrows(StatusException.class, () -> PtthRequest.parse(head, 1), bad).status());
        }
        assertFalse(new PtthRequest(List.of(Route.of(HOST)), ClientId.fresh(), "t", "").head("edge").fields().has("loomtunnel-health"));
    }

    private Link link(ExchangeHandler program, String health, String... routes) throws IOException {
        return link(program, ClientId.fresh(), health, routes);
    }

    private Link link(ExchangeHandler program, ClientId client, String health, String... routes) throws IOException {
        var link = new Link(tunnels, client, health, program, routes);
        open.push(link);
        return link.attach();
    }

    private String await() throws IOException {
        return Link.get(tunnels.await(HOST, "/", Deadline.after(Link.PATIENCE)));
    }

    private int status() {
        return assertThrows(StatusException.class, () -> tunnels.find(HOST, "/")).status();
    }

    private TunnelEvent.Checked next() throws InterruptedException {
        for (;;) {
            var event = events.poll(10, TimeUnit.SECONDS);
            if (event == null) throw new AssertionError("no check failed or passed");
            if (event instanceof TunnelEvent.Checked checked) return checked;
        }
    }
}
