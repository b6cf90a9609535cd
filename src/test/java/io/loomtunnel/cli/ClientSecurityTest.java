package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.TunnelClient;
import io.loomtunnel.TunnelServer;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.tunnel.Pin;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a server does for clients of other machines when it was given no certificate.
@Timeout(30)
class ClientSecurityTest {
    private static final Pattern FLAGS = Pattern.compile("--server https://THIS-SERVER:\\d+ --pin (sha256:[0-9a-f]{64})");

    private final ByteArrayOutputStream warned = new ByteArrayOutputStream();

    private ClientSecurity security(TunnelServer.Builder builder, InetSocketAddress bind, String... words) throws ExitException {
        var screen = new Screen(System.out, new PrintStream(warned, true, UTF_8));
        var security = new ClientSecurity(Arguments.parse(Command.SERVER, List.of(words), Map.of()), screen);
        security.apply(builder.token("s3cret").bind(bind), bind, null, null, null);
        return security;
    }

    @Test void itMakesOneThatItsClientsPin() throws Exception {
        var builder = TunnelServer.builder();
        var security = security(builder, new InetSocketAddress("0.0.0.0", 0));
        assertTrue(security.ownCertificate());
        try (var server = builder.start()) {
            var flags = FLAGS.matcher(security.clientFlags(server.controlAddress()));
            assertTrue(flags.matches(), security.clientFlags(server.controlAddress()));
            try (var client = TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token("s3cret")
                    .pin(Pin.of(flags.group(1))).http("*", _ -> { }).start()) {
                assertEquals(1, client.awaitAttached(Deadline.NEVER).routes().size());
            }
            var other = TunnelServer.builder();
            assertNotEquals(flags.group(), security(other, new InetSocketAddress("0.0.0.0", 0)).clientFlags(server.controlAddress()));
        }
        assertEquals("", warned.toString(UTF_8));
    }

    @Test void onlyWhoTypesItDoesWithout() throws Exception {
        var security = security(TunnelServer.builder(), new InetSocketAddress("0.0.0.0", 0), "--plaintext");
        assertFalse(security.ownCertificate());
        assertEquals("--server http://THIS-SERVER:7835", security.clientFlags(new InetSocketAddress("0.0.0.0", 7835)));
        assertEquals(1, warned.toString(UTF_8).lines().count(), warned.toString(UTF_8));
    }

    @Test void onLoopbackThereIsNoNeed() throws Exception {
        var security = security(TunnelServer.builder(), new InetSocketAddress("127.0.0.1", 0));
        assertFalse(security.ownCertificate());
        assertEquals("--server 127.0.0.1:7835", security.clientFlags(new InetSocketAddress("127.0.0.1", 7835)));
    }
}
