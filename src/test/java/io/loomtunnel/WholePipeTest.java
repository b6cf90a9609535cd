package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.tunnel.Authenticator.Verdict.Granted;
import io.loomtunnel.tunnel.PtthConfig;
import io.loomtunnel.tunnel.RefusedException;
import io.loomtunnel.tunnel.SessionEvent;
import io.loomtunnel.tunnel.TunnelEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Server and client in one JVM, between the JDK's own HTTP client and server, which know nothing of each other's far
/// side.
@Timeout(60)
class WholePipeTest {
    private static final String TOKEN = "s3cret";
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final LinkedBlockingQueue<SessionEvent> events = new LinkedBlockingQueue<>();
    private final HttpClient visitor = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final HttpServer origin = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);

    WholePipeTest() throws IOException {
        origin.setExecutor(Runnable::run);
        origin.createContext("/", exchange -> {
            var digest = hash(exchange.getRequestBody().readAllBytes());
            var fields = exchange.getRequestHeaders();
            var text = exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + fields.getFirst("Host")
                    + " " + fields.getFirst("X-Forwarded-Host") + " " + digest;
            exchange.sendResponseHeaders(200, text.length());
            exchange.getResponseBody().write(text.getBytes(UTF_8));
            exchange.close();
        });
        origin.start();
        open.push(visitor);
        open.push(() -> origin.stop(0));
    }

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void aRequestReachesTheOriginAndItsResponseTheVisitor() throws Exception {
        var server = server();
        client(server, "*");
        var response = get(server, "/path?query");
        assertEquals(200, response.statusCode());
        var host = "localhost:" + server.httpAddress().getPort();
        assertEquals("GET /path?query " + host + " " + host + " " + hash(new byte[0]), response.body());
    }

    @Test void contentIsCarriedUnchangedBothWays() throws Exception {
        var content = new byte[8 * 1024 * 1024];
        new Random(3).nextBytes(content);
        origin.createContext("/echo", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getRequestBody().transferTo(exchange.getResponseBody());
            exchange.close();
        });
        var server = server();
        client(server, "*");
        var request = HttpRequest.newBuilder(uri(server, "/echo")).POST(BodyPublishers.ofByteArray(content)).build();
        assertArrayEquals(content, visitor.send(request, BodyHandlers.ofByteArray()).body());
    }

    @Test void theClientLearnsWhereItsVisitorsCome() throws Exception {
        var server = server();
        client(server, "app.example.com");
        var port = server.httpAddress().getPort();
        assertEquals("http://app.example.com:" + port + "/", next(SessionEvent.Attached.class).visitors().getFirst());
    }

    @Test void anUnknownHostIsA404() throws Exception {
        var server = server();
        client(server, "app.example.com");
        assertEquals(404, get(server, "/").statusCode());
    }

    @Test void aDeadOriginIsA502AndTheNextRequestAfterItIsBackWorks() throws Exception {
        int port;
        try (var reserved = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = reserved.getLocalPort();
        }
        var server = server();
        open.push(builder(server).http(URI.create("http://127.0.0.1:" + port)).start());
        assertEquals(502, get(server, "/").statusCode());
        var late = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        late.createContext("/", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        late.start();
        open.push(() -> late.stop(0));
        assertEquals(204, get(server, "/").statusCode());
    }

    @Test void aProgramCanBeItsOwnOriginBesideOthers() throws Exception {
        var server = server();
        open.push(builder(server).http(originUri()).http("localhost/here", exchange -> {
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "4")));
            sink.write("here".getBytes(ISO_8859_1));
            sink.end();
        }).start());
        assertEquals("here", get(server, "/here/x").body());
        assertTrue(get(server, "/elsewhere").body().startsWith("GET /elsewhere "));
    }

    @Test void aWrongTokenFailsTheStartWithTheServersReason() throws Exception {
        var server = server();
        var stranger = builder(server).token("guess").http(originUri());
        var refusal = assertThrows(RefusedException.class, stranger::start);
        assertEquals(401, refusal.status());
        assertEquals("this token is not known here", refusal.getMessage());
    }

    @Test void aHostOfAnotherClientIsRefusedAndItsOwnerKeepsIt() throws Exception {
        var server = open(TunnelServer.builder().bind(0).http(0)
                .authenticator((token, _) -> new Granted(token)).start());
        client(server, "localhost");
        open(builder(server).token("stranger").http("localhost", originUri()).open());
        assertEquals("localhost is taken by another token", next(SessionEvent.Retrying.class).reason());
        assertEquals(200, get(server, "/").statusCode());
        assertEquals(TOKEN, server.tunnels().tunnels().getFirst().owner());
    }

    @Test void afterTheServerRestartedTheClientIsBackByItself() throws Exception {
        var server = server();
        int control = server.controlAddress().getPort();
        client(server, "*");
        assertEquals(200, get(server, "/").statusCode());
        server.close();
        next(SessionEvent.Lost.class);
        var restarted = open(TunnelServer.builder().bind(control).http(0).token(TOKEN).start());
        long began = System.nanoTime();
        next(SessionEvent.Attached.class);
        assertTrue(System.nanoTime() - began < Duration.ofSeconds(2).toNanos());
        assertEquals(200, get(restarted, "/").statusCode());
    }

    @Test void aServerThatKnowsTheTokenNoMoreEndsTheClient() throws Exception {
        var server = server();
        int control = server.controlAddress().getPort();
        client(server, "*");
        server.close();
        open(TunnelServer.builder().bind(control).http(0).token("another").start());
        assertEquals(new SessionEvent.Refused("127.0.0.1:" + control, 401, "this token is not known here", true), next(SessionEvent.Refused.class));
    }

    @Test void aRestartingClientCostsNoRequest() throws Exception {
        var server = server();
        var first = client(server, "*");
        var requests = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        assertEquals(200, get(server, "/").statusCode());
        first.close();
        for (int i = 0; i < 10; i++) requests.add(getLater(server, "/" + i));
        client(server, "*");
        for (var request : requests) assertEquals(200, request.get(20, TimeUnit.SECONDS).statusCode());
    }

    @Test void idsThatRunOutUnderLoadCostNoRequest() throws Exception {                         // RFC 9113 §5.1.1
        var config = PtthConfig.DEFAULTS.withFirstStreamId(Integer.MAX_VALUE - 200);
        var server = open(TunnelServer.builder().bind(0).http(0).token(TOKEN).handshake(config).start());
        client(server, "*");
        var left = new AtomicInteger(1_000);
        var failures = new LinkedBlockingQueue<String>();
        var visitors = new ArrayList<Thread>();
        for (int i = 0; i < 8; i++) {
            visitors.add(Thread.ofVirtual().start(() -> {
                while (left.getAndDecrement() > 0) {
                    try {
                        int status = get(server, "/").statusCode();
                        if (status != 200) failures.add("status " + status);
                    } catch (Exception e) {
                        failures.add(e.toString());
                    }
                }
            }));
        }
        for (var thread : visitors) thread.join();
        assertTrue(failures.isEmpty(), failures.toString());
        assertTrue(events.stream().filter(SessionEvent.Attached.class::isInstance).count() >= 10, "it did roll over");
    }

    @Test void closingTheClientLetsTheRequestFinish() throws Exception {
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var server = server();
        var client = open(builder(server).http("*", exchange -> {
            entered.countDown();
            await(release);
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "4")));
            sink.write("done".getBytes(ISO_8859_1));
            sink.end();
        }).start());
        var response = getLater(server, "/");
        entered.await();
        var closing = Thread.ofVirtual().start(client::close);
        release.countDown();
        assertEquals("done", response.get(20, TimeUnit.SECONDS).body());
        assertTrue(closing.join(PATIENCE));
    }

    @Test void closingTheServerLetsTheRequestFinish() throws Exception {
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var server = server();
        open(builder(server).http("*", exchange -> {
            entered.countDown();
            await(release);
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "4")));
            sink.write("done".getBytes(ISO_8859_1));
            sink.end();
        }).start());
        var response = getLater(server, "/");
        entered.await();
        var closing = Thread.ofVirtual().start(server::close);
        release.countDown();
        assertEquals("done", response.get(20, TimeUnit.SECONDS).body());
        assertTrue(closing.join(PATIENCE));
    }

    @Test void closingIsBoundedWhateverIsUnderWay() throws Exception {
        var entered = new CountDownLatch(1);
        var never = new CountDownLatch(1);
        var server = open(TunnelServer.builder().bind(0).http(0).token(TOKEN).grace(Duration.ofMillis(200)).start());
        var client = open(builder(server).grace(Duration.ofMillis(200)).http("*", _ -> {
            entered.countDown();
            await(never);
        }).start());
        getLater(server, "/");
        entered.await();
        long began = System.nanoTime();
        client.close();
        server.close();
        client.close();
        server.close();
        assertTrue(System.nanoTime() - began < Duration.ofSeconds(8).toNanos());
        never.countDown();
    }

    @Test void aServerRefusesToSpeakInClearWithAnotherMachineUnasked() throws Exception {
        var server = TunnelServer.builder().bind(new InetSocketAddress("0.0.0.0", 0)).token(TOKEN);
        assertThrows(IllegalStateException.class, server::start);
        open(server.plaintext().start());
        assertThrows(IllegalStateException.class, TunnelServer.builder().bind(0)::start, "no token");
    }

    @Test void aPortInUseIsNamedAndNothingStaysOpen() throws Exception {
        var server = server();
        var busy = TunnelServer.builder().bind(server.controlAddress().getPort()).http(0).token(TOKEN);
        var failure = assertThrows(IOException.class, busy::start);
        assertTrue(failure.getMessage().contains(":" + server.controlAddress().getPort()), failure.getMessage());
    }

    @Test void aServerThatIsNotThereFailsTheStart() throws Exception {
        var server = server();
        server.close();
        var client = open(builder(server).http(originUri()).open());
        var soon = Deadline.after(Duration.ofMillis(300));
        var late = assertThrows(SocketTimeoutException.class, () -> client.awaitAttached(soon));
        assertTrue(late.getMessage().contains("127.0.0.1:" + server.controlAddress().getPort()), late.getMessage());
    }

    @Test void theServerTellsOfItsClients() throws Exception {
        var told = new LinkedBlockingQueue<TunnelEvent>();
        var server = open(TunnelServer.builder().bind(0).token(TOKEN).listener(told::add).start());
        assertThrows(IllegalStateException.class, server::httpAddress);
        var client = client(server, "app.example.com");
        var attached = assertInstanceOf(TunnelEvent.Attached.class, told.poll(10, TimeUnit.SECONDS));
        assertEquals("[app.example.com]", attached.tunnel().routes().toString());
        client.close();
        assertInstanceOf(TunnelEvent.Left.class, told.poll(10, TimeUnit.SECONDS));
        assertTrue(server.tunnels().tunnels().isEmpty());
    }

    private TunnelServer server() throws IOException {
        return open(TunnelServer.builder().bind(0).http(0).token(TOKEN).start());
    }

    private TunnelClient client(TunnelServer server, String route) throws IOException {
        return open(builder(server).http(route, originUri()).start());
    }

    private TunnelClient.Builder builder(TunnelServer server) {
        int port = server.controlAddress().getPort();
        return TunnelClient.builder().server("127.0.0.1", port).token(TOKEN).listener(events::add);
    }

    private <T extends AutoCloseable> T open(T resource) {
        open.push(resource);
        return resource;
    }

    private URI originUri() {
        return URI.create("http://127.0.0.1:" + origin.getAddress().getPort());
    }

    private HttpResponse<String> get(TunnelServer server, String path) throws IOException, InterruptedException {
        return visitor.send(HttpRequest.newBuilder(uri(server, path)).build(), BodyHandlers.ofString());
    }

    private CompletableFuture<HttpResponse<String>> getLater(TunnelServer server, String path) {
        return visitor.sendAsync(HttpRequest.newBuilder(uri(server, path)).build(), BodyHandlers.ofString());
    }

    private static URI uri(TunnelServer server, String path) {
        return URI.create("http://localhost:" + server.httpAddress().getPort() + path);
    }

    private <T extends SessionEvent> T next(Class<T> kind) throws InterruptedException {
        for (;;) {
            var event = events.poll(20, TimeUnit.SECONDS);
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

    private static String hash(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
