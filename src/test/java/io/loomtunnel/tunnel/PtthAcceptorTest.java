package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PtthAcceptorTest {
    private static final byte[] EMPTY_SETTINGS = HexFormat.of().parseHex("000000040000000000");

    private ControlPort server;

    PtthAcceptorTest() throws IOException {
        server = new ControlPort(PtthConfig.DEFAULTS);
    }

    @AfterEach void close() {
        server.close();
    }

    @Test void the101NamesProtocolRoutesAndVisitors() throws Exception {                        // RFC 9110 §15.2.2
        try (var client = server.say(with("LoomTunnel-Routes", "\"*.example.org\", \"*\", \"a.example/api\""))) {
            var answer = ControlPort.answer(client);
            assertTrue(answer.startsWith("HTTP/1.1 101 "), answer);
            assertHas(answer, "connection: upgrade", "upgrade: ptth", "alpn: h2",
                    "loomtunnel-routes: \"app.example.com\", \"*.example.org\", \"*\", \"a.example/api\"",
                    "loomtunnel-visitors: \"http://app.example.com:8080/\", \"http://*.example.org:8080/\", "
                            + "\"http://edge.example.com:8080/\", \"http://a.example:8080/api\"");
        }
    }

    @Test void theServerPlaysTheHttpClientAfterIt() throws Exception {                          // RFC 9113 §3.4
        try (var client = server.say(ControlPort.request())) {
            ControlPort.answer(client);
            var preface = new String(client.getInputStream().readNBytes(24), ISO_8859_1);
            assertEquals("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", preface);
            assertEquals(4, client.getInputStream().readNBytes(9)[3], "SETTINGS");
        }
    }

    @Test void theTunnelIsRoutableOnceTheClientsSettingsCame() throws Exception {
        var events = new LinkedBlockingQueue<TunnelEvent>();
        server.tunnels.listen(events::add);
        try (var client = server.say(ControlPort.request())) {
            ControlPort.answer(client);
            assertTrue(server.tunnels.tunnels().isEmpty());
            client.getOutputStream().write(EMPTY_SETTINGS);
            var tunnel = events.poll(10, TimeUnit.SECONDS).tunnel();
            assertEquals("token", tunnel.owner());
            assertEquals(new ClientId("a", 0, 1), tunnel.client());
            assertEquals(client.getLocalPort(), tunnel.peer().address().getPort());
        }
        assertTrue(events.poll(10, TimeUnit.SECONDS) instanceof TunnelEvent.Left);
    }

    @Test void settingsThatComeWithTheRequestAreNotLost() throws Exception {
        var events = new LinkedBlockingQueue<TunnelEvent>();
        server.tunnels.listen(events::add);
        try (var client = server.say(ControlPort.request() + new String(EMPTY_SETTINGS, ISO_8859_1))) {
            ControlPort.answer(client);
            assertTrue(events.poll(10, TimeUnit.SECONDS) instanceof TunnelEvent.Attached);
        }
    }

    @Test void whoNeverSendsSettingsIsCutOff() throws Exception {
        restart(PtthConfig.DEFAULTS.withHandshake(Duration.ofMillis(100)));
        try (var client = server.say(ControlPort.request())) {
            ControlPort.answer(client);
            assertEnds(client);
        }
        assertEquals(101, status(with("LoomTunnel-Client", "instance=\"a\", slot=0, epoch=2")));
    }

    @Test void everyRefusalSaysWhyInOneLine() throws Exception {
        assertRefused(400, "the target is not", ControlPort.request().replace("app.example.com/", "app.example.com"));
        assertRefused(400, "LoomTunnel-Client lacks", with("LoomTunnel-Client", "x=1"));
        assertRefused(400, "a structured field has", with("LoomTunnel-Routes", "\"open"));
        assertRefused(400, "a tunnel begins without content", with("Content-Length", "2") + "hi");
        assertRefused(400, "a tunnel begins with GET", ControlPort.request().replace("GET", "PUT"));
        assertRefused(401, "a token is needed", without("Authorization"));
        assertRefused(401, "this token is not known", with("Authorization", "Bearer guess"));
        assertRefused(403, "not yours", with("LoomTunnel-Routes", "\"forbidden.example\""));
        assertRefused(426, "the ALPN field must offer h2", with("ALPN", "http%2F1.1"));
        assertRefused(426, "a tunnel begins with Upgrade", with("Upgrade", "websocket"));
        assertRefused(404, "only tunnels", "GET / HTTP/1.1\r\nHost: edge\r\n\r\n");
    }

    @Test void aRefusedTokenIsAskedForAgainByItsScheme() throws Exception {                     // RFC 9110 §15.5.2
        assertHas(server.answer(without("Authorization")), "www-authenticate: bearer");
    }

    @Test void aMissingUpgradeIsNamed() throws Exception {                                      // RFC 9110 §15.5.22
        assertHas(server.answer(without("Upgrade")), "upgrade: ptth", "connection: upgrade");
    }

    @Test void aHostOfAnotherTokenIsTaken() throws Exception {
        try (var _ = attached(ControlPort.request())) {
            assertRefused(409, "app.example.com is taken by another token", with("Authorization", "Bearer stranger"));
            assertEquals(1, server.tunnels.tunnels().size());
            assertEquals("token", server.tunnels.find("app.example.com", "/").owner());
        }
    }

    @Test void anOldEpochIsRefusedAndALaterOneReplaces() throws Exception {
        try (var old = attached(with("LoomTunnel-Client", "instance=\"a\", slot=0, epoch=5"))) {
            assertRefused(409, "a later epoch", with("LoomTunnel-Client", "instance=\"a\", slot=0, epoch=4"));
            assertRefused(409, "a later epoch", with("LoomTunnel-Client", "instance=\"a\", slot=0, epoch=5"));
            try (var _ = attached(with("LoomTunnel-Client", "instance=\"a\", slot=0, epoch=6"))) {
                assertEquals(6, server.tunnels.find("app.example.com", "/").client().epoch());
                assertEnds(old);
            }
        }
    }

    @Test void aServerOfAnotherNameSaysSo() throws Exception {
        restart(PtthConfig.DEFAULTS.withNames(Set.of("other.example.com")));
        assertRefused(421, "this server has another name", ControlPort.request());
        assertEquals(101, status(ControlPort.request().replace("edge.example.com:7835", "OTHER.example.com:1")));
    }

    @Test void theEleventhGuessWithinAMinuteIsNotEvenLookedAt() throws Exception {
        for (int i = 0; i < 10; i++) assertEquals(401, status(with("Authorization", "Bearer guess" + i)));
        assertRefused(429, "too many failed attempts", ControlPort.request());
        assertHas(server.answer(ControlPort.request()), "retry-after: 60");
    }

    @Test void aDrainingServerSaysWhenToComeBack() throws Exception {
        server.tunnels.drain();
        assertRefused(503, "this server is shutting down", ControlPort.request());
        assertHas(server.answer(ControlPort.request()), "retry-after: 5");
    }

    @Test void whatIsNoHttp2AfterThe101EndsTheTunnel() throws Exception {
        try (var client = server.say(ControlPort.request() + "GET / HTTP/1.1\r\nHost: x\r\n\r\n")) {
            ControlPort.answer(client);
            assertEnds(client);
        }
    }

    private void restart(PtthConfig config) throws IOException {
        server.close();
        server = new ControlPort(config);
    }

    /// A tunnel that is routable.
    private Socket attached(String request) throws Exception {
        var events = new LinkedBlockingQueue<TunnelEvent>();
        server.tunnels.listen(events::add);
        var client = server.say(request);
        assertTrue(ControlPort.answer(client).startsWith("HTTP/1.1 101 "));
        client.getOutputStream().write(EMPTY_SETTINGS);
        while (!(events.poll(10, TimeUnit.SECONDS) instanceof TunnelEvent.Attached)) { }
        return client;
    }

    private int status(String request) throws IOException {
        return Integer.parseInt(server.answer(request).substring(9, 12));
    }

    private void assertRefused(int status, String reason, String request) throws IOException {
        var answer = server.answer(request);
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
        var content = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        assertTrue(content.startsWith(reason) && content.indexOf('\n') == content.length() - 1, content);
    }

    private static void assertHas(String answer, String... lines) {
        var lower = answer.toLowerCase();
        for (var line : lines) assertTrue(lower.contains("\r\n" + line + "\r\n"), line + " is not in " + answer);
    }

    /// The server closes; what it still sends does not matter.
    private static void assertEnds(Socket client) throws IOException {
        try {
            client.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (SocketException _) {
            // reset: ended all the same
        }
    }

    private static String without(String field) {
        return ControlPort.request().replaceFirst("(?m)^" + field + ":.*\r\n", "");
    }

    private static String with(String field, String value) {
        return without(field).replaceFirst("(?m)^ALPN|^Connection", field + ": " + value + "\r\n$0");
    }
}
