package io.loomtunnel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.tunnel.Pin;
import io.loomtunnel.tunnel.TunnelEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The tunnel by TLS: what travels through it, and what a control port with a certificate does with those who come in clear.
@Timeout(60)
class TlsTunnelTest {
    private static final TestCertificate CERTIFICATE = TestCertificate.of("EC", "localhost");
    private static final TestCertificate VISITORS = TestCertificate.of("EC", "localhost");
    private static final InetSocketAddress FREE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final BlockingQueue<TunnelEvent> events = new LinkedBlockingQueue<>();
    private Listener origin;
    private TunnelServer server;
    private TunnelClient client;

    private void serve(UnaryOperator<TunnelServer.Builder> how) throws IOException {
        server = how.apply(TunnelServer.builder().bind(0).token("s3cret").grace(Duration.ofSeconds(2)).listener(events::add)).start();
    }

    private void attach(UnaryOperator<TunnelClient.Builder> how) throws Exception {
        client = how.apply(TunnelClient.builder().server("localhost", server.controlAddress().getPort()).token("s3cret")).start();
        while (!(events.poll(20, TimeUnit.SECONDS) instanceof TunnelEvent.Attached)) Thread.onSpinWait();
    }

    @AfterEach void stop() {
        if (client != null) client.close();
        if (server != null) server.close();
        if (origin != null) origin.close();
    }

    private int echo() throws IOException {
        origin = Listener.start(FREE, ListenerConfig.DEFAULTS, TlsTunnelTest::echo);
        return origin.localAddress().getPort();
    }

    private static void echo(SocketDuplex connection) throws IOException {
        connection.in().transferTo(connection.out());
        connection.finish();
    }

    private String echoed(String text) throws IOException {
        try (var visitor = new Socket(InetAddress.getLoopbackAddress(), server.tcpAddress("echo").getPort())) {
            visitor.setSoTimeout(20_000);
            visitor.getOutputStream().write(text.getBytes(UTF_8));
            visitor.shutdownOutput();
            return new String(visitor.getInputStream().readAllBytes(), UTF_8);
        }
    }

    @Test void tcpGoesThroughWithItsEnds() throws Exception {
        serve(it -> it.tls(CERTIFICATE.serving()).tcp("echo", FREE));
        int port = echo();
        attach(it -> it.tls(CERTIFICATE.trusting()).tcp("echo", port));
        assertEquals("https", scheme());
        assertEquals("to and fro", echoed("to and fro"));
    }

    @Test void visitorsByHttp2AreServedThroughIt() throws Exception {
        serve(it -> it.tls(CERTIFICATE.serving()).https(FREE, VISITORS.serving()));
        attach(it -> it.tls(CERTIFICATE.trusting()).http("*", exchange -> {
            var content = exchange.content().readNBytes(1 << 20);
            try (var answer = exchange.respond(new ResponseHead(200, Fields.of("content-length", Integer.toString(content.length))))) {
                answer.write(content);
                answer.end();
            }
        }));
        var bytes = new byte[300_000];
        new Random(1).nextBytes(bytes);
        var uri = URI.create("https://localhost:" + server.httpsAddress().getPort() + "/");
        try (var visitor = HttpClient.newBuilder().sslContext(VISITORS.trusting()).version(HttpClient.Version.HTTP_2).build()) {
            for (int i = 0; i < 5; i++) {
                var response = visitor.send(HttpRequest.newBuilder(uri).POST(BodyPublishers.ofByteArray(bytes)).build(), BodyHandlers.ofByteArray());
                assertEquals(HttpClient.Version.HTTP_2, response.version());
                assertArrayEquals(bytes, response.body());
            }
        }
    }

    @Test void aClientOfThisMachineMayComeInClearToo() throws Exception {
        serve(it -> it.tls(CERTIFICATE.serving()).tcp("echo", FREE));
        int port = echo();
        attach(it -> it.tcp("echo", port));
        assertEquals("http", scheme());
        assertEquals("in clear", echoed("in clear"));
    }

    @Test void aPinnedCertificateNeedsNoIssuerAndNoName() throws Exception {
        var own = TestCertificate.of("EC", "somebody.test");
        serve(it -> it.tls(own.serving()).tcp("echo", FREE));
        int port = echo();
        attach(it -> it.pin(Pin.of(Pin.of(own.certificate()).toString())).tcp("echo", port));
        assertEquals("pinned", echoed("pinned"));
    }

    @Test void theServersNameMayBeAnotherThanTheOneThatIsDialled() throws Exception {
        var own = TestCertificate.of("EC", "edge.test");
        serve(it -> it.tls(own.serving()).tcp("echo", FREE));
        int port = echo();
        attach(it -> it.tls(own.trusting()).serverName("edge.test").tcp("echo", port));
        assertEquals("named", echoed("named"));
    }

    private String scheme() {
        return server.tunnels().tunnels().getFirst().peer().scheme();
    }
}
