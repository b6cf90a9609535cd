package io.loomtunnel.net;

import static io.loomtunnel.net.Running.start;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.io.Deadline;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Our end beside a plain `SSLSocket` of the JDK as the peer, or at both ends.
@Timeout(30)
class TlsDuplexTest {
    private static final TestCertificate CERTIFICATE = TestCertificate.of("EC", "localhost", "127.0.0.1");
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /// Our end as the server, and a peer on a blocking `SSLSocket`.
    private record Ends(Pair pair, TlsDuplex ours, SSLSocket peer, Wire wire) implements AutoCloseable {
        static Ends open(Watchdog watchdog, String version, String... alpn) throws Exception {
            var pair = Pair.open(watchdog);
            var wire = new Wire(pair.peer());
            var peer = peer(wire, version, alpn);
            var shaking = start(peer::startHandshake);
            var ours = TlsDuplex.accept(pair.ours(), CERTIFICATE.serving(), LIMIT, "h2", "http/1.1");
            shaking.join();
            return new Ends(pair, ours, peer, wire);
        }

        static SSLSocket peer(Socket below, String version, String... alpn) throws IOException {
            var peer = (SSLSocket) CERTIFICATE.trusting().getSocketFactory().createSocket(below, "localhost", 1, true);
            var parameters = peer.getSSLParameters();
            parameters.setProtocols(new String[] {version});
            parameters.setApplicationProtocols(alpn);
            peer.setSSLParameters(parameters);
            return peer;
        }

        @Override public void close() throws IOException {
            ours.reset();
            pair.close();
        }
    }

    /// The socket below the peer's TLS, whose bytes can be held back.
    private static final class Wire extends Socket {
        private final Socket socket;
        private ByteArrayOutputStream held;

        Wire(Socket socket) {
            this.socket = socket;
        }

        byte[] held(Running.Step step) throws Exception {
            held = new ByteArrayOutputStream();
            step.run();
            var bytes = held.toByteArray();
            held = null;
            return bytes;
        }

        @Override public OutputStream getOutputStream() throws IOException {
            var out = socket.getOutputStream();
            return new OutputStream() {
                @Override public void write(int b) throws IOException {
                    write(new byte[] {(byte) b});
                }

                @Override public void write(byte[] bytes, int offset, int length) throws IOException {
                    (held == null ? out : held).write(bytes, offset, length);
                }
            };
        }

        @Override public InputStream getInputStream() throws IOException {
            return socket.getInputStream();
        }

        @Override public boolean isConnected() {
            return true;
        }

        @Override public InetAddress getInetAddress() {
            return socket.getInetAddress();
        }

        @Override public int getPort() {
            return socket.getPort();
        }

        @Override public void close() throws IOException {
            socket.close();
        }

        @Override public void shutdownOutput() throws IOException {
            socket.shutdownOutput();
        }

        @Override public boolean isOutputShutdown() {
            return socket.isOutputShutdown();
        }

        @Override public void shutdownInput() throws IOException {
            socket.shutdownInput();
        }

        @Override public boolean isInputShutdown() {
            return socket.isInputShutdown();
        }

        @Override public int getSoLinger() {
            return -1;
        }

        @Override public int getSoTimeout() throws SocketException {
            return socket.getSoTimeout();
        }

        @Override public void setSoTimeout(int timeout) throws SocketException {
            socket.setSoTimeout(timeout);
        }
    }

    private static <T> FutureTask<T> async(Callable<T> call) {
        var task = new FutureTask<>(call);
        Thread.startVirtualThread(task);
        return task;
    }

    @ParameterizedTest @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void carriesBytesBothWaysWhateverTheirNumber(String version) throws Exception {
        try (var ends = Ends.open(Watchdog.PROCESS, version)) {
            var bytes = new byte[5 * SocketDuplex.PIECE + 17];
            new Random(1).nextBytes(bytes);
            var there = start(() -> {
                ends.ours().out().write(bytes);
                ends.ours().out().write('.');
            });
            assertArrayEquals(bytes, ends.peer().getInputStream().readNBytes(bytes.length));
            assertEquals('.', ends.peer().getInputStream().read());
            there.join();
            var back = start(() -> ends.peer().getOutputStream().write(bytes));
            assertArrayEquals(bytes, ends.ours().in().readNBytes(bytes.length));
            back.join();
        }
    }

    @Test void bothEndsAreOurs() throws Exception {
        try (var listener = Listener.start(new InetSocketAddress("127.0.0.1", 0), ListenerConfig.DEFAULTS, connection -> {
            var tls = TlsDuplex.accept(connection, CERTIFICATE.serving(), LIMIT);
            tls.in().transferTo(tls.out());
            tls.finish();
            tls.close();
            tls.awaitEnd(Deadline.after(LIMIT));
        })) {
            int port = listener.localAddress().getPort();
            var tls = TlsDuplex.connect(Dialer.DEFAULT.connect("127.0.0.1", port, LIMIT), CERTIFICATE.trusting(), "localhost", port, LIMIT);
            tls.out().write("there and back".getBytes(US_ASCII));
            tls.finish();
            assertEquals("there and back", new String(tls.in().readAllBytes(), US_ASCII));
            tls.close();
        }
    }

    // ---- handshakes

    @Test void alpnTakesOurFirstThatThePeerHas() throws Exception {                  // RFC 7301 §3.2
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.3", "http/1.1", "h2")) {
            assertEquals("h2", ends.ours().applicationProtocol());
            assertEquals("h2", ends.peer().getApplicationProtocol());
        }
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.3", "http/1.1")) {
            assertEquals("http/1.1", ends.ours().applicationProtocol());
        }
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.3")) {
            assertEquals("", ends.ours().applicationProtocol());
        }
    }

    @Test void aPeerThatSpeaksOnlyOtherProtocolsIsToldSo() throws Exception {         // RFC 7301 §3.2: no_application_protocol
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var peer = Ends.peer(pair.peer(), "TLSv1.3", "spdy/3");
            var shaking = start(peer::startHandshake);
            assertThrows(SSLException.class, () -> TlsDuplex.accept(pair.ours(), CERTIFICATE.serving(), LIMIT, "h2", "http/1.1"));
            assertTrue(shaking.failure().getMessage().contains("no_application_protocol"));
        }
    }

    @Test void versionsBefore12AreRefused() throws Exception {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            // A ClientHello of TLS 1.0 in a record, as far as the version (RFC 2246 §7.4.1.2), with one cipher suite.
            var hello = new byte[5 + 4 + 2 + 32 + 1 + 2 + 2 + 2];
            hello[0] = 22;
            hello[1] = 3;
            hello[2] = 1;
            hello[4] = (byte) (hello.length - 5);
            hello[5] = 1;
            hello[8] = (byte) (hello.length - 9);
            hello[9] = 3;
            hello[10] = 1;
            hello[45] = 2;
            hello[47] = 0x2f;
            hello[48] = 1;
            pair.peer().getOutputStream().write(hello);
            assertThrows(SSLException.class, () -> TlsDuplex.accept(pair.ours(), CERTIFICATE.serving(), LIMIT));
            var alert = pair.peer().getInputStream().readAllBytes();
            assertEquals(21, alert[0]);
            assertEquals(70, alert[6], "protocol_version");
        }
    }

    @Test void onlyCipherSuitesThatHttp2AllowsAreServed() throws Exception {           // RFC 9113 §9.2.2
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var peer = Ends.peer(pair.peer(), "TLSv1.2", "h2");
            peer.setEnabledCipherSuites(Arrays.stream(peer.getEnabledCipherSuites()).filter(suite -> suite.contains("_CBC_")).toArray(String[]::new));
            var shaking = start(peer::startHandshake);
            assertThrows(SSLException.class, () -> TlsDuplex.accept(pair.ours(), CERTIFICATE.serving(), LIMIT, "h2"));
            assertInstanceOf(SSLHandshakeException.class, shaking.failure());
        }
    }

    @Test void aCertificateForAnotherHostIsRefused() throws Exception {                // RFC 9110 §4.3.4
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var server = (SSLSocket) CERTIFICATE.serving().getSocketFactory().createSocket(pair.peer(), null, true);
            var shaking = start(server::startHandshake);
            var failure = assertThrows(SSLException.class,
                    () -> TlsDuplex.connect(pair.ours(), CERTIFICATE.trusting(), "other.example", 443, LIMIT));
            assertTrue(failure.getMessage().startsWith("no TLS with other.example:443: "), failure.getMessage());
            assertInstanceOf(IOException.class, shaking.failure());
        }
    }

    @Test void theNameIsSentAndAnAddressIsNot() throws Exception {                     // RFC 6066 §3
        for (var host : new String[] {"localhost", "127.0.0.1"}) {
            try (var pair = Pair.open(Watchdog.PROCESS)) {
                var server = (SSLSocket) CERTIFICATE.serving().getSocketFactory().createSocket(pair.peer(), null, true);
                var names = async(() -> {
                    server.startHandshake();
                    return ((ExtendedSSLSession) server.getSession()).getRequestedServerNames().toString();
                });
                TlsDuplex.connect(pair.ours(), CERTIFICATE.trusting(), host, 443, LIMIT);
                assertEquals(host.equals("localhost"), names.get(10, TimeUnit.SECONDS).contains("localhost"));
            }
        }
    }

    @Test void aHandshakeThatDripsIsCutByTime() throws Exception {
        try (var watchdog = new Watchdog(Duration.ofMinutes(1)); var pair = Pair.open(watchdog)) {
            var accepted = start(() -> TlsDuplex.accept(pair.ours(), CERTIFICATE.serving(), Duration.ofMillis(300)));
            var drip = start(() -> {
                try (var silent = Pair.open(Watchdog.PROCESS)) {
                    silent.ours().readTimeout(Duration.ofMillis(20));
                    pair.peer().getOutputStream().write(new byte[] {22, 3, 1, 2, 0});
                    while (true) {
                        pair.peer().getOutputStream().write(1);
                        assertThrows(SocketTimeoutException.class, () -> silent.ours().in().read());
                    }
                }
            });
            assertInstanceOf(SocketTimeoutException.class, accepted.failure());
            assertInstanceOf(SocketException.class, drip.failure());
            assertEquals(0, watchdog.watched());
        }
    }

    @Test void aSilentServerIsGivenUpInTime() throws Exception {
        try (var pair = Pair.open(Watchdog.PROCESS)) {
            var failure = assertThrows(SocketTimeoutException.class,
                    () -> TlsDuplex.connect(pair.ours(), CERTIFICATE.trusting(), "localhost", 443, Duration.ofMillis(100)));
            assertEquals("no TLS with localhost:443 within 100 ms", failure.getMessage());
        }
    }

    // ---- time-outs

    @Test void aReadThatTimesOutInsideARecordIsResumed() throws Exception {
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.3")) {
            Callable<byte[]> hello = () -> ends.wire().held(() -> ends.peer().getOutputStream().write("hello".getBytes(US_ASCII)));
            for (int cut : new int[] {0, 3, 5, 9}) {
                var record = hello.call();
                var raw = ends.pair().peer().getOutputStream();
                if (cut > 0) raw.write(record, 0, cut);
                ends.ours().readTimeout(Duration.ofMillis(30));
                assertThrows(SocketTimeoutException.class, () -> ends.ours().in().read(), "cut at " + cut);
                ends.ours().out().write('x');
                assertEquals('x', ends.peer().getInputStream().read(), "the other direction goes on");
                ends.ours().readTimeout(Duration.ZERO);
                raw.write(record, cut, record.length - cut);
                assertEquals("hello", new String(ends.ours().in().readNBytes(5), US_ASCII));
            }
        }
    }

    @ParameterizedTest @ValueSource(ints = {150, 300})
    void aRecordThatDripsIsLateAsAWhole(int millis) throws Exception {
        var limit = Duration.ofMillis(millis);
        try (var watchdog = new Watchdog(Duration.ofMillis(400)); var ends = Ends.open(watchdog, "TLSv1.3")) {
            assertEquals(millis == 300, watchdog.coarse(limit), "one is the socket's to keep, one the sweep's");
            var record = ends.wire().held(() -> ends.peer().getOutputStream().write(new byte[16 * 1024]));
            ends.ours().readTimeout(limit);
            var drip = start(() -> {
                try (var silent = Pair.open(Watchdog.PROCESS)) {
                    silent.ours().readTimeout(Duration.ofMillis(20));
                    for (byte b : record) {
                        ends.pair().peer().getOutputStream().write(b);
                        assertThrows(SocketTimeoutException.class, () -> silent.ours().in().read());
                    }
                }
            });
            assertThrows(SocketTimeoutException.class, () -> ends.ours().in().read());
            ends.ours().reset();
            assertInstanceOf(SocketException.class, drip.failure());
        }
    }

    @Test void aReadThatWaitsForTooLongTimesOutAndAnAnswerCanStillBeSent() throws Exception {
        var limit = Duration.ofMillis(200);
        try (var watchdog = new Watchdog(limit); var ends = Ends.open(watchdog, "TLSv1.3")) {
            assertTrue(watchdog.coarse(limit), "left to the sweep");
            ends.ours().readTimeout(limit);
            assertThrows(SocketTimeoutException.class, () -> ends.ours().in().read());
            assertThrows(SocketTimeoutException.class, () -> ends.ours().in().read(), "the input has ended for good");
            ends.ours().out().write('y');
            ends.ours().finish();
            assertEquals('y', ends.peer().getInputStream().read());
            assertEquals(-1, ends.peer().getInputStream().read());
        }
    }

    // ---- ends

    @Test void eachDirectionEndsForItselfByTls13() throws Exception {                   // RFC 8446 §6.1
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.3")) {
            ends.ours().finish();
            ends.ours().finish();
            assertEquals(-1, ends.peer().getInputStream().read());
            ends.peer().getOutputStream().write("late".getBytes(US_ASCII));
            ends.peer().shutdownOutput();
            assertEquals("late", new String(ends.ours().in().readAllBytes(), US_ASCII));
            assertEquals(-1, ends.ours().in().read());
        }
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.3")) {
            ends.peer().shutdownOutput();
            assertEquals(-1, ends.ours().in().read());
            ends.ours().out().write("late".getBytes(US_ASCII));
            ends.ours().finish();
            assertEquals("late", new String(ends.peer().getInputStream().readAllBytes(), US_ASCII));
        }
    }

    @Test void byTls12ThePeersEndIsOurs() throws Exception {                            // RFC 5246 §7.2.1
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.2")) {
            ends.peer().shutdownOutput();
            assertEquals(-1, ends.ours().in().read());
            assertEquals(-1, ends.peer().getInputStream().read());
            assertThrows(IOException.class, () -> ends.ours().out().write('x'));
        }
    }

    @ParameterizedTest @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void anEndThatTlsDidNotAnnounceIsACut(String version) throws Exception {            // RFC 9112 §9.8
        try (var ends = Ends.open(Watchdog.PROCESS, version)) {
            ends.peer().getOutputStream().write('x');
            ends.pair().peer().shutdownOutput();
            assertEquals('x', ends.ours().in().read());
            assertThrows(EOFException.class, () -> ends.ours().in().read());
            assertThrows(EOFException.class, () -> ends.ours().in().read());
        }
    }

    @Test void closeAnnouncesTheEnd() throws Exception {
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.3")) {
            ends.ours().out().write('x');
            ends.ours().close();
            ends.ours().close();
            ends.ours().awaitEnd(Deadline.after(LIMIT));
            assertEquals('x', ends.peer().getInputStream().read());
            var alert = ends.pair().peer().getInputStream().readAllBytes();
            assertTrue(alert.length > 5, "close_notify, before the connection's end");
            assertThrows(IOException.class, () -> ends.ours().in().read());
            assertThrows(IOException.class, () -> ends.ours().out().write('x'));
        }
    }

    @Test void closeAndResetReturnAtOnceWhateverIsFull() throws Exception {
        for (boolean reset : new boolean[] {false, true}) {
            try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.3")) {
                var writer = Running.writeForEver(ends.ours());
                writer.untilParked();
                var reader = start(() -> ends.ours().in().read());
                reader.untilParked();
                if (reset) ends.ours().reset();
                else ends.ours().close();
                ends.ours().awaitEnd(Deadline.NEVER);
                assertInstanceOf(IOException.class, writer.failure());
                assertInstanceOf(IOException.class, reader.failure());
            }
        }
    }

    @Test void aWriteWithoutProgressIsReset() throws Exception {
        try (var watchdog = new Watchdog(Duration.ofMillis(200)); var ends = Ends.open(watchdog, "TLSv1.3")) {
            assertInstanceOf(IOException.class, Running.writeForEver(ends.ours()).failure());
            assertThrows(IOException.class, () -> ends.peer().getInputStream().readAllBytes());
            assertEquals(0, watchdog.watched(), "a connection that was reset is forgotten");
        }
    }

    // ---- floods

    @Test void renegotiationIsRefused() throws Exception {                              // RFC 9113 §9.2.1
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.2")) {
            ends.peer().startHandshake();
            var failure = assertThrows(SSLException.class, () -> ends.ours().in().read());
            assertTrue(failure.getMessage().contains("renegotiate"), failure.getMessage());
            var peer = assertThrows(SSLException.class, () -> ends.peer().getInputStream().read());
            assertTrue(peer.getMessage().contains("unexpected_message"), peer.getMessage());
        }
    }

    @Test void keyUpdatesAreAnsweredUntilThereIsNothingElse() throws Exception {        // RFC 8446 §4.6.3
        try (var ends = Ends.open(Watchdog.PROCESS, "TLSv1.3")) {
            var echo = start(() -> {
                int b;
                while ((b = ends.ours().in().read()) >= 0) ends.ours().out().write(b);
            });
            for (int i = 0; i < 100; i++) {
                ends.peer().startHandshake();
                ends.peer().getOutputStream().write(i);
                assertEquals(i, ends.peer().getInputStream().read());
            }
            var flood = start(() -> {
                while (true) ends.peer().startHandshake();
            });
            assertTrue(echo.failure().getMessage().contains("too many records"), echo.failure().getMessage());
            ends.ours().close();
            assertInstanceOf(IOException.class, flood.failure());
        }
    }
}
