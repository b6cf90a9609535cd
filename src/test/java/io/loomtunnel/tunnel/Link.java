package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.DuplexPair;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A tunnel in memory without its handshake: both HTTP/2 connections run, the far end answers with its name. Its line
/// can be cut as a cable is: nothing arrives any more, and nobody is told.
final class Link implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Peer PEER = new Peer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9), "http");

    final TunnelRegistry tunnels;
    final Claim claim;
    final Tunnel tunnel;
    final Http2Connection far;
    private final Http2Connection near;
    private final Cut line;
    private final CountDownLatch ended = new CountDownLatch(1);

    Link(TunnelRegistry tunnels, String owner, ClientId client, PtthConfig config, String name, String... routes)
            throws IOException {
        this(tunnels, owner, client, config, exchange -> {
            var text = name.getBytes(ISO_8859_1);
            try (var content = exchange.respond(new ResponseHead(200, new Fields()))) {
                content.write(text);
                content.end();
            }
        }, routes);
    }

    Link(TunnelRegistry tunnels, String owner, ClientId client, PtthConfig config, ExchangeHandler handler,
         String... routes) throws IOException {
        this(tunnels, config, new Claim(new Grant(owner), client, List.of(routes).stream().map(Route::of).toList(), PEER, ""), handler);
    }

    /// A tunnel whose programs are checked.
    Link(TunnelRegistry tunnels, ClientId client, String health, ExchangeHandler handler, String... routes) throws IOException {
        this(tunnels, PtthConfig.DEFAULTS, new Claim(new Grant("token"), client, List.of(routes).stream().map(Route::of).toList(), PEER, health), handler);
    }

    private Link(TunnelRegistry tunnels, PtthConfig config, Claim claim, ExchangeHandler handler) throws IOException {
        this.tunnels = tunnels;
        this.claim = claim;
        tunnels.admit(claim);
        var pair = new DuplexPair(256 * 1024);
        line = new Cut(pair.left());
        var http2 = Http2Config.TUNNEL.withFirstStreamId(config.firstStreamId());
        near = Http2Connection.client(line, reader(line), http2, PEER);
        far = Http2Connection.server(pair.right(), reader(pair.right()), Http2Config.TUNNEL, PEER, handler);
        tunnel = new Tunnel(claim, near, config, tunnels::doubted);
        near.onGoAway(() -> tunnels.withdraw(claim, tunnel));
        Thread.ofVirtual().start(() -> run(far));
        Thread.ofVirtual().start(() -> {
            run(near);
            tunnel.close();
            tunnels.remove(claim, tunnel);
            ended.countDown();
        });
        near.awaitSettings(Deadline.after(PATIENCE));
    }

    /// What the handshake does once SETTINGS came.
    Link attach() {
        if (!tunnels.attach(claim, tunnel)) throw new AssertionError("not attached");
        return this;
    }

    void cut() {
        line.cut = true;
    }

    /// Keeps what is written until [#resume], as TCP does while packets are lost.
    void stall() {
        line.stalled = new CountDownLatch(1);
    }

    void resume() {
        line.stalled.countDown();
    }

    boolean awaitEnd() throws InterruptedException {
        return ended.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    static String get(Tunnel tunnel) throws IOException {
        return read(begin(tunnel));
    }

    static Transaction begin(Tunnel tunnel) throws IOException {
        var transaction = tunnel.send(new RequestHead("GET", "http", "host", "/", new Fields()));
        transaction.content().end();
        return transaction;
    }

    static String read(Transaction transaction) throws IOException {
        transaction.response(Deadline.after(PATIENCE));
        return new String(transaction.body().readAllBytes(), ISO_8859_1);
    }

    @Override public void close() {
        near.close();
        far.close();
    }

    private static ByteReader reader(Duplex duplex) {
        return new ByteReader(duplex.in(), MemoryBudget.PROCESS);
    }

    private static void run(Http2Connection connection) {
        try {
            connection.run();
        } catch (IOException _) {
            // closed by the test
        }
    }

    /// Swallows what is written once the line is cut.
    private static final class Cut implements Duplex {
        private final Duplex line;
        private volatile boolean cut;
        private volatile CountDownLatch stalled = new CountDownLatch(0);

        Cut(Duplex line) {
            this.line = line;
        }

        @Override public InputStream in() {
            return line.in();
        }

        @Override public OutputStream out() {
            return new OutputStream() {
                @Override public void write(int b) throws IOException {
                    write(new byte[] {(byte) b}, 0, 1);
                }

                @Override public void write(byte[] source, int offset, int length) throws IOException {
                    try {
                        stalled.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    if (!cut) line.out().write(source, offset, length);
                }

                @Override public void flush() throws IOException {
                    line.out().flush();
                }
            };
        }

        @Override public void readTimeout(Duration limit) throws IOException {
            line.readTimeout(limit);
        }

        @Override public void finish() throws IOException {
            if (!cut) line.finish();
        }

        @Override public void reset() {
            line.reset();
        }

        @Override public void close() throws IOException {
            line.close();
        }
    }
}
