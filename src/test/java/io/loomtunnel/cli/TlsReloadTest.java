package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.TunnelClient;
import io.loomtunnel.TunnelServer;
import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.tunnel.Pin;
import io.loomtunnel.tunnel.TunnelEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The server's certificate is renewed while tunnels stand.
@Timeout(30)
class TlsReloadTest {
    private static final String TOKEN = "s3cret";

    @TempDir Path directory;

    @Test void tunnelsStayAndLaterOnesGetTheNewCertificate() throws Exception {
        var old = TestCertificate.of("EC", "localhost");
        var renewed = TestCertificate.of("EC", "localhost");
        write(old);
        var files = new CertificateFiles(directory.resolve("cert.pem").toString(), directory.resolve("key.pem").toString());
        var store = new CertificateStore(List.of(files), Duration.ofNanos(1), new Screen(System.out, System.err));
        BlockingQueue<TunnelEvent> events = new LinkedBlockingQueue<>();
        try (var server = TunnelServer.builder().bind(0).token(TOKEN).grace(Duration.ZERO).listener(events::add)
                .tls(TunnelTls.context(new KeyManager[] {store}, null)).start();
             var _ = attach(server, old, "old.test")) {
            assertTrue(events.poll(20, TimeUnit.SECONDS) instanceof TunnelEvent.Attached);
            write(renewed);
            try (var _ = attach(server, renewed, "new.test")) {
                assertTrue(events.poll(20, TimeUnit.SECONDS) instanceof TunnelEvent.Attached, "nobody left");
                assertEquals(2, server.tunnels().tunnels().size());
                assertTrue(server.tunnels().find("old.test", "/").accepting());
            }
        }
    }

    private static TunnelClient attach(TunnelServer server, TestCertificate pinned, String host) throws IOException {
        return TunnelClient.builder().server("localhost", server.controlAddress().getPort()).token(TOKEN).grace(Duration.ZERO)
                .pin(Pin.of(pinned.certificate())).http(host, _ -> { }).start();
    }

    private void write(TestCertificate certificate) throws IOException {
        Files.writeString(directory.resolve("cert.pem"), certificate.certificatePem());
        Files.writeString(directory.resolve("key.pem"), certificate.keyPem());
    }
}
