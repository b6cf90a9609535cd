package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.http1.Http1Server;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What those are told who may not attach, and how long it takes. Each connection comes from an address of its own.
@Timeout(120)
class RefusalTest {
    private static final int ROUNDS = 2_000;
    private static final int AT_ONCE = 64;
    private static final double TOLERANCE = 0.10;
    private static final Duration REFUSAL = Duration.ofMillis(20);

    private final TunnelRegistry tunnels = new TunnelRegistry();
    private final AtomicInteger addresses = new AtomicInteger(0x0a000000);
    private Listener listener;
    private Link held;

    /// What is wrong, and how the client hears of it.
    private enum Wrong {
        EMPTY("", "app", 1, 401, "a token is needed"),
        UNKNOWN("lt_guessguessguessguessguessguessguessguessgue", "app", 1, 401, "this token is not known here"),
        OVERLONG("x".repeat(5_000), "app", 1, 401, "this token is longer than any"),
        EXPIRED("expired", "app", 1, 401, "this token expired at 2020-01-01T00:00:00Z"),
        REVOKED("revoked", "app", 1, 401, "this token was revoked"),
        FORBIDDEN("stranger", "elsewhere", 1, 403, "this token may not have elsewhere; it may have app, held"),
        STOLEN_HOST("stranger", "held", 1, 409, "held is taken by another token"),
        OLD_EPOCH("owner", "held", 4, 409, "a later epoch of this connection is attached already");

        final String request;
        final String start;

        Wrong(String token, String host, int epoch, int status, String reason) {
            request = "GET /.well-known/ptth/http%3A%2F%2F" + host + "/ HTTP/1.1\r\nHost: edge\r\nConnection: upgrade\r\nUpgrade: ptth\r\nALPN: h2\r\n"
                    + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n")
                    + "LoomTunnel-Client: instance=\"i\", slot=0, epoch=" + epoch + "\r\n\r\n";
            start = status + " " + reason;
        }
    }

    @BeforeEach void start() throws Exception {
        var entries = List.of(entry("owner", Instant.MAX, "*"), entry("stranger", Instant.MAX, "app", "held"),
                entry("expired", Instant.parse("2020-01-01T00:00:00Z"), "*"), entry("revoked", Instant.MAX, "*").revoked(Instant.EPOCH));
        var acceptor = new PtthAcceptor(tunnels, new Tokens(() -> entries), VisitorAddress.NONE, TcpPorts.NONE, PtthConfig.DEFAULTS.withRefusal(REFUSAL));
        listener = Listener.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ListenerConfig.DEFAULTS, connection -> {
            var in = new ByteReader(connection.in(), MemoryBudget.PROCESS);
            new Http1Server(connection, in, Http1Config.DEFAULTS, new Peer(new InetSocketAddress(nextAddress(), 4711), "http")).serve(acceptor);
        });
        held = new Link(tunnels, "owner", new ClientId("i", 0, 5), PtthConfig.DEFAULTS, "held", "held").attach();
    }

    @AfterEach void stop() {
        held.close();
        tunnels.close(Deadline.after(Duration.ofMillis(1)));
        listener.close();
    }

    @Test void eachIsRefusedWithItsReason() throws Exception {
        try (var client = dial()) {
            for (var wrong : Wrong.values()) assertEquals(wrong.start, answer(client, wrong));
        }
    }

    @Test void noneIsSlowerToAnswerThanAnother() throws Exception {
        var times = new EnumMap<Wrong, ConcurrentLinkedQueue<Long>>(Wrong.class);
        for (var wrong : Wrong.values()) times.put(wrong, new ConcurrentLinkedQueue<>());
        var failures = new ConcurrentLinkedQueue<Exception>();
        var places = new Semaphore(AT_ONCE);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < ROUNDS; round++) {
                var order = new ArrayList<>(Arrays.asList(Wrong.values()));
                Collections.shuffle(order, new Random(round));
                places.acquire();
                threads.submit(() -> {
                    try (var client = dial()) {
                        for (var wrong : order) {
                            long began = System.nanoTime();
                            answer(client, wrong);
                            times.get(wrong).add(System.nanoTime() - began);
                        }
                    } catch (Exception e) {
                        failures.add(e);
                    } finally {
                        places.release();
                    }
                });
            }
        }
        assertEquals(List.of(), List.copyOf(failures));
        var medians = new EnumMap<Wrong, Double>(Wrong.class);
        times.forEach((wrong, all) -> medians.put(wrong, all.stream().mapToLong(time -> time).sorted().skip(ROUNDS / 2).findFirst().orElseThrow() / 1e6));
        System.out.println("median ms until the refusal, of " + ROUNDS + " each: " + medians);
        double fastest = Collections.min(medians.values());
        assertTrue(fastest >= REFUSAL.toMillis(), medians.toString());
        assertTrue(Collections.max(medians.values()) <= fastest * (1 + TOLERANCE), medians.toString());
    }

    @Test void theLogNamesTheAddressAndNotTheSecret() throws Exception {
        var lines = new ConcurrentLinkedQueue<String>();
        var logger = Logger.getLogger(PtthAcceptor.class.getName());
        var handler = new Handler() {
            @Override public void publish(LogRecord record) {
                lines.add(record.getLevel() + " " + record.getMessage());
            }

            @Override public void flush() {}

            @Override public void close() {}
        };
        handler.setLevel(Level.ALL);
        var level = logger.getLevel();
        logger.setLevel(Level.ALL);
        logger.addHandler(handler);
        try (var client = dial()) {
            for (var wrong : Wrong.values()) answer(client, wrong);
        } finally {
            logger.removeHandler(handler);
            logger.setLevel(level);
        }
        var log = String.join("\n", lines);
        assertTrue(log.contains("WARNING refused /10.0.0.0:4711: this token is not known here"), log);
        for (var wrong : Wrong.values()) assertTrue(log.contains(wrong.start.substring(4)), log);
        for (var secret : List.of("lt_guess", "xxxxx")) assertFalse(log.contains(secret), log);
        for (var entry : List.of("expired", "revoked", "stranger", "owner")) assertFalse(log.contains("Bearer " + entry), log);
    }

    private InetAddress nextAddress() throws UnknownHostException {
        int next = addresses.getAndIncrement();
        return InetAddress.getByAddress(new byte[] {(byte) (next >> 24), (byte) (next >> 16), (byte) (next >> 8), (byte) next});
    }

    private Socket dial() throws IOException {
        var client = new Socket(InetAddress.getLoopbackAddress(), listener.localAddress().getPort());
        client.setSoTimeout(20_000);
        client.setTcpNoDelay(true);
        return client;
    }

    /// Status and reason.
    private static String answer(Socket client, Wrong wrong) throws IOException {
        client.getOutputStream().write(wrong.request.getBytes(ISO_8859_1));
        var answer = ControlPort.answer(client);
        return answer.substring(9, 13) + answer.substring(answer.indexOf("\r\n\r\n") + 4).strip();
    }

    private static TokenEntry entry(String name, Instant expires, String... hosts) {
        return new TokenEntry(name, TokenEntry.digest(name), List.of(hosts), List.of(), TokenEntry.UNLIMITED, TokenEntry.UNLIMITED, expires, Instant.MAX);
    }
}
