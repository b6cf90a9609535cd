package io.loomtunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Lent;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// 500 connections at once, each with a plan drawn from a seed: how much flows in each direction and in what pieces, when a side pauses
/// in writing or in reading, who ends first, and who breaks off and where. What arrives is compared byte for byte with what was sent,
/// an end must be an end and a reset a reset, and afterwards nothing is left.
///
/// `-Dloomtunnel.stress=30` goes on for so many seconds and tells what it did, `-Dloomtunnel.seed=…` repeats a round.
class TcpStressTest {
    private static final int CONNECTIONS = 500;
    private static final int PATIENCE = 30_000;         // ms without a byte: then something hangs
    private static final int GLANCE = 50;               // ms between looks whether the visitors have gone
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final byte[] CONTENT = new byte[1_048_573];      // a prime: no offset of ours is another's

    static {
        new Random(1).nextBytes(CONTENT);
    }

    @TempDir private Path dumps;
    private final LongAdder arrived = new LongAdder();      // bytes, at either side

    private enum End { IN_ORDER, VISITOR_RESETS, ORIGIN_RESETS }

    /// What one side sends, and whether it breaks off.
    ///
    /// @param bytes    in its direction
    /// @param piece    the most that is written at once
    /// @param pause    one of so many pieces is followed by a pause
    /// @param rest     one of so many reads is followed by a longer one; 0 for none
    /// @param resetAt  sent bytes after which the side resets the connection; -1 for never
    /// @param waits    whether it begins only when the other direction has ended
    private record Side(long bytes, int piece, int pause, int rest, long resetAt, boolean waits) {}

    /// One connection.
    private record Plan(long seed, Side visitor, Side origin, End end) {
        static Plan of(long seed) {
            var random = new Random(seed);
            var end = switch (random.nextInt(6)) {
                case 0 -> End.VISITOR_RESETS;
                case 1 -> End.ORIGIN_RESETS;
                default -> End.IN_ORDER;
            };
            boolean oneWaits = random.nextInt(3) == 0;
            boolean visitorWaits = oneWaits && random.nextBoolean();
            return new Plan(seed, side(random, end == End.VISITOR_RESETS, visitorWaits), side(random, end == End.ORIGIN_RESETS, oneWaits && !visitorWaits), end);
        }

        private static Side side(Random random, boolean resets, boolean waits) {
            long bytes = switch (random.nextInt(4)) {
                case 0 -> 0;
                case 1 -> random.nextInt(2_000);
                case 2 -> random.nextInt(100_000);
                // Now and then enough for its window to grow to the full.
                default -> random.nextInt(random.nextInt(50) == 0 ? 16_000_000 : 1_000_000);
            };
            int piece = 1 + random.nextInt(random.nextBoolean() ? 1_500 : 70_000);
            int rest = random.nextInt(3) == 0 ? 1 + random.nextInt(20) : 0;
            return new Side(bytes, Math.max(piece, (int) (bytes / 500)), 2 + random.nextInt(30), rest, resets ? random.nextLong(bytes + 1) : -1, waits && !resets);
        }
    }

    @Test void everyByteOfEveryConnectionIsAccountedForAndNothingIsLeft() throws Exception {
        long seed = Long.getLong("loomtunnel.seed", System.nanoTime());
        var until = Deadline.after(Duration.ofSeconds(Long.getLong("loomtunnel.stress", 0)).plusNanos(1));
        try (var origin = new ServerSocket(0, CONNECTIONS, LOOPBACK);
             var server = TunnelServer.builder().bind(0).tcp("stress", new InetSocketAddress(LOOPBACK, 0)).token("token").grace(Duration.ofMillis(100)).start();
             var client = TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token("token").connections(2)
                     .tcp("stress", origin.getLocalPort()).start()) {
            client.awaitAttached(Deadline.after(Duration.ofSeconds(10)));
            while (server.tunnels().tunnels().size() < 2) Thread.onSpinWait();
            origin.setSoTimeout(GLANCE);
            var before = new Left();
            assertTrue(before.threads > 0, "the tunnels' own are counted");
            int rounds = 0;
            do {
                round(seed + rounds, server, origin, before);
                rounds++;
            } while (!until.passed());
            if (Long.getLong("loomtunnel.stress", 0) > 0) {
                System.out.printf("seed %d: %d rounds, %d connections, %,d bytes arrived%n", seed, rounds, rounds * CONNECTIONS, arrived.sum());
            }
        }
    }

    private void round(long seed, TunnelServer server, ServerSocket origin, Left before) throws Exception {
        var plans = new Random(seed).longs(CONNECTIONS).mapToObj(Plan::of).toList();
        var failures = new ConcurrentLinkedQueue<String>();
        var reached = ConcurrentHashMap.<Long>newKeySet();       // the origin
        var gone = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var visitors = new ArrayList<Future<?>>();
            threads.submit(() -> {
                for (Socket socket; (socket = accept(origin, gone)) != null; ) {
                    var visited = socket;
                    threads.submit(() -> {
                        try {
                            var plan = Plan.of(new DataInputStream(visited.getInputStream()).readLong());
                            reached.add(plan.seed);
                            new Peer(plan, false, visited, failures).run();
                        } catch (IOException _) {
                            close(visited);         // the visitor's reset was faster than its first bytes
                        }
                    });
                }
                return null;
            });
            try {
                for (var plan : plans) visitors.add(threads.submit(() -> {
                    var socket = new Socket(LOOPBACK, server.tcpAddress("stress").getPort());
                    new DataOutputStream(socket.getOutputStream()).writeLong(plan.seed);
                    new Peer(plan, true, socket, failures).run();
                    return null;
                }));
                for (var visitor : visitors) visitor.get();
            } finally {
                gone.countDown();
            }
        }
        for (var plan : plans) {
            if (plan.end != End.VISITOR_RESETS && !reached.contains(plan.seed)) failures.add(plan + " did not reach the origin");
        }
        if (!failures.isEmpty()) fail("seed " + seed + ": " + failures.size() + " failures, the first: " + failures.peek());
        before.assertNothingMore(seed, server);
    }

    /// The next connection at the origin. Not every visitor who resets gets that far.
    /// @return null once the visitors have gone
    private static Socket accept(ServerSocket origin, CountDownLatch gone) throws IOException {
        while (true) {
            boolean last = gone.getCount() == 0;
            try {
                return origin.accept();
            } catch (SocketTimeoutException _) {
                if (last) return null;
            }
        }
    }

    /// One end of a connection: it writes by its side of the plan, and knows what must arrive by the other.
    private final class Peer {
        private final Plan plan;
        private final boolean visitor;
        private final Side ours;
        private final Side theirs;
        private final Socket socket;
        private final ConcurrentLinkedQueue<String> failures;
        private final CountDownLatch ended = new CountDownLatch(1);     // the other direction
        private long endedAt = -1;                                      // though there should have been a reset
        private volatile boolean told;                                  // of a reset: the kernel tells once, and here it was the writer

        Peer(Plan plan, boolean visitor, Socket socket, ConcurrentLinkedQueue<String> failures) {
            this.plan = plan;
            this.visitor = visitor;
            this.socket = socket;
            this.failures = failures;
            ours = visitor ? plan.visitor : plan.origin;
            theirs = visitor ? plan.origin : plan.visitor;
        }

        void run() throws IOException {
            try (socket) {
                socket.setSoTimeout(PATIENCE);
                var writer = Thread.ofVirtual().start(this::write);
                read();
                ended.countDown();
                writer.join();
                if (endedAt >= 0 && !told) failures.add(this + ": an end in place of a reset, after " + endedAt);
            } catch (InterruptedException e) {
                failures.add(this + ": " + e);
            }
        }

        private void read() {
            long got = 0;
            try {
                InputStream in = socket.getInputStream();
                var array = new byte[40_000];
                var random = new Random(plan.seed + (visitor ? 3 : 4));
                for (int n; (n = in.read(array)) >= 0; got += n) {
                    arrived.add(n);
                    if (ours.rest > 0 && random.nextInt(ours.rest) == 0) LockSupport.parkNanos(random.nextInt(10_000_000));
                    if (got + n > theirs.bytes) failures.add(this + ": more than was sent");
                    if (!same(array, n, got, !visitor)) {
                        failures.add(this + ": other bytes than were sent, within " + n + " from " + got);
                        return;
                    }
                }
                if (theirs.resetAt >= 0) endedAt = got;
                else if (got != theirs.bytes) failures.add(this + ": " + got + " of " + theirs.bytes + " bytes, then the end");
            } catch (IOException e) {
                if (plan.end == End.IN_ORDER) failures.add(this + ": after " + got + " of " + theirs.bytes + " bytes " + e);
                else if (e instanceof SocketTimeoutException) failures.add(this + ": hangs after " + got);
            }
        }

        private void write() {
            long sent = 0;
            try {
                if (ours.waits) ended.await();
                OutputStream out = socket.getOutputStream();
                var random = new Random(plan.seed + (visitor ? 1 : 2));
                var array = new byte[ours.piece];
                long end = ours.resetAt >= 0 ? ours.resetAt : ours.bytes;
                while (sent < end) {
                    int n = (int) Math.min(end - sent, 1 + random.nextInt(ours.piece));
                    fill(array, n, sent, visitor);
                    out.write(array, 0, n);
                    sent += n;
                    if (random.nextInt(ours.pause) == 0) LockSupport.parkNanos(random.nextInt(1_000_000));
                }
                if (ours.resetAt >= 0) {
                    socket.setSoLinger(true, 0);
                    socket.close();
                } else {
                    socket.shutdownOutput();
                }
            } catch (IOException e) {
                told = true;
                if (plan.end == End.IN_ORDER) failures.add(this + ": cannot send beyond " + sent + ": " + e);
            } catch (InterruptedException e) {
                failures.add(this + ": " + e);
            }
        }

        private void fill(byte[] array, int length, long from, boolean fromVisitor) {
            int at = offset(from, fromVisitor);
            for (int done = 0; done < length; ) {
                int n = Math.min(length - done, CONTENT.length - at);
                System.arraycopy(CONTENT, at, array, done, n);
                done += n;
                at = 0;
            }
        }

        private boolean same(byte[] array, int length, long from, boolean fromVisitor) {
            int at = offset(from, fromVisitor);
            for (int done = 0; done < length; ) {
                int n = Math.min(length - done, CONTENT.length - at);
                if (!Arrays.equals(array, done, done + n, CONTENT, at, at + n)) return false;
                done += n;
                at = 0;
            }
            return true;
        }

        /// Each direction of each connection begins elsewhere in the content.
        private int offset(long from, boolean fromVisitor) {
            return (int) Math.floorMod(plan.seed * 2 + (fromVisitor ? 0 : 500_009) + from, (long) CONTENT.length);
        }

        @Override public String toString() {
            return (visitor ? "visitor of " : "origin of ") + plan;
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException _) {
            // as good as closed
        }
    }

    /// What a process may have more of after than before: nothing.
    private final class Left {
        private final long memory = MemoryBudget.PROCESS.used();
        private final long descriptors = descriptors();
        private final long promised = MemoryBudget.PROCESS.promised();
        private final long threads = virtualThreads();
        private final long platformThreads = platformThreads();

        void assertNothingMore(long seed, TunnelServer server) throws IOException {
            var seen = "seed " + seed;
            assertEquals(0, soon(0, () -> server.tunnels().tunnels().stream().mapToLong(tunnel -> tunnel.streams()).sum()), seen + ": streams");
            assertEquals(0, soon(0, Lent::arrays), seen + ": lent arrays");
            // A reader that waits for the next frame still has the array that grew for the last ones.
            long readers = 4 * ByteReader.LARGE;
            assertEquals(0, Math.max(0, soon(memory + readers, MemoryBudget.PROCESS::used) - memory - readers), seen + ": bytes of the memory budget");
            assertEquals(promised, soon(promised, MemoryBudget.PROCESS::promised), seen + ": windows that have grown");
            assertEquals(0, Math.max(0, soon(descriptors, Left::descriptors) - descriptors), seen + ": descriptors");
            assertEquals(0, Math.max(0, soon(threads, this::virtualThreads) - threads), seen + ": virtual threads");
            assertEquals(0, Math.max(0, soon(platformThreads, Left::platformThreads) - platformThreads), seen + ": threads");
        }

        /// What is counted, once it is not more than this or does not fall any more.
        private static long soon(long most, LongSupplier counted) {
            var patience = Deadline.after(Duration.ofSeconds(10));
            long now = counted.getAsLong();
            while (now > most && !patience.passed()) {
                Thread.onSpinWait();
                now = counted.getAsLong();
            }
            return now;
        }

        private static long descriptors() {
            var open = Path.of("/proc/self/fd");
            if (!Files.isDirectory(open)) return 0;
            try (var all = Files.list(open)) {
                return all.count();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        /// Those that anybody started by himself: the virtual threads' carriers come and go.
        private static long platformThreads() {
            return Thread.getAllStackTraces().keySet().stream().filter(thread -> !(thread instanceof ForkJoinWorkerThread)).count();
        }

        private long virtualThreads() {
            try {
                var dump = dumps.resolve("threads");
                Files.deleteIfExists(dump);
                ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
                try (var lines = Files.lines(dump)) {
                    return lines.filter(line -> line.startsWith("#") && line.contains(" virtual")).count();
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }
}
