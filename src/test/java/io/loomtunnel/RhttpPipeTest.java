package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.tunnel.Attach;
import io.loomtunnel.tunnel.DialConfig;
import io.loomtunnel.tunnel.RhttpClients;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.TunnelEvent;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Both roles of reverse HTTP: against each other, and against the bytes that HAProxy 3.0 sends.
@Timeout(60)
class RhttpPipeTest {
    private static final String PREFACE = HexFormat.of().formatHex("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1));
    private static final String SETTINGS = "000018040000000000" + "000200000000" + "000800000001" + "000400010000" + "000300000064";      // HAProxy's, as it dials
    private static final String EMPTY_SETTINGS = "000000040000000000";
    private static final String ACK = "000000040100000000";

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final LinkedBlockingQueue<TunnelEvent> events = new LinkedBlockingQueue<>();
    private final HttpClient visitor = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
        visitor.close();
    }

    @Test void aClientAttachesByReverseHttpAndServes() throws Exception {
        var server = server(_ -> Optional.of(new RhttpClients.Known("haproxy", List.of(Route.CATCH_ALL))));
        open.push(client(server.controlAddress().getPort()).http("*", RhttpPipeTest::echo).open());
        assertInstanceOf(TunnelEvent.Attached.class, events.poll(10, TimeUnit.SECONDS));
        var content = new byte[3 << 20];
        new Random(7).nextBytes(content);
        for (int i = 0; i < 3; i++) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + "/")).POST(BodyPublishers.ofByteArray(content));
            assertArrayEquals(content, visitor.send(request.build(), BodyHandlers.ofByteArray()).body());
        }
        assertEquals("haproxy", server.tunnels().tunnels().getFirst().owner());
    }

    @Test void byTlsTheDiallerIsKnownByItsCertificate() throws Exception {
        var edge = TestCertificate.of("EC", "localhost");
        var app = TestCertificate.of("EC", "app-1.example");
        var server = TunnelServer.builder().bind(0).http(0).token("secret").tls(edge.trustingOnly(app)).clientCertificates().grace(Duration.ofSeconds(1))
                .rhttp(peer -> peer.certificate() == null ? Optional.empty()
                        : Optional.of(new RhttpClients.Known(peer.certificate().getSubjectX500Principal().getName(), List.of(Route.CATCH_ALL)))).listener(events::add).start();
        open.push(server);
        var dial = DialConfig.DEFAULTS.withAttach(Attach.RHTTP);
        open.push(TunnelClient.builder().server("localhost", server.controlAddress().getPort()).dial(dial).tls(app.trustingOnly(edge)).grace(Duration.ofSeconds(1))
                .http("*", RhttpPipeTest::echo).open());
        assertInstanceOf(TunnelEvent.Attached.class, events.poll(10, TimeUnit.SECONDS));
        assertEquals("CN=app-1.example", server.tunnels().tunnels().getFirst().owner());
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + "/")).POST(BodyPublishers.ofString("by TLS"));
        assertEquals("by TLS", visitor.send(request.build(), BodyHandlers.ofString()).body());
    }

    @Test void whoeverIsNotKnownIsClosedAtOnce() throws Exception {
        var server = server(_ -> Optional.empty());
        try (var line = dial(server)) {
            send(line, PREFACE + SETTINGS);
            assertEquals(-1, line.getInputStream().read());
        }
        assertEquals(List.of(), server.tunnels().tunnels());
    }

    @Test void aHostOfATokensIsNotTaken() throws Exception {
        var server = server(_ -> Optional.of(new RhttpClients.Known("haproxy", List.of(new Route.Http("app.example.com", "")))));
        open.push(TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token("secret").http("app.example.com", RhttpPipeTest::echo).start());
        try (var line = dial(server)) {
            send(line, PREFACE + SETTINGS);
            assertEquals(-1, line.getInputStream().read());
        }
    }

    @Test void theServerAsksNothingBeforeTheDiallerHasTurnedRound() throws Exception {
        var server = server(_ -> Optional.of(new RhttpClients.Known("haproxy", List.of(Route.CATCH_ALL))));
        try (var line = dial(server)) {
            send(line, PREFACE + SETTINGS);
            var in = new DataInputStream(line.getInputStream());
            assertEquals(4, frame(in).type());                                      // its SETTINGS, and no preface
            var next = frame(in);
            while (next.type() == 8) next = frame(in);
            assertEquals(new Frame(4, 1, 0), next);                                 // SETTINGS ACK
            var waiting = visitor.sendAsync(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + "/page")).build(), BodyHandlers.ofString());
            assertEquals(0, server.tunnels().tunnels().size());
            send(line, ACK);
            assertInstanceOf(TunnelEvent.Attached.class, events.poll(10, TimeUnit.SECONDS));
            do next = frame(in); while (next.type() == 8);
            assertEquals(1, next.type());                                           // HEADERS
            assertEquals(1, next.stream());
            send(line, "000001" + "0104" + "00000001" + "88" + "000002" + "0001" + "00000001" + "6869");
            assertEquals("hi", waiting.get(10, TimeUnit.SECONDS).body());
        }
    }

    @Test void theClientSpeaksFirstAndServesFromThereOn() throws Exception {
        try (var haproxy = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            open.push(client(haproxy.getLocalPort()).http("*", RhttpPipeTest::echo).open());
            try (var line = haproxy.accept()) {
                line.setSoTimeout(10_000);
                var in = new DataInputStream(line.getInputStream());
                assertEquals(PREFACE, HexFormat.of().formatHex(in.readNBytes(24)));
                assertEquals(4, frame(in).type());
                // GET / as HAProxy's, behind its SETTINGS and its answer to ours.
                send(line, EMPTY_SETTINGS + ACK + "000006" + "0105" + "00000001" + "828684410161");
                Frame next;
                do next = frame(in); while (next.type() == 8 || next.type() == 4);
                assertEquals(1, next.type());
                assertEquals(1, next.stream());
            }
        }
    }

    @Test void tcpServicesAndSharedPortsAreRefused() {
        var builder = client(9).tcp("db", 5432);
        assertTrue(assertThrows(IllegalArgumentException.class, builder::open).getMessage().contains("no TCP services"));
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);
        var server = TunnelServer.builder().bind(address).http(address).token("secret").rhttp(_ -> Optional.empty());
        assertThrows(IllegalStateException.class, server::start);
    }

    private record Frame(int type, int flags, int stream) {}

    private static Frame frame(DataInputStream in) throws IOException {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        var frame = new Frame(in.readUnsignedByte(), in.readUnsignedByte(), in.readInt());
        in.readNBytes(length);
        return frame;
    }

    private static void send(Socket line, String hex) throws IOException {
        line.getOutputStream().write(HexFormat.of().parseHex(hex));
    }

    private static Socket dial(TunnelServer server) throws IOException {
        var line = new Socket(InetAddress.getLoopbackAddress(), server.controlAddress().getPort());
        line.setSoTimeout(10_000);
        return line;
    }

    private TunnelServer server(RhttpClients clients) throws IOException {
        var server = TunnelServer.builder().bind(0).http(0).token("secret").rhttp(clients).listener(events::add).grace(Duration.ofSeconds(1)).start();
        open.push(server);
        return server;
    }

    private static TunnelClient.Builder client(int port) {
        return TunnelClient.builder().server("127.0.0.1", port).dial(DialConfig.DEFAULTS.withAttach(Attach.RHTTP)).grace(Duration.ofSeconds(1));
    }

    private static void echo(Exchange exchange) throws IOException {
        try (var content = exchange.respond(new ResponseHead(200, new Fields()))) {
            exchange.content().transferTo(content);
            content.end();
        }
    }
}
