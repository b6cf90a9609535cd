package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.loomtunnel.TunnelClient;
import io.loomtunnel.TunnelServer;
import io.loomtunnel.fixture.Json;
import io.loomtunnel.fixture.NetworkProxy;
import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.tunnel.Pin;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DoctorCommandTest {
    private static final Map<String, String> TOKEN = Map.of("LOOMTUNNEL_TOKEN", "secret");

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final HttpServer origin = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    @TempDir Path folder;

    DoctorCommandTest() throws IOException {
        origin.createContext("/", exchange -> {
            // As development servers do: their own name alone.
            boolean known = exchange.getRequestHeaders().getFirst("Host").startsWith("127.0.0.1") || exchange.getRequestHeaders().getFirst("Host").equals("app.test");
            exchange.sendResponseHeaders(known ? 204 : 403, -1);
            exchange.close();
        });
        origin.start();
        open.push(() -> origin.stop(0));
    }

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void allIsWellAndAClientOfTheSameHostIsNotDisturbed() throws Exception {
        var server = server();
        open.push(TunnelClient.builder().server("127.0.0.1", port(server)).token("secret").http("app.test", URI.create("http://" + target())).start());
        var doctor = Thread.ofVirtual().unstarted(() -> {
            var typed = doctor(server, "--http", "app.test=" + target(), "--tcp", "db=" + target());
            assertEquals(0, typed.status(), typed.out() + typed.err());
            assertTrue(typed.out().matches("(?s).*ok    visitors    through http://app.test:\\d+: \\d+\\.\\d MB/s up from here, \\d+\\.\\d MB/s down\n.*"), typed.out());
            assertEquals(List.of("dns", "tcp", "tls", "clock", "server", "token", "roundtrip", "visitors", "target", "target"), checks(typed));
            assertFalse(typed.out().contains("0.0 MB/s"), typed.out());
        });
        var failure = new ArrayList<Throwable>();
        doctor.setUncaughtExceptionHandler((_, e) -> failure.add(e));
        doctor.start();
        do assertTrue(visit(server).startsWith("HTTP/1.1 204 ")); while (!doctor.join(Duration.ofMillis(20)));
        assertEquals(List.of(), failure);
    }

    @Test void jsonIsOneLineWithTheSameFindings() throws Exception {
        var server = server();
        var typed = doctor(server, "--http", "app.test=" + target(), "--json");
        assertEquals(0, typed.status(), typed.out());
        assertEquals(1, typed.out().lines().count());
        var report = (Map<?, ?>) Json.read(typed.out());
        assertEquals(true, report.get("ok"));
        assertEquals(Map.of("check", "dns", "result", "ok", "text", "127.0.0.1 is 127.0.0.1"), ((List<?>) report.get("checks")).getFirst());
    }

    @Test void everyServerIsLookedAtAndTheProgramsOnce() throws Exception {
        var other = server();
        var typed = doctor(server(), "--server", "127.0.0.1:" + port(other), "--http", "app.test=" + target());
        assertEquals(0, typed.status(), typed.out());
        assertEquals(2, checks(typed).stream().filter("visitors"::equals).count(), typed.out());
        assertEquals(1, checks(typed).stream().filter("target"::equals).count(), typed.out());
        other.close();
        assertEquals(1, doctor(server(), "--server", "127.0.0.1:" + port(other), "--http", "app.test=" + target()).status());
    }

    @Test void aWrongTokenIsSaidAndTheProgramsAreLookedAtAllTheSame() throws Exception {
        var typed = Typed.run(Map.of("LOOMTUNNEL_TOKEN", "hush"), "doctor", "--server", "127.0.0.1:" + port(server()), "--http", "app.test=" + target());
        assertEquals(1, typed.status());
        assertTrue(typed.out().contains("FAIL  token       this token is not known here: "), typed.out());
        assertTrue(typed.out().contains("ok    target      "), typed.out());
        assertFalse((typed.out() + typed.err()).contains("hush"), typed.out());
    }

    @Test void aServerThatIsNotThereIsSaid() throws Exception {
        int closed;
        try (var reserved = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = reserved.getLocalPort();
        }
        var typed = Typed.run(TOKEN, "doctor", "--server", "127.0.0.1:" + closed);
        assertEquals(1, typed.status());
        assertTrue(typed.out().contains("FAIL  tcp         cannot connect to 127.0.0.1:" + closed + ": Connection refused: is the server running"), typed.out());
        typed = Typed.run(TOKEN, "doctor", "--server", "http://no-such-name.invalid");
        assertTrue(typed.out().startsWith("FAIL  dns         no-such-name.invalid has no address"), typed.out());
    }

    @Test void theVisitorsPortIsNoServerForTunnels() throws Exception {
        var typed = Typed.run(TOKEN, "doctor", "--server", "127.0.0.1:" + server().httpAddress().getPort());
        assertEquals(1, typed.status());
        assertTrue(typed.out().contains("FAIL  server      it answers 404 and offers no tunnels: --server takes the port of the server's --bind"), typed.out());
    }

    @Test void aProgramThatRefusesTheVisitorsHostIsToldFromOneThatIsDown() throws Exception {
        var server = server();
        var typed = doctor(server, "--http", "other.test=" + target());
        assertEquals(1, typed.status());
        assertTrue(typed.out().contains("FAIL  host        http://" + target() + " refuses the name other.test (403) and answers to its own: say --host-header rewrite"), typed.out());
        assertEquals(0, doctor(server, "--http", "other.test=" + target(), "--host-header", "rewrite").status());
        typed = doctor(server, "--http", "app.test=127.0.0.1:" + port(server));
        assertTrue(typed.out().contains("answers 404"), typed.out());
        origin.stop(0);
        typed = doctor(server, "--http", "app.test=" + target(), "--tcp", "db=" + target());
        assertEquals(List.of("target", "target"), checks(typed).subList(8, 10));
        assertEquals(2, typed.out().lines().filter(line -> line.startsWith("FAIL  target")).count(), typed.out());
    }

    @Test void aClockThatIsWrongIsSaid() throws Exception {
        try (var listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var late = DateTimeFormatter.RFC_1123_DATE_TIME.format(Instant.now().minus(Duration.ofHours(1)).atZone(ZoneOffset.UTC));
            Thread.ofVirtual().start(() -> {
                try {
                    for (;;) {
                        var socket = listening.accept();
                        open.push(socket);
                        socket.getOutputStream().write(("HTTP/1.1 426 No\r\nUpgrade: ptth\r\nConnection: upgrade\r\nDate: " + late + "\r\nContent-Length: 0\r\n\r\n").getBytes(ISO_8859_1));
                    }
                } catch (IOException _) {
                    // the test is over
                }
            });
            var typed = Typed.run(TOKEN, "doctor", "--server", "127.0.0.1:" + listening.getLocalPort());
            assertTrue(typed.out().matches("(?s).*FAIL  clock       this machine's is 36\\d\\d s ahead of the server's: .*"), typed.out());
        }
    }

    @Test void aProxyThatRefusesIsSaid() throws Exception {
        try (var proxy = new NetworkProxy("me", "secret")) {
            var typed = doctor(server(), "--proxy", "http://127.0.0.1:" + proxy.port());
            assertEquals(1, typed.status());
            assertTrue(typed.out().contains("FAIL  proxy       the proxy http://127.0.0.1:" + proxy.port() + ": it wants a user and a password"), typed.out());
        }
    }

    @Test void certificatesAreToldApart() throws Exception {
        var good = TestCertificate.of("EC", "localhost");
        var pem = Files.writeString(folder.resolve("good.pem"), good.certificatePem()).toString();
        var server = encrypted(good);
        assertEquals(0, tls(server, "localhost", "--tls-ca", pem).status());
        assertTls(tls(server, "127.0.0.1", "--tls-ca", pem), "certificate is for localhost and not for 127.0.0.1: say --tls-server-name localhost");
        assertTls(tls(server, "localhost"), "is not trusted here");
        assertTls(tls(server, "localhost"), Pin.of(good.certificate()).toString());
        var old = TestCertificate.until(Instant.now().minus(Duration.ofDays(2)), "EC", "localhost");
        assertTls(tls(encrypted(old), "localhost"), "certificate ended on ");
        var pinned = tls(encrypted(old), "localhost", "--pin", Pin.of(old.certificate()).toString());
        assertTrue(pinned.out().lines().anyMatch(line -> line.startsWith("note  tls ") && line.endsWith("it is time to renew it")), pinned.out());
        assertTls(tls(server(), "localhost"), "if this port speaks no TLS, --server begins with http://");
    }

    private static void assertTls(Typed typed, String text) {
        assertEquals(1, typed.status(), typed.out());
        assertTrue(typed.out().lines().anyMatch(line -> line.startsWith("FAIL  tls ") && line.contains(text)), typed.out());
    }

    private TunnelServer server() throws IOException {
        var server = TunnelServer.builder().bind(0).http(0).token("secret").grace(Duration.ZERO).start();
        open.push(server);
        return server;
    }

    private TunnelServer encrypted(TestCertificate certificate) throws IOException {
        var server = TunnelServer.builder().bind(0).http(0).token("secret").tls(certificate.serving()).grace(Duration.ZERO).start();
        open.push(server);
        return server;
    }

    private static String visit(TunnelServer server) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.httpAddress().getPort())) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    private static int port(TunnelServer server) {
        return server.controlAddress().getPort();
    }

    private String target() {
        return "127.0.0.1:" + origin.getAddress().getPort();
    }

    private static Typed doctor(TunnelServer server, String... flags) {
        var words = new ArrayList<>(List.of("doctor", "--server", "127.0.0.1:" + port(server)));
        words.addAll(List.of(flags));
        return Typed.run(TOKEN, words.toArray(String[]::new));
    }

    private static Typed tls(TunnelServer server, String host, String... flags) {
        var words = new ArrayList<>(List.of("doctor", "--server", "https://" + host + ":" + port(server)));
        words.addAll(List.of(flags));
        return Typed.run(TOKEN, words.toArray(String[]::new));
    }

    private static List<String> checks(Typed typed) {
        return typed.out().lines().map(line -> line.split(" +")[1]).toList();
    }
}
