package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.net.TlsDuplex;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a visitor is presented, by real handshakes.
@Timeout(30)
class CertificateStoreTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final TestCertificate A = TestCertificate.of("EC", "a.test");
    private static final TestCertificate A_RSA = TestCertificate.of("RSA", "a.test");
    private static final TestCertificate B = TestCertificate.of("EC", "b.test", "*.b.test");
    private static final TestCertificate DEEP = TestCertificate.of("EC", "deep.b.test");

    @TempDir Path directory;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final ByteArrayOutputStream warned = new ByteArrayOutputStream();
    private final List<CertificateFiles> files = new ArrayList<>();
    private Listener listener;

    @AfterEach void stop() {
        if (listener != null) listener.close();
    }

    @Test void theNameThatIsAskedForDecides() throws Exception {                              // RFC 6066 §3
        serve(Duration.ofHours(1), A, B, DEEP);
        assertEquals(A.certificate(), presented("a.test"));
        assertEquals(B.certificate(), presented("B.Test"));
        assertEquals(B.certificate(), presented("any.b.test"));
        assertEquals(DEEP.certificate(), presented("deep.b.test"), "a name goes before a wildcard");
        assertEquals(A.certificate(), presented("a.any.b.test"), "a wildcard is for one label");
        assertEquals(A.certificate(), presented("nobody.test"), "the first is for the rest");
        assertEquals(A.certificate(), presented(""));
    }

    @Test void aVisitorGetsTheKeyThatItCanVerify() throws Exception {
        serve(Duration.ofHours(1), A, A_RSA, B);
        assertEquals(A_RSA.certificate(), presented("a.test", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
        assertEquals(A.certificate(), presented("a.test", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
        assertEquals(A_RSA.certificate(), presented("nobody.test", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    }

    @Test void filesThatChangedAreReadAgain() throws Exception {
        serve(Duration.ofNanos(1), A, B);
        var renewed = TestCertificate.of("RSA", "b.test");
        write("cert1.pem", renewed.certificatePem());
        assertEquals(B.certificate(), presented("b.test"), "the key is not there yet");
        write("key1.pem", renewed.keyPem());
        assertEquals(renewed.certificate(), presented("b.test"));
        assertEquals(A.certificate(), presented("a.test"));
        assertEquals("read again: " + directory.resolve("cert1.pem") + "\n", said.toString(UTF_8));
        assertEquals(1, warned.toString(UTF_8).lines().count(), warned.toString(UTF_8));
    }

    @Test void whatIsBrokenLeavesTheOldInItsPlaceWithOneWarning() throws Exception {
        serve(Duration.ofNanos(1), A);
        write("cert0.pem", "nothing");
        for (int i = 0; i < 3; i++) assertEquals(A.certificate(), presented("a.test"));
        assertEquals(1, warned.toString(UTF_8).lines().count(), warned.toString(UTF_8));
        assertTrue(warned.toString(UTF_8).contains("holds no certificate"));
        Files.delete(directory.resolve("cert0.pem"));
        for (int i = 0; i < 3; i++) assertEquals(A.certificate(), presented("a.test"));
        assertEquals(2, warned.toString(UTF_8).lines().count(), warned.toString(UTF_8));
        write("cert0.pem", A.certificatePem());
        assertEquals(A.certificate(), presented("a.test"));
        assertEquals(2, warned.toString(UTF_8).lines().count());
    }

    @Test void aCertificateThatHasEndedIsServedWithAWarning() throws Exception {
        var old = TestCertificate.until(Instant.now().minus(Duration.ofDays(1)), "EC", "a.test");
        serve(Duration.ofHours(1), old);
        assertEquals(old.certificate(), presented("a.test"));
        assertTrue(warned.toString(UTF_8).contains("cert0.pem ended on "), warned.toString(UTF_8));
    }

    private void serve(Duration pause, TestCertificate... certificates) throws Exception {
        for (int i = 0; i < certificates.length; i++) {
            files.add(new CertificateFiles(write("cert" + i + ".pem", certificates[i].certificatePem()), write("key" + i + ".pem", certificates[i].keyPem())));
        }
        var context = new CertificateStore(files, pause, new Screen(new PrintStream(said, true), new PrintStream(warned, true))).context();
        listener = Listener.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ListenerConfig.DEFAULTS,
                connection -> TlsDuplex.accept(connection, context, LIMIT).in().read());
    }

    /// Replaced as certbot does; the time is another one whatever the clock's resolution.
    private String write(String name, String content) throws IOException {
        var fresh = Files.writeString(directory.resolve("fresh"), content);
        Files.setLastModifiedTime(fresh, FileTime.from(Instant.ofEpochSecond(System.nanoTime())));
        return Files.move(fresh, directory.resolve(name), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE).toString();
    }

    /// @param suites of TLS 1.2; by 1.3 without any
    private Certificate presented(String host, String... suites) throws Exception {
        var everybody = SSLContext.getInstance("TLS");
        everybody.init(null, new TrustManager[] {new Trusting()}, null);
        try (var socket = (SSLSocket) everybody.getSocketFactory().createSocket(new Socket(InetAddress.getLoopbackAddress(),
                listener.localAddress().getPort()), null, listener.localAddress().getPort(), true)) {
            var parameters = socket.getSSLParameters();
            parameters.setServerNames(host.isEmpty() ? List.<SNIServerName>of() : List.of(new SNIHostName(host)));
            parameters.setProtocols(new String[] {suites.length > 0 ? "TLSv1.2" : "TLSv1.3"});
            if (suites.length > 0) parameters.setCipherSuites(suites);
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return socket.getSession().getPeerCertificates()[0];
        }
    }

    private static final class Trusting implements X509TrustManager {
        @Override public void checkClientTrusted(X509Certificate[] chain, String type) {
        }

        @Override public void checkServerTrusted(X509Certificate[] chain, String type) {
        }

        @Override public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
