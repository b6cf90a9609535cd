package io.loomtunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.Security;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Bulk through a tunnel by TLS whose keys change all the time, both ways at once. The limit of a key is read when JSSE loads, so this
/// happens in a JVM of its own, with the compiler that has AES. `-Dloomtunnel.saturation=120` goes on for two minutes.
class TlsTunnelLoadTest {
    private static final String KEY_LIMIT = "AES/GCM/NoPadding KeyUpdate 2^22, ChaCha20-Poly1305 KeyUpdate 2^22";
    private static final InetSocketAddress FREE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final int BYTES = 64 * 1024 * 1024;
    private static final int STALL = 10_000;               // milliseconds without a byte
    private static final int REST = 90;                    // seconds for everything else

    @Test void saturatedTrafficBothWaysDoesNotStallAndArrivesWhole() throws Exception {       // RFC 8446 §4.6.3
        int seconds = Integer.getInteger("loomtunnel.saturation", 3);
        var java = Path.of(System.getProperty("java.home"), "bin", "java");
        var child = new ProcessBuilder(java.toString(), "-Xmx256m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
                TlsTunnelLoadTest.class.getName(), Integer.toString(seconds)).redirectErrorStream(true).start();
        try (var out = child.inputReader()) {
            var said = new StringBuilder();
            var reading = Thread.startVirtualThread(() -> out.lines().forEach(line -> said.append(line).append('\n')));
            assertTrue(child.waitFor(seconds + REST, TimeUnit.SECONDS), "stalled");
            reading.join();
            assertEquals(0, child.exitValue(), said.toString());
            System.out.print(said);
        } finally {
            child.destroyForcibly();
        }
    }

    /// The child's.
    public static void main(String[] args) throws Exception {
        Security.setProperty("jdk.tls.keyLimits", KEY_LIMIT);
        var certificate = TestCertificate.of("EC", "localhost");
        var time = Duration.ofSeconds(Integer.parseInt(args[0]));
        try (var echo = Listener.start(FREE, ListenerConfig.DEFAULTS, connection -> {
                    connection.in().transferTo(connection.out());
                    connection.finish();
                });
             var source = Listener.start(FREE, ListenerConfig.DEFAULTS, connection -> {
                    var sending = start(() -> send(connection.out(), time));
                    receive(connection.in());
                    done(sending);
                });
             var server = TunnelServer.builder().bind(0).tls(certificate.serving()).token("s3cret").tcp("echo", FREE).tcp("source", FREE).start();
             var _ = TunnelClient.builder().server("localhost", server.controlAddress().getPort()).tls(certificate.trusting()).token("s3cret")
                     .tcp("echo", echo.localAddress().getPort()).tcp("source", source.localAddress().getPort()).start()) {
            arrivesWhole(server.tcpAddress("echo"));
            saturates(server.tcpAddress("source"), time);
        }
        System.exit(0);
    }

    private static void arrivesWhole(InetSocketAddress address) throws Exception {
        var bytes = new byte[BYTES];
        new Random(1).nextBytes(bytes);
        try (var visitor = visitor(address)) {
            long began = System.nanoTime();
            var sending = start(() -> {
                visitor.getOutputStream().write(bytes);
                visitor.shutdownOutput();
                return (long) BYTES;
            });
            var digest = MessageDigest.getInstance("SHA-256");
            var piece = new byte[64 * 1024];
            for (int n; (n = visitor.getInputStream().read(piece)) >= 0; ) digest.update(piece, 0, n);
            done(sending);
            if (!Arrays.equals(digest.digest(), MessageDigest.getInstance("SHA-256").digest(bytes))) throw new IOException("other bytes came back");
            System.out.println("64 MiB up and down: " + 2L * BYTES * 1000 / (System.nanoTime() - began) + " MB/s");
        }
    }

    private static void saturates(InetSocketAddress address, Duration time) throws Exception {
        try (var visitor = visitor(address)) {
            long began = System.nanoTime();
            var sending = start(() -> {
                long sent = send(visitor.getOutputStream(), time);
                visitor.shutdownOutput();
                return sent;
            });
            long received = receive(visitor.getInputStream());
            long sent = done(sending);
            var speed = (sent + received) * 1000 / (System.nanoTime() - began);
            System.out.println("both ways for " + time.toSeconds() + " s: " + sent / 1_000_000 + " MB up, " + received / 1_000_000 + " MB down, " + speed + " MB/s");
        }
    }

    private static Socket visitor(InetSocketAddress address) throws IOException {
        var visitor = new Socket(address.getAddress(), address.getPort());
        visitor.setSoTimeout(STALL);
        return visitor;
    }

    private static long send(OutputStream out, Duration time) throws IOException {
        var piece = new byte[64 * 1024];
        long until = System.nanoTime() + time.toNanos();
        long sent = 0;
        for (; System.nanoTime() - until < 0; sent += piece.length) out.write(piece);
        return sent;
    }

    private static long receive(InputStream in) throws IOException {
        var piece = new byte[64 * 1024];
        long received = 0;
        for (int n; (n = in.read(piece)) >= 0; ) received += n;
        if (received == 0) throw new EOFException("nothing came");
        return received;
    }

    private interface Part {
        long run() throws IOException;
    }

    private static FutureTask<Long> start(Part part) {
        var task = new FutureTask<>(part::run);
        Thread.startVirtualThread(task);
        return task;
    }

    private static long done(FutureTask<Long> task) throws IOException {
        try {
            return task.get(REST, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IOException("a direction failed", e);
        }
    }
}
