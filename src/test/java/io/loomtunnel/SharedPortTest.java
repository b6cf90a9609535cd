package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.NetworkProxy;
import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.VisitorLimits;
import io.loomtunnel.tunnel.DialConfig;
import io.loomtunnel.tunnel.ForwardProxy;
import io.loomtunnel.tunnel.ProxyChoice;
import io.loomtunnel.tunnel.RefusedException;
import io.loomtunnel.tunnel.SessionEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Clients and visitors on one port, told apart by the path.
@Timeout(60)
class SharedPortTest {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final HttpClient visitor = HttpClient.newHttpClient();
    private final LinkedBlockingQueue<SessionEvent> events = new LinkedBlockingQueue<>();

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
        visitor.close();
    }

    @Test void visitorsAreServedByTheClientThatAttachedToTheirPort() throws Exception {
        var server = server(IngressConfig.DEFAULTS);
        assertEquals(server.httpAddress(), server.controlAddress());
        client(server, "secret");
        for (var version : HttpClient.Version.values()) assertEquals("hello", get(server, "/", version).body());
    }

    @Test void onlyAnUpgradeUnderThePathIsAHandshake() throws Exception {
        var server = server(IngressConfig.DEFAULTS);
        client(server, "secret");
        assertEquals(426, get(server, "/.well-known/ptth/loomtunnel/", HttpClient.Version.HTTP_1_1).statusCode());
        assertEquals(426, get(server, "/.well-known/ptth/loomtunnel/", HttpClient.Version.HTTP_2).statusCode());
        assertEquals("hello", get(server, "/.well-known/other", HttpClient.Version.HTTP_1_1).body());
        var refusal = assertThrows(RefusedException.class, () -> client(server, "guess"));
        assertEquals(401, refusal.status());
    }

    @Test void byTlsTheyShareThePortAsWell() throws Exception {
        var certificate = TestCertificate.of("EC", "localhost");
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), free());
        var server = TunnelServer.builder().bind(address).https(address, certificate.serving()).token("secret").start();
        open.push(server);
        open.push(TunnelClient.builder().server("localhost", address.getPort()).tls(certificate.trusting()).token("secret").http("*", SharedPortTest::hello).start());
        try (var browser = HttpClient.newBuilder().sslContext(certificate.trusting()).build()) {
            for (var version : HttpClient.Version.values()) {
                var request = HttpRequest.newBuilder(URI.create("https://localhost:" + address.getPort() + "/")).version(version).timeout(Duration.ofSeconds(10)).build();
                var response = browser.send(request, BodyHandlers.ofString());
                assertEquals("hello", response.body());
                assertEquals(version, response.version());
            }
        }
    }

    @Test void tunnelsDoNotTakeVisitorsPlaces() throws Exception {
        var one = VisitorLimits.DEFAULTS;
        var server = server(IngressConfig.DEFAULTS.withLimits(new VisitorLimits(1, one.maxStreams(), one.maxRequestLine(), one.maxFieldBytes(), one.maxFields(),
                one.maxRequestBody(), one.maxResponseBody(), one.headTimeout(), one.contentTimeout(), one.idleTimeout(), one.writeTimeout())));
        client(server, "secret");
        client(server, "secret");
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.httpAddress().getPort())) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
            assertTrue(new String(socket.getInputStream().readAllBytes(), ISO_8859_1).startsWith("HTTP/1.1 200 "));
        }
    }

    @Test void requestsUnderWayFinishWhenTheServerEnds() throws Exception {
        var server = server(IngressConfig.DEFAULTS);
        var asked = new CountDownLatch(1);
        var answer = new CountDownLatch(1);
        open.push(builder(server, "secret").http("*", exchange -> {
            asked.countDown();
            try {
                answer.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            try (var content = exchange.respond(new ResponseHead(200, Fields.of("content-length", "4")))) {
                content.write("late".getBytes(ISO_8859_1));
                content.end();
            }
        }).start());
        var response = visitor.sendAsync(request(server, "/", HttpClient.Version.HTTP_1_1), BodyHandlers.ofString());
        assertTrue(asked.await(10, TimeUnit.SECONDS));
        var closing = Thread.ofVirtual().start(server::close);
        // The server's GOAWAY says that it drains; the tunnel still serves.
        for (SessionEvent event; !((event = events.poll(10, TimeUnit.SECONDS)) instanceof SessionEvent.Retrying); ) {
            assertInstanceOf(SessionEvent.Attached.class, event);
        }
        answer.countDown();
        assertEquals("late", response.get(10, TimeUnit.SECONDS).body());
        assertTrue(closing.join(Duration.ofSeconds(4)), "the tunnel kept the port from closing");
    }

    @Test void aTunnelGoesThroughAProxyToTheSharedPort() throws Exception {
        var server = server(IngressConfig.DEFAULTS);
        var proxy = new NetworkProxy();
        open.push(proxy);
        var choice = ProxyChoice.always(ForwardProxy.of("http://127.0.0.1:" + proxy.port()));
        open.push(builder(server, "secret").dial(DialConfig.DEFAULTS.withProxies(choice)).http("*", SharedPortTest::hello).start());
        assertEquals("hello", get(server, "/", HttpClient.Version.HTTP_1_1).body());
        assertEquals(1, proxy.asked().size());
    }

    /// Port 0 would be another one for each.
    private static int free() throws IOException {
        try (var reserved = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return reserved.getLocalPort();
        }
    }

    private TunnelServer server(IngressConfig config) throws IOException {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), free());
        var server = TunnelServer.builder().bind(address).http(address).token("secret").ingress(config).start();
        open.push(server);
        return server;
    }

    private void client(TunnelServer server, String token) throws IOException {
        open.push(builder(server, token).http("*", SharedPortTest::hello).start());
    }

    private TunnelClient.Builder builder(TunnelServer server, String token) {
        return TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token(token).listener(events::add);
    }

    private static void hello(Exchange exchange) throws IOException {
        try (var content = exchange.respond(new ResponseHead(200, Fields.of("content-length", "5")))) {
            content.write("hello".getBytes(ISO_8859_1));
            content.end();
        }
    }

    private HttpResponse<String> get(TunnelServer server, String path, HttpClient.Version version) throws Exception {
        return visitor.send(request(server, path, version), BodyHandlers.ofString());
    }

    private static HttpRequest request(TunnelServer server, String path, HttpClient.Version version) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + path)).version(version).timeout(Duration.ofSeconds(10)).build();
    }
}
