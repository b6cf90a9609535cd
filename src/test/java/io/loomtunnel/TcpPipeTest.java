package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.ingress.TcpIngressConfig;
import io.loomtunnel.ingress.TrustedProxies;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.pool.PoolConfig;
import io.loomtunnel.proxy.ProxyHeader;
import io.loomtunnel.proxy.TcpOrigin;
import io.loomtunnel.tunnel.RefusedException;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.SessionEvent;
import io.loomtunnel.tunnel.TcpConnect;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Raw TCP between two sockets of the JDK's, which take the tunnel between them for the network.
@Timeout(60)
class TcpPipeTest {
    private static final String TOKEN = "s3cret";
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final int PATIENCE = 10_000;         // ms

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final ServerSocket origin = opened(new ServerSocket(0, 50, LOOPBACK));

    TcpPipeTest() throws IOException {
        origin.setSoTimeout(PATIENCE);
    }

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void whatIsSentArrivesBothWays() throws Exception {
        var pair = connect(started());
        pair.visitor.getOutputStream().write("ping".getBytes(ISO_8859_1));
        assertEquals("ping", read(pair.origin, 4));
        pair.origin.getOutputStream().write("pong".getBytes(ISO_8859_1));
        assertEquals("pong", read(pair.visitor, 4));
    }

    @Test void anOriginThatSpeaksFirstIsHeard() throws Exception {
        var pair = connect(started());
        pair.origin.getOutputStream().write("220 ready\r\n".getBytes(ISO_8859_1));
        assertEquals("220 ready\r\n", read(pair.visitor, 11));
    }

    @Test void aVisitorsEndIsTheOriginsAndTheAnswerStillComes() throws Exception {
        var pair = connect(started());
        pair.visitor.getOutputStream().write("all".getBytes(ISO_8859_1));
        pair.visitor.shutdownOutput();
        assertEquals("all", new String(pair.origin.getInputStream().readAllBytes(), ISO_8859_1));
        pair.origin.getOutputStream().write("answer".getBytes(ISO_8859_1));
        pair.origin.shutdownOutput();
        assertEquals("answer", new String(pair.visitor.getInputStream().readAllBytes(), ISO_8859_1));
    }

    @Test void anOriginsEndIsTheVisitorsAndTheRestIsStillTaken() throws Exception {
        var pair = connect(started());
        pair.origin.getOutputStream().write("bye".getBytes(ISO_8859_1));
        pair.origin.shutdownOutput();
        assertEquals("bye", new String(pair.visitor.getInputStream().readAllBytes(), ISO_8859_1));
        pair.visitor.getOutputStream().write("more".getBytes(ISO_8859_1));
        pair.visitor.shutdownOutput();
        assertEquals("more", new String(pair.origin.getInputStream().readAllBytes(), ISO_8859_1));
    }

    @Test void aVisitorsResetIsTheOrigins() throws Exception {
        var pair = connect(started());
        pair.visitor.getOutputStream().write('x');
        assertEquals("x", read(pair.origin, 1));
        pair.visitor.setSoLinger(true, 0);
        pair.visitor.close();
        assertThrows(SocketException.class, () -> pair.origin.getInputStream().read());
    }

    @Test void anOriginsResetIsTheVisitors() throws Exception {
        var pair = connect(started());
        pair.origin.getOutputStream().write('x');
        assertEquals("x", read(pair.visitor, 1));
        pair.origin.setSoLinger(true, 0);
        pair.origin.close();
        assertThrows(SocketException.class, () -> pair.visitor.getInputStream().read());
    }

    @Test void megabytesPassUnchangedBothWaysAtOnce() throws Exception {
        var pair = connect(started());
        var there = random(1, 20_000_000);
        var back = random(2, 20_000_000);
        var sending = Thread.ofVirtual().start(() -> send(pair.visitor, there));
        var answering = Thread.ofVirtual().start(() -> send(pair.origin, back));
        var receiving = new byte[1][];
        var reader = Thread.ofVirtual().start(() -> receiving[0] = readAll(pair.origin));
        assertArrayEquals(back, readAll(pair.visitor));
        reader.join();
        assertArrayEquals(there, receiving[0]);
        sending.join();
        answering.join();
    }

    @Test void aVisitorWhoReadsNothingHoldsUpNobodyElse() throws Exception {
        var server = started();
        var stalled = connect(server);
        var bytes = random(3, 60_000_000);                  // more than the sockets on the way hold
        var sending = Thread.ofVirtual().start(() -> send(stalled.origin, bytes));
        var other = connect(server);
        Thread.ofVirtual().start(() -> echo(other.origin));
        for (int i = 0; i < 200; i++) {
            other.visitor.getOutputStream().write("ping".getBytes(ISO_8859_1));
            assertEquals("ping", read(other.visitor, 4));
        }
        assertTrue(sending.isAlive(), "the origin is held back");
        assertTrue(MemoryBudget.PROCESS.used() < bytes.length, "not all of it is here");
        stalled.visitor.shutdownOutput();
        assertArrayEquals(bytes, readAll(stalled.visitor));
        sending.join();
    }

    @Test void aRefusedOriginResetsTheVisitorAtOnce() throws Exception {
        var server = started();
        origin.close();
        var visitor = visit(server, "db");
        assertThrows(SocketException.class, () -> visitor.getInputStream().read());
    }

    @Test void aVisitorWhoLeavesWhileTheOriginIsDialledCancelsTheDial() throws Exception {
        var crowd = new ArrayList<Socket>();
        try (var silent = new ServerSocket(0, 1, LOOPBACK)) {
            while (answers(silent, crowd)) { }                  // its backlog is full: the next SYN gets no answer
            var server = server(TcpIngressConfig.DEFAULTS.withConnectTimeout(Duration.ofMinutes(1)));
            var pool = PoolConfig.DEFAULTS.withConnectTimeout(Duration.ofMinutes(1));
            opened(clientBuilder(server).tcp("db", silent.getLocalPort()).pool(pool).start());
            var visitor = visit(server, "db");
            visitor.getOutputStream().write('x');
            var patience = Deadline.after(Duration.ofSeconds(10));
            while (dials(silent) == 0 && !patience.passed()) Thread.onSpinWait();
            visitor.setSoLinger(true, 0);
            visitor.close();
            while (dials(silent) > 0 && !patience.passed()) Thread.onSpinWait();
            assertFalse(patience.passed(), "a SYN that nobody waits for any more");
            var tunnel = server.tunnels().find(new Route.Tcp("db"));
            while (tunnel.streams() > 0 && !patience.passed()) Thread.onSpinWait();
            assertEquals(0, tunnel.streams());
        } finally {
            for (var socket : crowd) socket.close();
        }
    }

    private static boolean answers(ServerSocket server, List<Socket> crowd) throws IOException {
        var socket = new Socket();
        try {
            socket.connect(server.getLocalSocketAddress(), 200);
            crowd.add(socket);
            return true;
        } catch (SocketTimeoutException _) {
            socket.close();
            return false;
        }
    }

    /// Connections to this server whose SYN has no answer, as Linux counts them (proc(5), state 02).
    private static long dials(ServerSocket server) throws IOException {
        var syn = ":%04X 02 ".formatted(server.getLocalPort());
        long count = 0;
        for (var table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            if (!Files.exists(Path.of(table))) continue;
            try (var lines = Files.lines(Path.of(table))) {
                count += lines.filter(line -> line.contains(syn)).count();
            }
        }
        return count;
    }

    @Test void aStreamThatWasRefusedIsOpenedOnceMore() throws Exception {            // RFC 9113 §8.7
        var server = server(TcpIngressConfig.DEFAULTS);
        rawClient(server, (type, stream, client) -> {
            if (type == HEADERS && stream == 1) client.send("000004030000000001" + REFUSED_STREAM);
            if (type == HEADERS && stream == 3) client.send("000001010400000003" + STATUS_200, "000002000000000003" + "6f6b");
        });
        assertEquals("ok", read(visit(server, "db"), 2));
    }

    @Test void aStreamThatWasRefusedWithAVisitorsByteIsNotOpenedAgain() throws Exception {
        var server = server(TcpIngressConfig.DEFAULTS);
        var streams = new AtomicInteger();
        rawClient(server, (type, stream, client) -> {
            if (type == HEADERS) streams.incrementAndGet();
            if (type == DATA && stream == 1) client.send("000004030000000001" + REFUSED_STREAM);
        });
        var visitor = visit(server, "db");
        visitor.getOutputStream().write('x');
        assertThrows(SocketException.class, () -> visitor.getInputStream().read());
        assertEquals(1, streams.get());
    }

    @Test void whatAVisitorSaysBeforeTheOriginIsReachedWaitsForTheStreamsWindow() throws Exception {    // RFC 9113 §6.9
        int window = 65_535;                                // the client's SETTINGS say nothing else
        var server = server(TcpIngressConfig.DEFAULTS);
        var seen = new LinkedBlockingQueue<Long>();
        rawClient(server, (type, stream, client) -> {
            long content = client.content.get();
            if (type == HEADERS) client.send("000004080000000000" + "00100000");      // the connection's is wider
            if (type == DATA && content == window) client.send("000008060000000000" + "0000000000000001");
            if (type == PING && content >= window) {
                seen.add(content);
                client.send("000004080000000001" + "0000000a");
            }
            if (type == DATA && content >= window + 10) seen.add(content);
        });
        var visitor = visit(server, "db");
        Thread.ofVirtual().start(() -> {
            try {
                visitor.getOutputStream().write(random(1, 1_000_000));
            } catch (IOException _) {
                // the test is over
            }
        });
        assertEquals(window, seen.poll(PATIENCE, TimeUnit.MILLISECONDS));
        assertEquals(window + 10, seen.poll(PATIENCE, TimeUnit.MILLISECONDS));
    }

    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int PING = 6;
    private static final String REFUSED_STREAM = "00000007";
    private static final String STATUS_200 = "88";          // RFC 7541 Appendix A

    private interface Script {
        void frame(int type, int stream, RawClient client) throws IOException;
    }

    /// A client that serves `db` frame by frame.
    /// @param content bytes of DATA that it has received
    private record RawClient(Socket socket, AtomicLong content) {
        void send(String... frames) throws IOException {
            for (var frame : frames) socket.getOutputStream().write(HexFormat.of().parseHex(frame));
        }
    }

    private void rawClient(TunnelServer server, Script script) throws IOException {
        var socket = patient(new Socket(LOOPBACK, server.controlAddress().getPort()));
        socket.getOutputStream().write(("""
                GET /.well-known/ptth/loomtunnel/ HTTP/1.1\r
                Host: edge\r
                Connection: upgrade\r
                Upgrade: ptth\r
                ALPN: h2\r
                Authorization: Bearer %s\r
                LoomTunnel-Routes: "tcp:db"\r
                \r
                """.formatted(TOKEN)).getBytes(ISO_8859_1));
        var in = new DataInputStream(socket.getInputStream());
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) head.append((char) in.readByte());
        in.skipNBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length());
        var client = new RawClient(socket, new AtomicLong());
        client.send("000000040000000000");                  // SETTINGS
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    int start = in.readInt();               // length and type
                    in.readByte();
                    int stream = in.readInt();
                    in.skipNBytes(start >>> 8);
                    if ((start & 0xff) == DATA) client.content.addAndGet(start >>> 8);
                    script.frame(start & 0xff, stream, client);
                }
            } catch (IOException _) {
                // the test is over
            }
        });
        var routes = "loomtunnel-routes: \"tcp:db\";port=" + server.tcpAddress("db").getPort();
        assertTrue(head.toString().toLowerCase().contains(routes), head.toString());
    }

    @Test void withoutAClientTheVisitorIsResetAtOnce() throws Exception {
        var visitor = visit(server(TcpIngressConfig.DEFAULTS), "db");
        assertThrows(SocketException.class, () -> visitor.getInputStream().read());
    }

    @Test void aVisitorWaitsForTheClientThatLeftAMomentAgo() throws Exception {
        var server = server(TcpIngressConfig.DEFAULTS);
        var first = client(server);
        connect(server);                        // so that the server has surely seen it
        first.close();
        var visitor = visit(server, "db");
        visitor.getOutputStream().write("early".getBytes(ISO_8859_1));
        client(server);
        assertEquals("early", read(accept(), 5));
    }

    @Test void aServiceIsFoundByItsNameAndNeverByAnother() throws Exception {
        var server = opened(builder().tcp("db", loopback()).tcp("mail", loopback()).start());
        client(server);
        var visitor = visit(server, "mail");
        assertThrows(SocketException.class, () -> visitor.getInputStream().read());
        var other = visit(server, "db");
        other.getOutputStream().write('x');
        assertEquals("x", read(accept(), 1));
    }

    @Test void aClientForAnUnknownServiceIsRefusedAndToldWhichThereAre() throws Exception {
        var server = opened(builder().tcp("db", loopback()).tcp("mail", loopback()).start());
        var client = clientBuilder(server).tcp("bd", origin.getLocalPort());
        var refusal = assertThrows(RefusedException.class, client::start);
        assertEquals(403, refusal.status());
        assertEquals("this server has no TCP service named bd; it has db, mail", refusal.getMessage());
    }

    @Test void theClientLearnsWhereItsVisitorsCome() throws Exception {
        var server = server(TcpIngressConfig.DEFAULTS);
        var attached = client(server).awaitAttached(Deadline.after(Duration.ofSeconds(10)));
        assertEquals("tcp://127.0.0.1:" + server.tcpAddress("db").getPort(), attached.visitors().getFirst());
    }

    @Test void theOriginIsToldTheVisitorsAddressIfItWantsTo() throws Exception {
        for (var version : new ProxyHeader[] {ProxyHeader.V1, ProxyHeader.V2}) {
            var server = server(TcpIngressConfig.DEFAULTS);
            var client = opened(clientBuilder(server).tcp("db", new TcpOrigin("127.0.0.1", origin.getLocalPort(), version)).start());
            var visitor = visit(server, "db");
            visitor.getOutputStream().write('!');
            int from = visitor.getLocalPort();
            int to = server.tcpAddress("db").getPort();
            var connection = accept();
            if (version == ProxyHeader.V1) {
                var line = "PROXY TCP4 127.0.0.1 127.0.0.1 " + from + " " + to + "\r\n!";
                assertEquals(line, read(connection, line.length()));
            } else {
                var header = "0d0a0d0a000d0a515549540a2111000c7f0000017f000001%04x%04x21".formatted(from, to);
                assertEquals(header, HexFormat.of().formatHex(connection.getInputStream().readNBytes(29)));
            }
            client.close();
        }
    }

    @Test void theVisitorsAddressIsThatOfATrustedProxysHeader() throws Exception {
        var server = server(TcpIngressConfig.DEFAULTS.withProxies(TrustedProxies.of("127.0.0.0/8").withProxyProtocol()));
        opened(clientBuilder(server).tcp("db", new TcpOrigin("localhost", origin.getLocalPort()).withHeader(ProxyHeader.V1)).start());
        var visitor = visit(server, "db");
        visitor.getOutputStream().write("PROXY TCP4 192.0.2.7 198.51.100.1 4711 5432\r\nhello".getBytes(ISO_8859_1));
        var line = "PROXY TCP4 192.0.2.7 127.0.0.1 4711 " + server.tcpAddress("db").getPort() + "\r\nhello";
        assertEquals(line, read(accept(), line.length()));
    }

    @Test void anIdleConnectionIsClosedAndOneThatTalksIsNot() throws Exception {
        var server = server(TcpIngressConfig.DEFAULTS.withIdleTimeout(Duration.ofSeconds(2)));
        client(server);
        var idle = connect(server);
        var busy = connect(server);
        var origins = Thread.ofVirtual().start(() -> echo(busy.origin));
        idle.visitor.getOutputStream().write('x');
        for (boolean over = false; !over; ) {
            busy.visitor.getOutputStream().write('y');
            assertEquals("y", read(busy.visitor, 1));
            idle.visitor.setSoTimeout(20);
            try {
                assertEquals(-1, idle.visitor.getInputStream().read());
                over = true;
            } catch (SocketTimeoutException _) {
                // not yet
            }
        }
        assertTrue(origins.isAlive());
    }

    @Test void closingTheServerLetsAConnectionFinish() throws Exception {
        var server = server(TcpIngressConfig.DEFAULTS);
        var shutting = new CountDownLatch(1);
        opened(clientBuilder(server).tcp("db", origin.getLocalPort()).listener(event -> {
            if (event instanceof SessionEvent.Retrying) shutting.countDown();
        }).start());
        var pair = connect(server);
        var closing = Thread.ofVirtual().start(server::close);
        shutting.await();
        pair.visitor.getOutputStream().write("last".getBytes(ISO_8859_1));
        pair.visitor.shutdownOutput();
        assertEquals("last", new String(readAll(pair.origin), ISO_8859_1));
        pair.origin.close();
        assertEquals(-1, pair.visitor.getInputStream().read());
        closing.join();
    }

    @Test void closingTheServerEndsWhatDoesNotFinishInTime() throws Exception {
        var server = opened(builder().tcp("db", loopback()).grace(Duration.ofMillis(50)).start());
        client(server);
        var pair = connect(server);
        server.close();
        assertThrows(SocketException.class, () -> pair.visitor.getInputStream().read());
        assertThrows(SocketException.class, () -> pair.origin.getInputStream().read());
    }

    @Test void aVisitorsConnectByTheNameOfAServiceOpensNothing() throws Exception {             // RFC 9113 §8.5
        var server = opened(builder().http(loopback()).tcp("db", loopback()).start());
        opened(clientBuilder(server).tcp("db", origin.getLocalPort()).http(URI.create("http://127.0.0.1:" + origin.getLocalPort())).start());
        var authority = "db:" + server.tcpAddress("db").getPort();
        var http1 = patient(new Socket(LOOPBACK, server.httpAddress().getPort()));
        http1.getOutputStream().write(("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n").getBytes(ISO_8859_1));
        assertEquals("HTTP/1.1 501 ", read(http1, 13));
        var socket = opened(Dialer.DEFAULT.connect("127.0.0.1", server.httpAddress().getPort(), Duration.ofSeconds(5)));
        var peer = new Peer(socket.remoteAddress(), "http");
        var http2 = Http2Connection.client(socket, new ByteReader(socket.in(), MemoryBudget.PROCESS), Http2Config.ORIGIN, peer);
        var reader = Thread.ofVirtual().start(() -> run(http2));
        assertTrue(http2.awaitSettings(Deadline.after(Duration.ofSeconds(10))));
        var transaction = http2.send(new RequestHead("CONNECT", "", authority, "", new Fields()));
        begin(transaction);
        assertEquals(501, transaction.response(Deadline.after(Duration.ofSeconds(10))).status());
        http2.close();
        reader.join();
        origin.setSoTimeout(50);
        assertThrows(SocketTimeoutException.class, origin::accept);
    }

    @Test void theHostOfAServicesSpellingReachesNothing() throws Exception {
        var server = opened(builder().http(loopback()).tcp("db", loopback()).start());
        client(server);
        var visitor = patient(new Socket(LOOPBACK, server.httpAddress().getPort()));
        visitor.getOutputStream().write("GET / HTTP/1.1\r\nHost: db\r\n\r\n".getBytes(ISO_8859_1));
        assertEquals("HTTP/1.1 404 ", read(visitor, 13));
        origin.setSoTimeout(50);
        assertThrows(SocketTimeoutException.class, origin::accept);
    }

    @Test void theClientDialsForNoNameThatItHasNotRegistered() throws Exception {
        var server = started();
        for (var name : List.of("mail", "127.0.0.1", "localhost")) {
            var address = new InetSocketAddress(LOOPBACK, origin.getLocalPort());
            var connect = new TcpConnect(new Route.Tcp(name), address, address);
            var transaction = server.tunnels().await(new Route.Tcp("db"), Deadline.after(Duration.ofSeconds(10))).send(connect.head());
            begin(transaction);
            assertEquals(404, transaction.response(Deadline.after(Duration.ofSeconds(10))).status(), name);
        }
        origin.setSoTimeout(50);
        assertThrows(SocketTimeoutException.class, origin::accept);
    }

    private static void begin(Transaction transaction) {
        try {
            transaction.content().flush();
        } catch (IOException _) {
            // refused so fast that nothing more may be sent: the response says why
        }
    }

    private static void run(Http2Connection connection) {
        try {
            connection.run();
        } catch (IOException _) {
            // closed by the test
        }
    }

    // ---- the pieces ------------------------------------------------------------------------------------------------

    private record Pair(Socket visitor, Socket origin) {}

    private Pair connect(TunnelServer server) throws IOException {
        var visitor = visit(server, "db");
        return new Pair(visitor, accept());
    }

    private Socket visit(TunnelServer server, String name) throws IOException {
        return patient(new Socket(LOOPBACK, server.tcpAddress(name).getPort()));
    }

    private Socket accept() throws IOException {
        return patient(origin.accept());
    }

    private Socket patient(Socket socket) throws IOException {
        socket.setSoTimeout(PATIENCE);
        return opened(socket);
    }

    private TunnelServer started() throws IOException {
        var server = server(TcpIngressConfig.DEFAULTS);
        client(server);
        return server;
    }

    private TunnelServer server(TcpIngressConfig config) throws IOException {
        return opened(builder().tcp("db", loopback()).tcpIngress(config).start());
    }

    private static TunnelServer.Builder builder() {
        return TunnelServer.builder().bind(0).token(TOKEN);
    }

    private TunnelClient client(TunnelServer server) throws IOException {
        return opened(clientBuilder(server).tcp("db", origin.getLocalPort()).start());
    }

    private static TunnelClient.Builder clientBuilder(TunnelServer server) {
        return TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token(TOKEN).grace(Duration.ofMillis(100));
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(LOOPBACK, 0);
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.push(closeable);
        return closeable;
    }

    private static String read(Socket socket, int bytes) throws IOException {
        return new String(socket.getInputStream().readNBytes(bytes), ISO_8859_1);
    }

    private static byte[] readAll(Socket socket) {
        try {
            return socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void send(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void echo(Socket socket) {
        try {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException _) {
            // the test is over
        }
    }

    private static byte[] random(int seed, int length) {
        var bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
