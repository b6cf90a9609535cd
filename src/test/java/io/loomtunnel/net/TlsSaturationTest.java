package io.loomtunnel.net;

import static io.loomtunnel.net.Running.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.io.Deadline;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.Security;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Both directions full at once while both sides change keys: what makes two plain `SSLSocket`s wait for each other
/// for good. The limit of a key is read when JSSE loads, so this happens in a JVM of its own, with the compiler that
/// has AES.
@Timeout(70)
class TlsSaturationTest {
    private static final String KEY_LIMIT = "AES/GCM/NoPadding KeyUpdate 2^22, ChaCha20-Poly1305 KeyUpdate 2^22";
    private static final long BYTES = 128L * 1024 * 1024;       // each way: 32 key updates of each side at least
    private static final Duration LIMIT = Duration.ofSeconds(50);

    @Test void keyUpdatesUnderFullLoadBothWaysStallNothing() throws Exception {          // RFC 8446 §4.6.3
        var java = Path.of(System.getProperty("java.home"), "bin", "java");
        var child = new ProcessBuilder(java.toString(), "-Xmx256m", "-XX:+UseSerialGC",
                "-cp", System.getProperty("java.class.path"), TlsSaturationTest.class.getName()).redirectErrorStream(true).start();
        try (var out = child.inputReader()) {
            var said = new StringBuilder();
            var reading = start(() -> out.lines().forEach(line -> said.append(line).append('\n')));
            assertTrue(child.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS), "stalled: " + said);
            reading.join();
            assertEquals(0, child.exitValue(), said.toString());
        } finally {
            child.destroyForcibly();
        }
    }

    /// The child's.
    public static void main(String[] args) throws Exception {
        Security.setProperty("jdk.tls.keyLimits", KEY_LIMIT);
        var certificate = TestCertificate.of("EC", "localhost");
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var far = new SocketDuplex(pair.peer(), Watchdog.PROCESS);
            var accepted = new TlsDuplex[1];
            var accepting = start(() -> accepted[0] = TlsDuplex.accept(pair.ours(), certificate.serving(), LIMIT));
            var client = TlsDuplex.connect(far, certificate.trusting(), "localhost", 1, LIMIT);
            accepting.join();
            var server = accepted[0];
            long began = System.nanoTime();
            var all = new Running[] {start(() -> send(client)), start(() -> send(server)), start(() -> receive(client)), start(() -> receive(server))};
            for (var each : all) each.result().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            System.out.println(2 * BYTES / ((System.nanoTime() - began) / 1000) + " MB/s");
            client.close();
            server.close();
            client.awaitEnd(Deadline.after(LIMIT));
            server.awaitEnd(Deadline.after(LIMIT));
        }
    }

    private static void send(TlsDuplex tls) throws IOException {
        var piece = new byte[64 * 1024];
        for (long left = BYTES; left > 0; left -= piece.length) tls.out().write(piece);
    }

    private static void receive(TlsDuplex tls) throws IOException {
        var piece = new byte[64 * 1024];
        for (long left = BYTES; left > 0; ) {
            int n = tls.in().read(piece, 0, (int) Math.min(left, piece.length));
            if (n < 0) throw new EOFException(left + " bytes are missing");
            left -= n;
        }
    }
}
