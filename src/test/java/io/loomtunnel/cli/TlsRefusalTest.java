package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.TunnelClient;
import io.loomtunnel.TunnelServer;
import io.loomtunnel.cli.IssuedCertificate.Purpose;
import io.loomtunnel.tunnel.Pin;
import io.loomtunnel.tunnel.SessionEvent;
import io.loomtunnel.tunnel.TunnelEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Who is not let in is told why in one line, and so is who runs the server; the token is in neither.
@Timeout(30)
class TlsRefusalTest {
    private static final String TOKEN = "s3cret-of-this-test";
    private static final Duration GOOD = Duration.ofDays(1);
    private static final Duration OVER = Duration.ofMinutes(-30);

    @TempDir Path directory;

    private final BlockingQueue<String> logged = new LinkedBlockingQueue<>();
    private final BlockingQueue<TunnelEvent> events = new LinkedBlockingQueue<>();
    private final Logger logger = Logger.getLogger("io.loomtunnel.ControlPort");
    private final Handler handler = new Handler() {
        @Override public void publish(LogRecord record) {
            logged.add(record.getMessage());
        }

        @Override public void flush() {}

        @Override public void close() {}
    };
    private IssuedCertificate authority;
    private IssuedCertificate stranger;
    private TunnelServer server;
    private TunnelClient client;

    @BeforeEach void listen() throws IOException {
        logger.addHandler(handler);
        authority = authority();
        stranger = authority();
    }

    @AfterEach void stop() {
        logger.removeHandler(handler);
        if (client != null) client.close();
        if (server != null) server.close();
    }

    private static IssuedCertificate authority() throws IOException {
        return IssuedCertificate.selfSigned(Purpose.AUTHORITY, "CA", List.of(), GOOD);
    }

    private IssuedCertificate serverOf(IssuedCertificate issuer, String host, Duration time) throws IOException {
        return issuer.issue(Purpose.SERVER, host, List.of(host), time);
    }

    private TrustManager[] trust(IssuedCertificate issuer) throws IOException {
        var file = directory.resolve("trusted.pem");
        Files.writeString(file, issuer.certificatePem());
        return Authorities.read(Flag.TLS_CA, file.toString());
    }

    private KeyManager[] keys(IssuedCertificate own) throws IOException {
        var certificate = Files.writeString(directory.resolve("own.pem"), own.certificatePem()).toString();
        var key = Files.writeString(directory.resolve("own-key.pem"), own.keyPem()).toString();
        return new KeyManager[] {new CertificateStore(List.of(new CertificateFiles(certificate, key)), Duration.ofHours(1), new Screen(System.out, System.err))};
    }

    private void serve(SSLContext context, UnaryOperator<TunnelServer.Builder> how) throws IOException {
        var builder = TunnelServer.builder().bind(0).token(TOKEN).grace(Duration.ZERO).listener(events::add);
        server = how.apply(context == null ? builder : builder.tls(context)).start();
    }

    private void serve(IssuedCertificate own) throws IOException {
        serve(own.serving(), builder -> builder);
    }

    /// A server that asks for certificates of the authority's.
    private void serveCertified() throws IOException {
        var own = serverOf(authority, "localhost", GOOD);
        serve(TunnelTls.context(keys(own), trust(authority)), TunnelServer.Builder::clientCertificates);
    }

    /// What the client's person is told.
    private String refused(UnaryOperator<TunnelClient.Builder> how) throws Exception {
        var told = new LinkedBlockingQueue<String>();
        client = how.apply(TunnelClient.builder().server("localhost", server.controlAddress().getPort()).token(TOKEN).http("*", _ -> { }).grace(Duration.ZERO))
                .listener(event -> {
                    if (event instanceof SessionEvent.Retrying retrying) told.add(retrying.reason());
                    if (event instanceof SessionEvent.Refused refused) told.add(refused.status() + " " + refused.reason());
                    if (event instanceof SessionEvent.Attached) told.add("attached");
                }).open();
        return told.poll(20, TimeUnit.SECONDS);
    }

    private void assertRefused(String reason, String atServer, String atClient) throws Exception {
        var where = "localhost:" + server.controlAddress().getPort();
        assertEquals(atClient.replace("SERVER", where), reason);
        assertLogged(atServer);
    }

    private void assertLogged(String reason) throws InterruptedException {
        var line = logged.poll(20, TimeUnit.SECONDS);
        assertTrue(line != null && line.matches("refused /127\\.0\\.0\\.1:\\d+: .*"), line);
        assertEquals(reason, line.substring(line.indexOf(": ") + 2));
        assertFalse(line.contains(TOKEN));
    }

    @Test void aServerOfAnotherAuthority() throws Exception {
        serve(serverOf(stranger, "localhost", GOOD));
        assertRefused(refused(it -> tls(it, null, authority)), "it does not trust the certificate of this server: certificate unknown",
                "SERVER has a certificate of nobody who is trusted here: --tls-ca names its CA, --pin its fingerprint");
    }

    @Test void aServerWhoseCertificateHasExpired() throws Exception {
        serve(serverOf(authority, "localhost", OVER));
        assertRefused(refused(it -> tls(it, null, authority)), "it does not trust the certificate of this server: certificate expired",
                "SERVER has a certificate that has expired");
    }

    @Test void aServerOfAnotherName() throws Exception {
        serve(serverOf(authority, "other.test", GOOD));
        assertRefused(refused(it -> tls(it, null, authority)), "it does not trust the certificate of this server: certificate unknown",
                "SERVER has a certificate for another name than localhost: --tls-server-name says which one is meant");
    }

    @Test void aServerThatIsNotThePinnedOne() throws Exception {
        var own = serverOf(authority, "localhost", GOOD);
        serve(own);
        assertRefused(refused(it -> it.pin(Pin.of(stranger.certificate()))), "it does not trust the certificate of this server: certificate unknown",
                "the certificate of SERVER is no good: it is " + Pin.of(own.certificate()) + ", not the pinned one");
    }

    @Test void aClientWithoutACertificate() throws Exception {
        serveCertified();
        assertRefused(refused(it -> tls(it, null, authority)), "it has no certificate",
                "SERVER asks for a certificate of this client: --tls-cert and --tls-key name it");
    }

    @Test void aClientOfAnotherAuthority() throws Exception {
        serveCertified();
        var own = stranger.issue(Purpose.CLIENT, "web", List.of(), GOOD);
        assertRefused(refused(it -> tls(it, own, authority)), "its certificate is of nobody who is trusted here",
                "SERVER does not accept the certificate of this client: certificate unknown");
    }

    @Test void aClientWhoseCertificateHasExpired() throws Exception {
        serveCertified();
        var own = authority.issue(Purpose.CLIENT, "web", List.of(), OVER);
        assertRefused(refused(it -> tls(it, own, authority)), "its certificate has expired",
                "SERVER does not accept the certificate of this client: certificate unknown");
    }

    @Test void aCertificateStandsForATokenAndAnotherDoesNot() throws Exception {
        var own = serverOf(authority, "localhost", GOOD);
        serve(TunnelTls.context(keys(own), trust(authority)),
                it -> it.clientCertificates().certificateToken(new X500Principal("CN=web"), "website"));
        var web = authority.issue(Purpose.CLIENT, "web", List.of(), GOOD);
        assertEquals("attached", refused(it -> tls(it, web, authority).token("")));
        assertEquals("website", events.poll(20, TimeUnit.SECONDS).tunnel().owner());
        client.close();
        var other = authority.issue(Purpose.CLIENT, "other", List.of(), GOOD);
        assertEquals("401 a token is needed", refused(it -> tls(it, other, authority).token("")));
        client.close();
        assertEquals("attached", refused(it -> tls(it, other, authority)));
    }

    @Test void aClientInClearWhereCertificatesAreAskedFor() throws Exception {
        serveCertified();
        assertRefused(refused(it -> it), "it came in clear", "400 This port speaks TLS: the client's --server begins with https://");
    }

    @Test void aClientByTlsWhereThereIsNone() throws Exception {
        serve(null, it -> it);
        var reason = refused(it -> tls(it, null, authority));
        assertTrue(reason.matches("localhost:\\d+ does not speak TLS as it should \\(.*\\): one in clear is http://localhost:\\d+"), reason);
        assertLogged("it came by TLS, and there is no certificate here");
    }

    @Test void aVersionBefore12() throws Exception {                                    // RFC 8996
        serve(serverOf(authority, "localhost", GOOD));
        try (var old = new Socket(InetAddress.getLoopbackAddress(), server.controlAddress().getPort())) {
            old.setSoTimeout(20_000);
            old.getOutputStream().write(helloOfTls11());
            var alert = old.getInputStream().readNBytes(7);
            assertEquals(21, alert[0]);
            assertEquals(70, alert[6], "protocol_version");
        }
        var line = logged.poll(20, TimeUnit.SECONDS);
        assertTrue(line.contains("TLSv1.1") || line.contains("TLS11"), line);
    }

    @Test void whatIsNeitherTlsNorHttp() throws Exception {
        serveCertified();
        try (var stray = new Socket(InetAddress.getLoopbackAddress(), server.controlAddress().getPort())) {
            stray.setSoTimeout(20_000);
            stray.getOutputStream().write("\0\1\2\3 no protocol of ours".getBytes(ISO_8859_1));
            stray.shutdownOutput();
            stray.getInputStream().readAllBytes();
        }
        var line = logged.poll(20, TimeUnit.SECONDS);
        assertTrue(line.startsWith("refused /127.0.0.1:"), line);
    }


    private TunnelClient.Builder tls(TunnelClient.Builder builder, IssuedCertificate own, IssuedCertificate trusted) {
        try {
            return builder.tls(TunnelTls.context(own == null ? null : keys(own), trust(trusted)));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// A ClientHello (RFC 4346 §7.4.1.2) with one cipher suite.
    private static byte[] helloOfTls11() {
        var hello = new byte[5 + 4 + 2 + 32 + 1 + 2 + 2 + 2];
        hello[0] = 22;
        hello[1] = 3;
        hello[2] = 2;
        hello[4] = (byte) (hello.length - 5);
        hello[5] = 1;
        hello[8] = (byte) (hello.length - 9);
        hello[9] = 3;
        hello[10] = 2;
        hello[45] = 2;
        hello[47] = 0x2f;
        hello[48] = 1;
        return hello;
    }
}
