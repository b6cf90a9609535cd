package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

/// When a tunnel is by TLS, and what is warned of.
class TunnelTlsTest {
    private final ByteArrayOutputStream warned = new ByteArrayOutputStream();

    private SSLContext context(String server, String... flags) throws ExitException {
        var words = new ArrayList<>(List.of("--server", server));
        words.addAll(List.of(flags));
        var arguments = Arguments.parse(Command.CLIENT, words, Map.of());
        var screen = new Screen(System.out, new PrintStream(warned, true, UTF_8));
        return new TunnelTls(arguments, screen).context(ServerUrl.parse(server));
    }

    private int warnings() {
        int lines = (int) warned.toString(UTF_8).lines().count();
        warned.reset();
        return lines;
    }

    @Test void onThisMachineItIsInClearUnlessAskedFor() throws Exception {
        for (var server : List.of("localhost", "127.0.0.1:1", "[::1]:1", "a.localhost", "http://localhost:1", "HTTP://127.0.0.1")) assertNull(context(server), server);
        assertNotNull(context("https://localhost:1"));
        assertNotNull(context("localhost", "--tls-server-name", "edge.test"));
        assertNotNull(context("localhost", "--pin", "sha256:" + "00".repeat(32)));
        assertEquals(0, warnings());
    }

    @Test void elsewhereItIsByTlsUnlessSomebodyTypedThatItIsNot() throws Exception {
        assertNotNull(context("edge.test"));
        assertNotNull(context("192.0.2.1:7835"));
        assertNotNull(context("https://edge.test/"));
        assertEquals(0, warnings());
        assertNull(context("http://edge.test"));
        assertEquals(1, warnings());
        assertNull(context("edge.test", "--plaintext"));
        assertEquals(1, warnings());
    }

    @Test void whoVerifiesNothingIsWarned() throws Exception {
        assertNotNull(context("localhost", "--tls-insecure"));
        assertTrue(warned.toString(UTF_8).contains("--tls-insecure"));
        assertEquals(1, warnings());
    }

    @Test void aFingerprintIsReadAsOpensslPrintsIt() throws Exception {
        assertNotNull(context("edge.test", "--pin", "SHA256:" + "AB:".repeat(31) + "cd"));
    }
}
