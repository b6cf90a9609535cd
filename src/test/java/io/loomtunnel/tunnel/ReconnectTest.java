package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `-Dloomtunnel.reconnects=10000` takes longer, and its figures are worth more.
@Timeout(600)
class ReconnectTest {
    private static final int COUNT = Integer.getInteger("loomtunnel.reconnects", 300);
    private static final int WARM_UP = 150;
    private static final long GROWTH = 2 << 20;        // bytes of heap that may have come from elsewhere: classes, compiled code
    private static final String HOST = "app.example.com";

    /// What is left once everything that ended is gone.
    private record Left(int threads, int descriptors, int connections, int tunnels, long budget, long heap) {}

    @Test void reconnectsHoweverTheyComeAboutLeaveNothingBehind(@TempDir Path folder) throws Exception {
        try (var server = new ControlPort(PtthConfig.DEFAULTS); var relay = new Relay(server.port())) {
            var dialer = new TunnelDialer("127.0.0.1", relay.port(), "token", List.of(Route.of(HOST)), DialConfig.DEFAULTS);
            RandomGenerator zero = () -> 0;
            try (var session = new TunnelSession(dialer, ClientId.fresh(), ReconnectTest::hello, _ -> { }, new Backoff(zero))) {
                session.start();
                session.awaitAttached(Deadline.after(Link.PATIENCE));
                reconnect(WARM_UP, server, relay);
                var before = left(server, folder);
                reconnect(COUNT, server, relay);
                var patience = Deadline.after(Link.PATIENCE);
                var after = left(server, folder);
                while (!fewer(after, before) && !patience.passed()) after = left(server, folder);
                assertTrue(fewer(after, before), after + " after " + before);
                System.out.println(COUNT + " reconnects: " + after + " after " + before);
            }
            assertTrue(server.tunnels.tunnels().isEmpty());
        }
    }

    private static boolean fewer(Left after, Left before) {
        return after.threads <= before.threads + 3 && after.descriptors <= before.descriptors + 2 && after.connections <= before.connections
                && after.tunnels == 1 && after.budget <= before.budget && after.heap <= before.heap + GROWTH;
    }

    /// In turn: the server ends the link, it asks for another one, and the line breaks.
    private static void reconnect(int times, ControlPort server, Relay relay) throws IOException {
        for (int i = 0; i < times; i++) {
            var tunnel = server.tunnels.await(HOST, "/", Deadline.after(Link.PATIENCE));
            switch (i % 3) {
                case 0 -> tunnel.close();
                case 1 -> tunnel.askToAttachAgain();
                default -> relay.breakOff();
            }
            var next = tunnel;
            var patience = Deadline.after(Link.PATIENCE);
            while (next.client().epoch() == tunnel.client().epoch()) next = server.tunnels.await(HOST, "/", patience);
            assertEquals("hello", get(server, patience));
        }
    }

    private static String get(ControlPort server, Deadline patience) throws IOException {
        for (;;) {
            try {
                return Link.get(server.tunnels.await(HOST, "/", patience));
            } catch (IOException e) {
                if (patience.passed()) throw e;         // else again, over another tunnel: this one was just ending
            }
        }
    }

    private static Left left(ControlPort server, Path folder) throws IOException {
        return new Left(threads(folder), descriptors(), server.connections(), server.tunnels.tunnels().size(), MemoryBudget.PROCESS.used(), heap());
    }

    /// Virtual ones, too, which only a dump counts.
    private static int threads(Path folder) throws IOException {
        var file = folder.resolve("threads.json");
        Files.deleteIfExists(file);
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpThreads(file.toString(), ThreadDumpFormat.JSON);
        return Files.readString(file).split("\"tid\"").length - 1;
    }

    private static int descriptors() {
        var open = new File("/proc/self/fd").list();
        return open == null ? 0 : open.length;
    }

    private static long heap() {
        for (int i = 0; i < 3; i++) System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static void hello(Exchange exchange) throws IOException {
        try (var content = exchange.respond(new ResponseHead(200, Fields.of("content-length", "5")))) {
            content.write("hello".getBytes(ISO_8859_1));
            content.end();
        }
    }
}
