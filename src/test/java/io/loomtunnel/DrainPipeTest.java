package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How both ends shut down and come back: in which order, and what visitors and balancers see of it.
@Timeout(60)
class DrainPipeTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final String HOST = "localhost";

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final HttpClient visitor = opened(HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build());
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach void closeAll() throws Exception {
        release.countDown();
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void readyMeansARoundTripThroughTheTunnelAtBothEnds() throws Exception {
        var server = opened(server().start());
        assertReady(503, "no client is attached", server.metricsAddress());
        var client = opened(client(server));
        assertReady(200, "ready", client.metricsAddress());
        awaitReady(server.metricsAddress());
        client.close();
        awaitNotReady(server.metricsAddress());
        var another = opened(client(server));
        server.close();
        awaitNotReady(another.metricsAddress());
        assertEquals(200, get(another.metricsAddress(), "/health").statusCode());
    }

    @Test void aServerThatDrainsIsNotReadyAndServesOnForTheDelay() throws Exception {
        var server = opened(server().drainDelay(Duration.ofSeconds(2)).start());
        opened(client(server));
        awaitReady(server.metricsAddress());
        long began = System.nanoTime();
        var closing = Thread.ofVirtual().start(server::close);
        awaitNotReady(server.metricsAddress());
        assertReady(503, "shutting down", server.metricsAddress());
        try (var late = new Socket(InetAddress.getLoopbackAddress(), server.httpAddress().getPort())) {
            late.getOutputStream().write("GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(ISO_8859_1));
            var answer = new String(late.getInputStream().readAllBytes(), ISO_8859_1);
            assertTrue(answer.startsWith("HTTP/1.1 200") && answer.toLowerCase().contains("connection: close"), answer);
        }
        closing.join();
        assertTrue(System.nanoTime() - began >= Duration.ofSeconds(2).toNanos());
    }

    @Test void aClientThatDrainsIsNotReadyAndFinishes() throws Exception {
        var server = opened(server().start());
        var client = opened(client(server));
        var slow = getLater(server, "/slow");
        entered.await();
        var closing = Thread.ofVirtual().start(client::close);
        awaitNotReady(client.metricsAddress());
        release.countDown();
        assertEquals(200, slow.get(20, TimeUnit.SECONDS).statusCode());
        closing.join();
    }

    @Test void visitorsOfAServerThatWasRestartedWaitForItsClients() throws Exception {
        var first = opened(server().start());
        opened(client(first));
        assertEquals(200, get(first.httpAddress(), "/").statusCode());
        int control = first.controlAddress().getPort();
        first.close();
        var second = opened(server().bind(control).start());
        var requests = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (int i = 0; i < 10; i++) requests.add(getLater(second, "/" + i));
        for (var request : requests) assertEquals(200, request.get(20, TimeUnit.SECONDS).statusCode());
    }

    @Test void whoeverConnectedBeforeTheServerDrainedIsServed() throws Exception {
        var server = opened(server().start());
        opened(client(server));
        var slow = getLater(server, "/slow");
        entered.await();
        var waiting = new ArrayList<Socket>();
        for (int i = 0; i < 20; i++) waiting.add(opened(new Socket(InetAddress.getLoopbackAddress(), server.httpAddress().getPort())));
        var closing = Thread.ofVirtual().start(server::close);
        for (var socket : waiting) socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
        for (var socket : waiting) assertTrue(new String(socket.getInputStream().readAllBytes(), ISO_8859_1).startsWith("HTTP/1.1 200"));
        release.countDown();
        assertEquals(200, slow.get(20, TimeUnit.SECONDS).statusCode());
        closing.join();
    }

    private static TunnelServer.Builder server() {
        return TunnelServer.builder().bind(0).http(0).token("s3cret").metrics(ANY).grace(Duration.ofSeconds(20));
    }

    private TunnelClient client(TunnelServer server) throws IOException {
        return TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token("s3cret").metrics(ANY)
                .grace(Duration.ofSeconds(20)).http(HOST, this::hello).start();
    }

    private void hello(Exchange exchange) throws IOException {
        if (exchange.request().path().equals("/slow")) {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
        try (var content = exchange.respond(new ResponseHead(200, Fields.of("content-length", "5")))) {
            content.write("hello".getBytes(ISO_8859_1));
            content.end();
        }
    }

    private void assertReady(int status, String says, InetSocketAddress address) throws Exception {
        var answer = get(address, "/ready");
        assertEquals(says, answer.body().strip());
        assertEquals(status, answer.statusCode());
    }

    private void awaitReady(InetSocketAddress address) throws Exception {
        var patience = Deadline.after(Duration.ofSeconds(10));
        while (get(address, "/ready").statusCode() != 200) assertTrue(!patience.passed(), "not ready in time");
    }

    private void awaitNotReady(InetSocketAddress address) throws Exception {
        var patience = Deadline.after(Duration.ofSeconds(10));
        while (get(address, "/ready").statusCode() != 503) assertTrue(!patience.passed(), "ready for too long");
    }

    private HttpResponse<String> get(InetSocketAddress address, String path) throws Exception {
        return visitor.send(request(address, path), BodyHandlers.ofString());
    }

    private CompletableFuture<HttpResponse<String>> getLater(TunnelServer server, String path) {
        return visitor.sendAsync(request(server.httpAddress(), path), BodyHandlers.ofString());
    }

    private static HttpRequest request(InetSocketAddress address, String path) {
        return HttpRequest.newBuilder(URI.create("http://" + HOST + ":" + address.getPort() + path)).build();
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.push(closeable);
        return closeable;
    }
}
