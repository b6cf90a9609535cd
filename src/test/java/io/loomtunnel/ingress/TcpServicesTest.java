package io.loomtunnel.ingress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.TunnelRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TcpServicesTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final TcpIngressConfig IMPATIENT = TcpIngressConfig.DEFAULTS.withRelease(Duration.ofMillis(20));

    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    @Test void aServiceWithAPortOfItsOwnKeepsIt() throws Exception {
        var services = services(IMPATIENT);
        services.open("DB", new InetSocketAddress(LOOPBACK, 0));
        var address = services.address("db");
        assertEquals(address.getPort(), services.claim(new Route.Tcp("db")));
        services.release(new Route.Tcp("db"));
        assertEquals(address, services.address("db"));
        assertThrows(IllegalArgumentException.class, () -> services.open("db", new InetSocketAddress(LOOPBACK, 0)));
    }

    @Test void withoutARangeOtherNamesAreRefusedWithTheNamesThereAre() throws Exception {
        var services = services(IMPATIENT);
        assertEquals("this server has no TCP service named db; it has none", refusal(services, "db", 403));
        services.open("ssh", new InetSocketAddress(LOOPBACK, 0));
        services.open("mail", new InetSocketAddress(LOOPBACK, 0));
        assertEquals("this server has no TCP service named db; it has mail, ssh", refusal(services, "db", 403));
    }

    @Test void eachNameGetsAPortOfTheRangeUntilItIsFull() throws Exception {
        int first = freeRange(3);
        var services = services(IMPATIENT);
        services.range(new InetSocketAddress(LOOPBACK, first), first + 2);
        var ports = new HashSet<Integer>();
        for (var name : new String[] {"a", "b", "c"}) ports.add(services.claim(new Route.Tcp(name)));
        assertEquals(3, ports.size());
        for (int port : ports) assertTrue(port >= first && port <= first + 2, first + ": " + port);
        assertEquals("no port is free for d: all of " + first + "-" + (first + 2) + " are taken", refusal(services, "d", 503));
        assertEquals(services.address("a").getPort(), services.claim(new Route.Tcp("a")), "a second tunnel of the name");
    }

    @Test void aPortIsReleasedOnceTheLastTunnelIsGoneForAWhile() throws Exception {
        int first = freeRange(1);
        var services = services(IMPATIENT);
        services.range(new InetSocketAddress(LOOPBACK, first), first);
        var a = new Route.Tcp("a");
        services.claim(a);
        services.claim(a);
        services.release(a);
        refusal(services, "b", 503);
        services.release(a);
        assertEquals(first, claimSoon(services, new Route.Tcp("b")));
        assertNull(services.address("a"));
    }

    @Test void aNameThatComesBackInTimeKeepsItsPort() throws Exception {
        int first = freeRange(1);
        var services = services(TcpIngressConfig.DEFAULTS);
        services.range(new InetSocketAddress(LOOPBACK, first), first);
        var a = new Route.Tcp("a");
        services.claim(a);
        services.release(a);
        new Socket(LOOPBACK, first).close();
        refusal(services, "b", 503);
        assertEquals(first, services.claim(a));
    }

    @Test void theSameNameGetsTheSamePortWhereItIsFreeAndOfAnotherServerToo() throws Exception {
        int first = freeRange(4);
        var address = new InetSocketAddress(LOOPBACK, first);
        var a = new Route.Tcp("a");
        var services = services(IMPATIENT);
        services.range(address, first + 3);
        int port = services.claim(a);
        services.close();
        var restarted = services(IMPATIENT);
        restarted.range(address, first + 3);
        assertEquals(port, restarted.claim(a));
        restarted.close();
        try (var _ = new ServerSocket(port, 1, LOOPBACK)) {
            var third = services(IMPATIENT);
            third.range(address, first + 3);
            assertNotEquals(port, third.claim(a), "another program has it");
        }
    }

    @Test void afterTheEndNoPortIsOpen() throws Exception {
        int first = freeRange(2);
        var services = services(IMPATIENT);
        services.open("db", new InetSocketAddress(LOOPBACK, 0));
        services.range(new InetSocketAddress(LOOPBACK, first), first + 1);
        int fixed = services.address("db").getPort();
        int port = services.claim(new Route.Tcp("a"));
        services.close();
        for (int closed : new int[] {fixed, port}) assertThrows(IOException.class, () -> new Socket(LOOPBACK, closed).close());
        assertEquals("this server is shutting down", refusal(services, "b", 503));
    }

    @Test void whatIsNoRangeIsRefused() {
        var services = services(IMPATIENT);
        for (int[] range : new int[][] {{0, 10}, {10, 9}, {10, 65536}}) {
            assertThrows(IllegalArgumentException.class, () -> services.range(new InetSocketAddress(LOOPBACK, range[0]), range[1]));
        }
    }

    private TcpServices services(TcpIngressConfig config) {
        var services = new TcpServices(new TunnelRegistry(), config);
        open.push(services);
        return services;
    }

    private static String refusal(TcpServices services, String name, int status) {
        var refusal = assertThrows(StatusException.class, () -> services.claim(new Route.Tcp(name)));
        assertEquals(status, refusal.status());
        return refusal.getMessage();
    }

    private static int claimSoon(TcpServices services, Route.Tcp route) throws StatusException {
        for (var patience = Deadline.after(Duration.ofSeconds(10)); ; Thread.onSpinWait()) {
            try {
                return services.claim(route);
            } catch (StatusException e) {
                if (patience.passed()) throw e;
            }
        }
    }

    /// Ports that nobody has at the moment, one behind the other.
    private static int freeRange(int size) throws IOException {
        for (;;) {
            var held = new ArrayDeque<ServerSocket>();
            try {
                held.add(new ServerSocket(0, 1, LOOPBACK));
                int first = held.element().getLocalPort();
                for (int port = first + 1; port < first + size; port++) held.add(new ServerSocket(port, 1, LOOPBACK));
                return first;
            } catch (IOException | IllegalArgumentException _) {
                // somebody has one of them
            } finally {
                for (var socket : held) socket.close();
            }
        }
    }
}
