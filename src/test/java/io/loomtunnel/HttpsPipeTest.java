package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.net.TlsDuplex;
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
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Visitors by TLS, the JDK's client first of all.
@Timeout(60)
class HttpsPipeTest {
    private static final TestCertificate CERTIFICATE = TestCertificate.of("EC", "localhost", "127.0.0.1");
    private static final InetSocketAddress FREE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private HttpServer origin;
    private TunnelServer server;
    private TunnelClient client;

    @BeforeEach void start() throws IOException {
        origin = HttpServer.create(FREE, 0);
        origin.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        origin.createContext("/echo", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (exchange) {
                exchange.getRequestBody().transferTo(exchange.getResponseBody());
            }
        });
        origin.createContext("/forwarded", exchange -> {
            var fields = exchange.getRequestHeaders();
            var text = (fields.getFirst("X-Forwarded-Proto") + " " + fields.getFirst("Forwarded")).getBytes(ISO_8859_1);
            exchange.sendResponseHeaders(200, text.length);
            try (exchange) {
                exchange.getResponseBody().write(text);
            }
        });
        origin.start();
        server = TunnelServer.builder().bind(0).https(FREE, CERTIFICATE.serving()).token("s3cret").grace(Duration.ofSeconds(5)).start();
        client = TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token("s3cret")
                .http(URI.create("http://127.0.0.1:" + origin.getAddress().getPort())).start();
    }

    @AfterEach void stop() {
        client.close();
        server.close();
        origin.stop(0);
    }

    private URI uri(String path) {
        return URI.create("https://localhost:" + server.httpsAddress().getPort() + path);
    }

    @ParameterizedTest @EnumSource(HttpClient.Version.class)
    void theJdksClientIsServedByTheVersionThatAlpnAgreesOn(HttpClient.Version version) throws Exception {    // RFC 9113 §3.2
        var bytes = new byte[3 * 1024 * 1024 + 7];
        new Random(1).nextBytes(bytes);
        try (var http = HttpClient.newBuilder().sslContext(CERTIFICATE.trusting()).version(version).build()) {
            for (int i = 0; i < 3; i++) {
                var response = http.send(HttpRequest.newBuilder(uri("/echo")).POST(BodyPublishers.ofByteArray(bytes)).build(), BodyHandlers.ofByteArray());
                assertEquals(version, response.version());
                assertTrue(Arrays.equals(bytes, response.body()));
            }
            var forwarded = http.send(HttpRequest.newBuilder(uri("/forwarded")).build(), BodyHandlers.ofString()).body();
            assertTrue(forwarded.startsWith("https "), forwarded);
            assertTrue(forwarded.contains("proto=https"), forwarded);
        }
    }

    @Test void withoutAPortInClearThereIsNone() {
        assertThrows(IllegalStateException.class, server::httpAddress);
    }

    @Test void aVisitorWithoutAlpnIsServedByItsFirstBytes() throws Exception {
        try (var visitor = visitor()) {
            visitor.getOutputStream().write("GET /forwarded HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
            var answer = new String(visitor.getInputStream().readAllBytes(), ISO_8859_1);
            assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
        }
        try (var visitor = visitor()) {
            visitor.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(ISO_8859_1));
            assertEquals(4, visitor.getInputStream().readNBytes(4)[3], "SETTINGS");
        }
    }

    @Test void alpnGoesBeforeTheFirstBytes() throws Exception {                        // RFC 7301 §3.2
        try (var visitor = visitor("http/1.1")) {
            visitor.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1));
            assertEquals(0, visitor.getInputStream().readAllBytes().length, "no SETTINGS: HTTP/1.1 has no answer to another protocol");
        }
        try (var visitor = visitor("h2")) {
            visitor.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(ISO_8859_1));
            var answer = new String(visitor.getInputStream().readAllBytes(), ISO_8859_1);
            assertFalse(answer.contains("HTTP/1.1"), "no preface: the connection is over (RFC 9113 §3.4)");
        }
    }

    @Test void aRequestInClearIsToldThatThisPortSpeaksTls() throws Exception {
        try (var visitor = new Socket(InetAddress.getLoopbackAddress(), server.httpsAddress().getPort())) {
            visitor.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(ISO_8859_1));
            var answer = new String(visitor.getInputStream().readAllBytes(), ISO_8859_1);
            assertTrue(answer.startsWith("HTTP/1.1 400 Bad Request\r\n"), answer);
            assertTrue(answer.endsWith("\r\n\r\nThis port speaks TLS: the URL begins with https://\n"), answer);
        }
    }

    @Test void whatIsSentInClearIsNotHeldForEver() throws Exception {
        long before = MemoryBudget.PROCESS.used();
        try (var visitor = new Socket(InetAddress.getLoopbackAddress(), server.httpsAddress().getPort())) {
            visitor.getOutputStream().write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n".getBytes(ISO_8859_1));
            visitor.getOutputStream().write(new byte[60_000]);
            visitor.shutdownOutput();
            visitor.getInputStream().readAllBytes();
        }
        var patience = Deadline.after(Duration.ofSeconds(10));
        while (MemoryBudget.PROCESS.used() != before && !patience.passed()) Thread.onSpinWait();
        assertEquals(before, MemoryBudget.PROCESS.used());
    }

    @Test void theEndOfAResponseThatTheCloseEndsIsAnnounced() throws Exception {       // RFC 9112 §9.8
        int port = server.httpsAddress().getPort();
        var limit = Duration.ofSeconds(10);
        try (var visitor = TlsDuplex.connect(Dialer.DEFAULT.connect("127.0.0.1", port, limit), CERTIFICATE.trusting(), "localhost", port, limit)) {
            visitor.out().write("GET /forwarded HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(ISO_8859_1));
            assertTrue(new String(visitor.in().readAllBytes(), ISO_8859_1).contains("proto=https"));
        }
    }

    @Test void drainingEndsConnectionsThatWaitAndServesThoseThatDoNot() throws Exception {
        try (var idle = new Socket(InetAddress.getLoopbackAddress(), server.httpsAddress().getPort()); var kept = visitor("http/1.1")) {
            kept.getOutputStream().write("GET /forwarded HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(ISO_8859_1));
            assertEquals('H', kept.getInputStream().read());
            long began = System.nanoTime();
            server.close();
            assertTrue(Duration.ofNanos(System.nanoTime() - began).toSeconds() < 4, "nobody is waited for");
            assertEquals(-1, idle.getInputStream().read());
            kept.getInputStream().readAllBytes();
        }
    }

    private SSLSocket visitor(String... alpn) throws IOException {
        int port = server.httpsAddress().getPort();
        var visitor = (SSLSocket) CERTIFICATE.trusting().getSocketFactory().createSocket("localhost", port);
        visitor.setSoTimeout(20_000);
        var parameters = visitor.getSSLParameters();
        parameters.setApplicationProtocols(alpn);
        visitor.setSSLParameters(parameters);
        visitor.startHandshake();
        return visitor;
    }
}
