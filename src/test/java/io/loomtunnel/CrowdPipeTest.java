package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.MoodyOrigin;
import io.loomtunnel.fixture.TestCertificate;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.net.TlsDuplex;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Visitors of every kind who do at once what they should and what they should not: leave anywhere, fall silent, upgrade, send on
/// after the answer. Who asks properly is answered properly; and once all have gone nothing is left of them.
///
/// `-Dcrowd.seconds=20 -Dcrowd.visitors=300 -Dcrowd.seed=N` for longer, larger and other crowds.
@Timeout(180)
class CrowdPipeTest {
    private static final TestCertificate CERTIFICATE = TestCertificate.of("EC", "localhost");
    private static final SSLContext TRUSTING = CERTIFICATE.trusting();
    private static final InetSocketAddress FREE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final int MOST = 300_000;

    private final Deadline end = Deadline.after(Duration.ofSeconds(Long.getLong("crowd.seconds", 3)));
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicLong answered = new AtomicLong();
    private final ConcurrentHashMap<String, Integer> done = new ConcurrentHashMap<>();
    private TunnelServer server;

    @Test void whoeverLeavesHoweverNothingIsLeftOfThem() throws Exception {
        long used = MemoryBudget.PROCESS.used();
        int descriptors = descriptors();
        try (var origin = new MoodyOrigin()) {
            var opened = TunnelServer.builder().bind(0).http(FREE).https(FREE, CERTIFICATE.serving()).token("s3cret").grace(Duration.ZERO).start();
            var client = TunnelClient.builder().server("127.0.0.1", opened.controlAddress().getPort()).token("s3cret").http(origin.uri()).start();
            server = opened;
            try (opened; client) {
                crowd();
                assertNull(failure.get(), () -> trace(failure.get()));
                assertTrue(answered.get() > 100, () -> "served " + answered);
                var tunnel = server.tunnels().tunnels().getFirst();
                await(() -> tunnel.streams() == 0, () -> tunnel.streams() + " streams of the tunnel");
                await(() -> origin.busy() == 0, () -> origin.busy() + " connections of the origin are in the midst of something");
            }
        }
        await(() -> MemoryBudget.PROCESS.used() == used, () -> MemoryBudget.PROCESS.used() - used + " bytes of the budget");
        await(() -> MemoryBudget.PROCESS.promised() == 0, () -> MemoryBudget.PROCESS.promised() + " bytes that windows promise");
        await(() -> descriptors() <= descriptors + 5, () -> descriptors() + " descriptors, " + descriptors + " before");
        System.out.println("crowd: " + answered + " answers, " + done);
    }

    private void crowd() throws InterruptedException {
        long seed = Long.getLong("crowd.seed", 1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0, n = Integer.getInteger("crowd.visitors", 60); i < n; i++) {
                var random = new Random(seed * 10_000 + i);
                threads.submit(() -> visit(random));
            }
        }
    }

    private void visit(Random random) {
        try {
            while (!end.passed() && failure.get() == null) {
                if (random.nextBoolean()) http1(random);
                else http2(random);
            }
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
        }
    }

    private static String trace(Throwable failure) {
        var text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    private static void await(BooleanSupplier condition, Supplier<String> what) {
        for (var patience = Deadline.after(LONG); !condition.getAsBoolean(); Thread.onSpinWait()) assertTrue(!patience.passed(), what);
    }

    private static int descriptors() {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return (int) files.count();
        } catch (IOException e) {
            return 0;                       // not that system
        }
    }

    private void count(String what) {
        done.merge(what, 1, Integer::sum);
    }

    // ---- by HTTP/1.1 -------------------------------------------------------------------------------------------

    private Duplex connect(boolean tls, String protocol) throws IOException {
        if (!tls) return Dialer.DEFAULT.connect("127.0.0.1", server.httpAddress().getPort(), LONG);
        int port = server.httpsAddress().getPort();
        return TlsDuplex.connect(Dialer.DEFAULT.connect("127.0.0.1", port, LONG), TRUSTING, "localhost", port, LONG, protocol);
    }

    private void http1(Random random) throws IOException {
        try (var duplex = connect(random.nextInt(4) == 0, "http/1.1")) {
            var in = new ByteReader(duplex.in(), new MemoryBudget(1 << 30));
            duplex.readTimeout(LONG);
            for (int n = 1 + random.nextInt(4); n > 0; n--) if (!http1(random, duplex, in)) return;
        }
    }

    /// @return whether the connection goes on
    private boolean http1(Random random, Duplex duplex, ByteReader in) throws IOException {
        int length = random.nextInt(4) == 0 ? random.nextInt(MOST) : random.nextInt(3_000);
        switch (random.nextInt(14)) {
            case 0, 1, 2 -> {
                count("h1 get");
                send(duplex, get((random.nextBoolean() ? "/length/" : "/chunked/") + length));
                answer(in, length);
                return true;
            }
            case 3 -> {
                count("h1 pipeline");
                int many = 2 + random.nextInt(5);
                send(duplex, get("/length/" + length % 5_000).repeat(many));
                for (int i = 0; i < many; i++) answer(in, length % 5_000);
                return true;
            }
            case 4, 5 -> {
                count("h1 echo");
                send(duplex, post("/count", "Content-Length: " + length));
                for (int sent = 0; sent < length; ) {
                    int n = Math.min(length - sent, 1 + random.nextInt(20_000));
                    duplex.out().write(new byte[n]);
                    sent += n;
                }
                assertEquals("" + length, text(in));
                return true;
            }
            case 6 -> {
                count("h1 leaves a head");
                var head = get("/length/10");
                send(duplex, head.substring(0, random.nextInt(head.length())));
            }
            case 7 -> {
                count("h1 leaves content");
                send(duplex, post(random.nextBoolean() ? "/count" : "/hang", random.nextBoolean() ? "Content-Length: 400000" : "Transfer-Encoding: chunked\r\n\r\n5\r\nabcd"));
                try {
                    duplex.out().write(new byte[random.nextInt(200_000)]);
                } catch (IOException e) {
                    // broken chunks were refused
                }
            }
            case 8 -> {
                count("h1 leaves a response");
                send(duplex, get((random.nextBoolean() ? "/length/" : "/chunked/") + MOST));
                in.readFully(new byte[MOST], 0, 1 + random.nextInt(MOST / 2));
            }
            case 9 -> {
                count("h1 leaves a silent origin");
                send(duplex, random.nextBoolean() ? get("/hang") : post("/hang", "Content-Length: 5") + "abcde");
                hear(duplex, in, 1 + random.nextInt(120));
                duplex.reset();                 // an end so early could be a half-close
            }
            case 10 -> {
                count("h1 early response");
                send(duplex, post("/early", "Content-Length: " + length));
                try {
                    duplex.out().write(new byte[random.nextBoolean() ? length : length / 2]);
                } catch (IOException e) {
                    return false;
                }
                if (random.nextBoolean()) text(in);
                return false;
            }
            case 11 -> {
                count("h1 a response that breaks off");
                send(duplex, get("/cut/" + (10 + length)));
                try {
                    int n = length(head(in));
                    in.readFully(new byte[n], 0, n);
                    throw new AssertionError("a response that was cut is whole");
                } catch (IOException e) {
                    return false;
                }
            }
            case 12 -> webSocket(random, duplex, in);
            default -> {
                count("h1 half-close");
                send(duplex, get("/length/" + length));
                duplex.finish();
                answer(in, length);
                return false;
            }
        }
        if (random.nextBoolean()) duplex.reset();
        return false;
    }

    private void webSocket(Random random, Duplex duplex, ByteReader in) throws IOException {
        count("h1 websocket");
        send(duplex, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        var head = head(in);
        assertTrue(head.startsWith("HTTP/1.1 101 "), head);
        if (random.nextInt(3) == 0) {
            Thread.ofVirtual().start(() -> flood(duplex));
            in.readFully(new byte[1_000], 0, 1_000);
            duplex.reset();
            return;
        }
        var bytes = new byte[1 + random.nextInt(20_000)];
        duplex.out().write(bytes);
        in.readFully(new byte[bytes.length], 0, random.nextInt(bytes.length) + 1);
        if (random.nextInt(3) == 0) {
            duplex.finish();
            while (in.fill()) in.skip(in.available());
        }
    }

    private static void flood(Duplex duplex) {
        try {
            for (int i = 0; i < 200; i++) duplex.out().write(new byte[100_000]);
        } catch (IOException e) {
            // reset meanwhile
        }
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
    }

    private static String post(String path, String field) {
        return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n";
    }

    private static void send(Duplex duplex, String text) throws IOException {
        duplex.out().write(text.getBytes(ISO_8859_1));
    }

    /// Listens for a while to somebody who says nothing.
    private static void hear(Duplex duplex, ByteReader in, int millis) throws IOException {
        duplex.readTimeout(Duration.ofMillis(millis));
        try {
            in.fill();
        } catch (SocketTimeoutException e) {
            // as it should be
        }
    }

    private void answer(ByteReader in, int length) throws IOException {
        var head = head(in);
        assertTrue(head.startsWith("HTTP/1.1 200 "), head);
        int declared = length(head);
        int read = 0;
        for (int left = declared >= 0 ? declared : chunk(in); left > 0; left = declared >= 0 ? 0 : chunk(in)) {
            var piece = new byte[left];
            in.readFully(piece, 0, left);
            for (int i = 0; i < left; i++) if (piece[i] != MoodyOrigin.at(read + i)) throw new AssertionError("byte " + (read + i) + " of " + length);
            read += left;
            if (declared < 0) line(in);
        }
        if (declared < 0) line(in);
        assertEquals(length, read);
        answered.incrementAndGet();
    }

    private String text(ByteReader in) throws IOException {
        var head = head(in);
        assertTrue(head.startsWith("HTTP/1.1 200 "), head);
        var text = new byte[length(head)];
        in.readFully(text, 0, text.length);
        answered.incrementAndGet();
        return new String(text, ISO_8859_1);
    }

    private static int chunk(ByteReader in) throws IOException {
        return Integer.parseInt(line(in), 16);
    }

    private static String head(ByteReader in) throws IOException {
        var head = new StringBuilder();
        for (String line; !(line = line(in)).isEmpty(); ) head.append(line).append("\r\n");
        return head.toString();
    }

    private static String line(ByteReader in) throws IOException {
        var line = new StringBuilder();
        for (int b; (b = in.read()) != '\n'; ) if (b != '\r') line.append((char) b);
        return line.toString();
    }

    private static int length(String head) {
        int at = head.toLowerCase().indexOf("content-length: ");
        return at < 0 ? -1 : Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)));
    }

    // ---- by HTTP/2 ---------------------------------------------------------------------------------------------

    private void http2(Random random) throws IOException {
        boolean tls = random.nextInt(4) == 0;
        var duplex = connect(tls, "h2");
        var in = new ByteReader(duplex.in(), MemoryBudget.PROCESS);
        var connection = Http2Connection.client(duplex, in, Http2Config.ORIGIN, new Peer(server.httpAddress(), "http"));
        var reader = Thread.ofVirtual().start(() -> {
            try {
                connection.run();
            } catch (IOException e) {
                // the streams tell
            }
        });
        try {
            assertTrue(connection.awaitSettings(Deadline.after(LONG)));
            boolean abrupt = random.nextInt(3) == 0;
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 1 + random.nextInt(10); i > 0; i--) {
                    var own = new Random(random.nextLong());
                    threads.submit(() -> requests(connection, own, abrupt));
                }
                if (abrupt) {
                    count("h2 leaves altogether");
                    hearNothing(connection, random);
                    connection.close();
                }
            }
        } finally {
            if (random.nextBoolean()) connection.drain();
            else connection.close();
            join(reader);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void hearNothing(Http2Connection connection, Random random) {
        try {
            for (int i = random.nextInt(4); i > 0; i--) connection.ping(Deadline.after(LONG));
        } catch (IOException e) {
            // it is over
        }
    }

    private void requests(Http2Connection connection, Random random, boolean abrupt) {
        try {
            for (int n = 1 + random.nextInt(4); n > 0; n--) request(connection, random);
        } catch (IOException e) {
            if (!abrupt) failure.compareAndSet(null, e);
        } catch (Throwable e) {
            if (!abrupt || !(e instanceof AssertionError)) failure.compareAndSet(null, e);
        }
    }

    private void request(Http2Connection connection, Random random) throws IOException {
        int length = random.nextInt(4) == 0 ? random.nextInt(MOST) : random.nextInt(3_000);
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> {
                count("h2 get");
                var get = get(connection, (random.nextBoolean() ? "/length/" : "/chunked/") + length);
                answer(get, length);
            }
            case 3, 4 -> {
                count("h2 echo");
                var post = post(connection, "/count", random.nextBoolean() ? length : -1);
                for (int sent = 0; sent < length; ) {
                    int n = Math.min(length - sent, 1 + random.nextInt(20_000));
                    post.content().write(new byte[n], 0, n);
                    sent += n;
                }
                post.content().end();
                var head = post.response(Deadline.after(LONG));
                assertEquals(200, head.status());
                assertEquals("" + length, new String(bytes(post.body()), ISO_8859_1));
                answered.incrementAndGet();
            }
            case 5 -> {
                count("h2 cancels at once");
                get(connection, "/length/" + length).cancel();
            }
            case 6 -> {
                count("h2 cancels content");
                var post = post(connection, random.nextBoolean() ? "/hang" : "/count", 400_000);
                post.content().write(new byte[60_000], 0, random.nextInt(60_000));
                post.content().flush();
                post.cancel();
            }
            case 7 -> {
                count("h2 cancels a response");
                var get = get(connection, "/length/" + MOST);
                assertEquals(200, get.response(Deadline.after(LONG)).status());
                get.body().readNBytes(random.nextInt(MOST / 2));
                get.cancel();
            }
            case 8 -> {
                count("h2 cancels silence");
                var get = get(connection, "/hang");
                try {
                    get.response(Deadline.after(Duration.ofMillis(1 + random.nextInt(120))));
                } catch (SocketTimeoutException e) {
                    // as it should be
                }
                get.cancel();
            }
            case 9 -> {
                count("h2 early response");
                var post = post(connection, "/early", length);
                try {
                    post.content().write(new byte[length], 0, random.nextInt(length + 1));
                    post.content().flush();
                } catch (IOException e) {
                    // it wants no more
                }
                post.response(Deadline.after(LONG));
                if (random.nextBoolean()) bytes(post.body());
                post.cancel();
            }
            case 10 -> {
                count("h2 a response that breaks off");
                var get = get(connection, "/cut/" + (10 + length));
                try {
                    get.response(Deadline.after(LONG));
                    bytes(get.body());
                    throw new AssertionError("a response that was cut is whole");
                } catch (IOException e) {
                    get.cancel();
                }
            }
            default -> webSocket(connection, random);
        }
    }

    private void webSocket(Http2Connection connection, Random random) throws IOException {
        count("h2 websocket");
        var socket = connection.send(new RequestHead("CONNECT", "http", "a", "/ws", "websocket", Fields.of("sec-websocket-version", "13")));
        socket.content().flush();
        assertEquals(200, socket.response(Deadline.after(LONG)).status());
        try (var duplex = socket.duplex()) {
            var bytes = new byte[1 + random.nextInt(20_000)];
            duplex.out().write(bytes);
            duplex.in().readNBytes(1 + random.nextInt(bytes.length));
            if (random.nextInt(3) == 0) {
                duplex.finish();
                duplex.in().readAllBytes();
            }
        }
    }

    private static Transaction get(Http2Connection connection, String path) throws IOException {
        var get = connection.send(new RequestHead("GET", "http", "a", path, new Fields()));
        get.content().end();
        return get;
    }

    private static Transaction post(Http2Connection connection, String path, int length) throws IOException {
        var fields = new Fields();
        if (length >= 0) fields.add("content-length", "" + length);
        return connection.send(new RequestHead("POST", "http", "a", path, fields));
    }

    private void answer(Transaction get, int length) throws IOException {
        assertEquals(200, get.response(Deadline.after(LONG)).status());
        var bytes = bytes(get.body());
        assertEquals(length, bytes.length);
        for (int i = 0; i < length; i++) if (bytes[i] != MoodyOrigin.at(i)) throw new AssertionError("byte " + i + " of " + length);
        answered.incrementAndGet();
    }

    private static byte[] bytes(Content body) throws IOException {
        return body.readAllBytes();
    }
}
