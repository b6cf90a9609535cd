package io.loomtunnel.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.Http2Origin;
import io.loomtunnel.fixture.RawOrigin;
import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.fixture.TlsOrigin;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Origins behind TLS.
@Timeout(30)
class TlsOriginTest {
    private static final TestCertificate OWN = TestCertificate.of("EC", "127.0.0.1", "localhost");

    private final PoolConfig trusting = PoolConfig.DEFAULTS.withTls(OWN.trusting());

    private static void answer(Exchange exchange) throws IOException {
        exchange.respond(new ResponseHead(204, new Fields())).end();
    }

    private static TlsOrigin origin(TestCertificate certificate, String... protocols) throws IOException {
        return new TlsOrigin(certificate.serving(), Http2Origin.CONFIG, TlsOriginTest::answer, protocols);
    }

    private static void use(Lease lease) throws IOException {
        try (lease) {
            var transaction = lease.connection().send(new RequestHead("GET", "https", "localhost", "/", new Fields()));
            transaction.content().end();
            assertEquals(204, transaction.response(Deadline.after(Duration.ofSeconds(10))).status());
            transaction.body().readAllBytes();
            lease.completed();
        }
    }

    /// What a request for this origin would be answered with.
    private static void assertFails(String error, String words, URI origin, PoolConfig config) {
        try (var pool = new ConnectionPool(config)) {
            var failure = assertThrows(GatewayException.class, () -> pool.lease(Origin.of(origin)));
            assertEquals(502, failure.status());
            assertTrue(failure.getMessage().contains(words), failure.getMessage());
            assertEquals(error, failure.error(), failure.getMessage());
            assertFalse(failure.getMessage().contains("\n"));
        }
    }

    @Test void alpnDecides() throws Exception {                                           // RFC 7301, RFC 9113 §3.2
        try (var both = origin(OWN, "h2", "http/1.1"); var older = origin(OWN, "http/1.1"); var without = origin(OWN);
             var pool = new ConnectionPool(trusting)) {
            for (var each : List.of(both, older, without)) {
                try (var lease = pool.lease(Origin.of(each.uri()))) {
                    assertEquals(each == both, lease.connection() instanceof Http2Connection);
                }
                use(pool.lease(Origin.of(each.uri())));
            }
            assertEquals(List.of("h2"), both.chosen());
        }
    }

    @Test void http2IsOfferedOnlyWhenPreferred() throws Exception {
        try (var both = origin(OWN, "h2", "http/1.1"); var pool = new ConnectionPool(trusting.withPreferH2(false))) {
            use(pool.lease(Origin.of(both.uri())));
            use(pool.lease(Origin.of(both.uri())));
            assertEquals(List.of("http/1.1"), both.chosen());
        }
    }

    @Test void connectionThatLiesIdleIsUsedAgain() throws Exception {
        try (var origin = origin(OWN, "http/1.1"); var pool = new ConnectionPool(trusting)) {
            var first = pool.lease(Origin.of(origin.uri()));
            var connection = (Http1Client) first.connection();
            use(first);
            assertFalse(connection.stale());
            var second = pool.lease(Origin.of(origin.uri()));
            assertSame(connection, second.connection());
            use(second);
        }
    }

    @Test void requestSaysTheSchemeOfItsConnection() {
        assertEquals("https", Origin.of(URI.create("https://a")).requestScheme());
        assertEquals("http", Origin.of(URI.create("h2c://a")).requestScheme());
        assertEquals(443, Origin.of(URI.create("https://a")).port());
        assertThrows(IllegalArgumentException.class, () -> Origin.of(URI.create("ftp://a")));
    }

    @Test void certificateOfNobodyTrustedIsRefused() throws Exception {                   // RFC 9209 §2.3.17
        try (var origin = origin(OWN, "h2")) {
            assertFails("tls_certificate_error", "--origin-ca", origin.uri(), PoolConfig.DEFAULTS);
            var other = PoolConfig.DEFAULTS.withTls(TestCertificate.of("EC", "127.0.0.1").trusting());
            assertFails("tls_certificate_error", "127.0.0.1:" + origin.port(), origin.uri(), other);
            assertEquals(List.of(), origin.chosen());
        }
    }

    @Test void certificateForAnotherNameIsRefused() throws Exception {                    // RFC 9110 §4.3.4
        var other = TestCertificate.of("EC", "other.example");
        try (var origin = origin(other, "h2")) {
            var config = PoolConfig.DEFAULTS.withTls(other.trusting());
            assertFails("tls_certificate_error", "another name than 127.0.0.1", origin.uri(), config);
            assertFails("tls_certificate_error", "another name than localhost", URI.create("https://localhost:" + origin.port()), config);
        }
    }

    @Test void certificateOutOfItsTimeIsNamed() {
        for (var cause : List.of(new CertificateExpiredException("x"), new CertificateNotYetValidException("x"))) {
            var found = new CertificateException("PKIX path validation failed", new CertPathValidatorException("validity check failed", cause));
            var failure = TlsFailure.explain(Origin.of(URI.create("https://a")), new SSLHandshakeException("no TLS", found));
            assertEquals("tls_certificate_error", failure.error());
            assertTrue(failure.getMessage().contains(cause instanceof CertificateExpiredException ? "expired" : "not valid yet"), failure.getMessage());
        }
    }

    @Test void originWithoutTlsIsNamed() throws Exception {
        try (var origin = new RawOrigin(connection -> connection.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))) {
            assertFails("tls_protocol_error", "http://", URI.create("https://127.0.0.1:" + origin.port()), trusting);
        }
        try (var origin = new RawOrigin(connection -> connection.next())) {
            assertFails("tls_protocol_error", "http://", URI.create("https://127.0.0.1:" + origin.port()), trusting);
        }
    }

    @Test void originThatSaysNothingIsLate() throws Exception {
        try (var origin = new RawOrigin(connection -> {
            while (connection.next() >= 0) {
                // reads, and does not answer
            }
        })) {
            assertFails("connection_timeout", "TLS handshake in time", URI.create("https://127.0.0.1:" + origin.port()),
                    trusting.withConnectTimeout(Duration.ofMillis(300)));
        }
    }

    @Test void alertOfTheOriginIsReported() throws Exception {                            // RFC 9209 §2.3.18
        try (var origin = origin(OWN, "h2")) {
            assertFails("tls_alert_received", "HTTP versions", origin.uri(), trusting.withPreferH2(false));
        }
    }

    @Test void sessionIsResumed() throws Exception {                                      // RFC 8446 §2.2
        var handshakes = new AtomicInteger();
        try (var origin = origin(OWN, "http/1.1"); var pool = new ConnectionPool(PoolConfig.DEFAULTS.withTls(counting(handshakes)))) {
            var first = pool.lease(Origin.of(origin.uri()));
            use(first);
            use(pool.leaseOther(first));
            assertEquals(2, origin.chosen().size());
            assertEquals(1, handshakes.get(), "the second one presented the certificate again");
        }
    }

    @Test void upgradeGoesByHttp1WhereHttp2TakesNone() throws Exception {                 // RFC 8441 §3
        var willing = new TlsOrigin(OWN.serving(), Http2Origin.CONNECT, TlsOriginTest::answer, "h2", "http/1.1");
        try (willing; var origin = origin(OWN, "h2", "http/1.1"); var alone = origin(OWN, "h2"); var pool = new ConnectionPool(trusting)) {
            var upgrade = pool.leaseForUpgrade(Origin.of(origin.uri()));
            assertInstanceOf(Http1Client.class, upgrade.connection());
            use(upgrade);
            assertEquals(List.of("h2", "http/1.1"), origin.chosen());
            try (var lease = pool.lease(Origin.of(origin.uri()))) {
                assertInstanceOf(Http2Connection.class, lease.connection());
            }
            try (var lease = pool.leaseForUpgrade(Origin.of(willing.uri()))) {
                assertTrue(((Http2Connection) lease.connection()).connectProtocol());
            }
            var failure = assertThrows(GatewayException.class, () -> pool.leaseForUpgrade(Origin.of(alone.uri())));
            assertEquals("http_upgrade_failed", failure.error());
        }
    }

    /// Trusts everybody, and counts who had to show a certificate.
    private static SSLContext counting(AtomicInteger count) throws GeneralSecurityException {
        var context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new X509ExtendedTrustManager() {
            @Override public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

            @Override public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
                count.incrementAndGet();
            }

            @Override public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

            @Override public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

            @Override public void checkClientTrusted(X509Certificate[] chain, String type) {}

            @Override public void checkServerTrusted(X509Certificate[] chain, String type) {}

            @Override public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        }}, null);
        return context;
    }
}
