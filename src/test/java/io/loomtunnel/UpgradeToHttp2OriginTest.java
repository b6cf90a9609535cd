package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.Http2Origin;
import io.loomtunnel.fixture.Http2Visitor;
import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.fixture.TlsOrigin;
import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.pool.PoolConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// WebSocket to origins that speak HTTP/2: by extended CONNECT where they take it (RFC 8441), else by HTTP/1.1 if they have it.
@Timeout(30)
class UpgradeToHttp2OriginTest {
    private static final String HANDSHAKE = "GET /chat HTTP/1.1\r\nHost: app.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    /// Says what it was asked, and then everything that it hears.
    private static void echo(Exchange exchange) throws IOException {
        var request = exchange.request();
        try (var duplex = exchange.upgrade(new Fields())) {
            duplex.out().write((request.method() + " " + request.protocol() + " " + request.path() + " " + request.scheme() + "\n").getBytes(ISO_8859_1));
            duplex.out().flush();
            duplex.in().transferTo(duplex.out());
            duplex.finish();
        }
    }

    private static String visitByHttp1(WholePipe pipe) throws IOException {
        try (var visitor = new Socket(InetAddress.getLoopbackAddress(), pipe.address().getPort())) {
            visitor.setSoTimeout(20_000);
            visitor.getOutputStream().write((HANDSHAKE + "hello").getBytes(ISO_8859_1));
            var text = new StringBuilder();
            while (text.indexOf("hello") < 0) {
                int b = visitor.getInputStream().read();
                if (b < 0) break;
                text.append((char) b);
            }
            return text.toString();
        }
    }

    @Test void extendedConnectReachesAnOriginThatTakesIt() throws Exception {
        try (var origin = new Http2Origin(Http2Origin.CONNECT, UpgradeToHttp2OriginTest::echo); var pipe = new WholePipe(IngressConfig.DEFAULTS)) {
            pipe.client(builder -> builder.http(origin.uri()));
            var answer = visitByHttp1(pipe);
            assertTrue(answer.startsWith("HTTP/1.1 101 ") && answer.endsWith("\r\n\r\nCONNECT websocket /chat http\nhello"), answer);
            try (var visitor = new Http2Visitor(pipe.address())) {
                var connect = visitor.connect("websocket", "/chat", "sec-websocket-version", "13");
                assertEquals(200, connect.response(Deadline.after(Duration.ofSeconds(20))).status());
                var duplex = connect.duplex();
                duplex.out().write("hello".getBytes(ISO_8859_1));
                duplex.finish();
                assertEquals("CONNECT websocket /chat http\nhello", new String(duplex.in().readAllBytes(), ISO_8859_1));
            }
            assertEquals(1, origin.connections().size());
        }
    }

    @Test void originByHttp2WithoutItAloneIs502() throws Exception {
        try (var origin = new Http2Origin(UpgradeToHttp2OriginTest::echo); var pipe = new WholePipe(IngressConfig.DEFAULTS)) {
            pipe.client(builder -> builder.http(origin.uri()));
            var answer = visitByHttp1(pipe);
            assertTrue(answer.startsWith("HTTP/1.1 502 ") && answer.contains("http_upgrade_failed"), answer);
        }
    }

    @Test void tlsOriginWithoutItGetsAnUpgradeByHttp1() throws Exception {
        var certificate = TestCertificate.of("EC", "127.0.0.1");
        try (var origin = new TlsOrigin(certificate.serving(), Http2Origin.CONFIG, exchange -> {
            var duplex = exchange.upgrade(Fields.of("upgrade", "websocket", "connection", "upgrade", "sec-websocket-accept", accept(exchange)));
            duplex.in().transferTo(duplex.out());
        }, "h2", "http/1.1"); var pipe = new WholePipe(IngressConfig.DEFAULTS)) {
            pipe.client(builder -> builder.http(origin.uri()).pool(PoolConfig.DEFAULTS.withTls(certificate.trusting())));
            var answer = visitByHttp1(pipe);
            assertTrue(answer.startsWith("HTTP/1.1 101 ") && answer.endsWith("\r\n\r\nhello"), answer);
        }
    }

    /// RFC 6455 §4.2.2.
    private static String accept(Exchange exchange) {
        try {
            var key = exchange.request().fields().first("sec-websocket-key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
            var hash = MessageDigest.getInstance("SHA-1").digest(key.getBytes(ISO_8859_1));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
