package io.loomtunnel.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ListenerTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final ListenerConfig CONFIG = ListenerConfig.DEFAULTS.withName("test");
    private static final ConnectionHandler ECHO = connection -> connection.in().transferTo(connection.out());

    @Test void servesEachConnectionOnAVirtualThreadAndClosesItAfterwards() throws IOException {
        ConnectionHandler oneByte = connection -> connection.out().write(Thread.currentThread().isVirtual() ? 'v' : 'p');
        try (var listener = Listener.start(ANY_PORT, CONFIG, oneByte); var visitor = dial(listener)) {
            assertEquals('v', visitor.getInputStream().read());
            assertEquals(-1, visitor.getInputStream().read());
            assertEquals(1, listener.accepted());
        }
    }

    @Test void aHandlerThatFailsCostsItsConnectionOnly() throws IOException {
        var failures = new LinkedBlockingQueue<Throwable>();
        failures.add(new IOException("the peer's fault"));
        failures.add(new IllegalStateException("ours, on purpose"));
        failures.add(new AssertionError("worse, on purpose"));
        ConnectionHandler failing = connection -> {
            switch (failures.poll()) {
                case IOException e -> throw e;
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case null, default -> connection.out().write('x');
            }
        };
        try (var listener = Listener.start(ANY_PORT, CONFIG.withMaxConnections(1), failing)) {
            for (int i = 0; i < 3; i++) {
                try (var visitor = dial(listener)) {
                    assertEquals(-1, visitor.getInputStream().read());
                }
            }
            try (var visitor = dial(listener)) {
                assertEquals('x', visitor.getInputStream().read(), "the only permit came back three times");
            }
        }
    }

    @Test void withoutAPermitConnectionsWaitInTheBacklog() throws Exception {
        var served = new Semaphore(0);
        ConnectionHandler hold = connection -> {
            served.release();
            connection.in().read();
        };
        try (var listener = Listener.start(ANY_PORT, CONFIG.withMaxConnections(2), hold);
             var first = dial(listener); var second = dial(listener); var third = dial(listener)) {
            assertTrue(served.tryAcquire(2, 10, TimeUnit.SECONDS));
            while (listener.waits() == 0) Thread.onSpinWait();
            assertEquals(2, listener.connections());
            assertEquals(0, served.availablePermits(), "the third is connected and waits");
            first.shutdownOutput();
            assertTrue(served.tryAcquire(10, TimeUnit.SECONDS), "the third is served");
            assertEquals(3, listener.accepted());
            assertTrue(second.isConnected() && third.isConnected());
        }
    }

    @Test void aPortInUseIsToldInOneLine() throws IOException {
        try (var listener = Listener.start(ANY_PORT, CONFIG, ECHO)) {
            var taken = listener.localAddress();
            var failure = assertThrows(BindException.class, () -> Listener.start(taken, CONFIG, ECHO));
            assertEquals("cannot listen on 127.0.0.1:" + taken.getPort() + ": Address already in use", failure.getMessage());
        }
        var nowhere = InetSocketAddress.createUnresolved("no.such.host.invalid", 80);
        assertThrows(UnknownHostException.class, () -> Listener.start(nowhere, CONFIG, ECHO));
    }

    @Test void aWildcardAddressListensByIPv4AndIPv6() throws IOException {
        try (var listener = Listener.start(new InetSocketAddress(0), CONFIG, ECHO)) {
            int port = listener.localAddress().getPort();
            for (var host : new String[] {"127.0.0.1", "::1"}) {
                try (var visitor = new Socket(host, port)) {
                    visitor.getOutputStream().write('x');
                    assertEquals('x', visitor.getInputStream().read(), host);
                }
            }
        }
    }

    @Test void closeResetsWhatIsServedAndLeavesNoThread() throws Exception {
        var begun = new CountDownLatch(20);
        var ended = new CountDownLatch(20);
        ConnectionHandler hold = connection -> {
            begun.countDown();
            try {
                connection.in().read();
            } finally {
                ended.countDown();
            }
        };
        var listener = Listener.start(ANY_PORT, CONFIG, hold);
        var visitors = new ArrayList<Socket>();
        for (int i = 0; i < 20; i++) visitors.add(dial(listener));
        assertTrue(begun.await(10, TimeUnit.SECONDS));
        listener.close();
        listener.close();
        assertEquals(0, ended.getCount(), "close waits for the handlers");
        assertEquals(0, listener.connections());
        assertFalse(acceptorRuns(), "the accepting thread has ended");
        for (var visitor : visitors) {
            try (visitor) {
                assertThrows(SocketException.class, () -> visitor.getInputStream().read());
            }
        }
        assertThrows(ConnectException.class, () -> dial(listener).close());
    }

    @Test void stopServesWhatWaitsInTheQueueAndWaitsForIt() throws Exception {
        var gate = new CountDownLatch(1);
        ConnectionHandler handler = connection -> {
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            connection.out().write('x');
        };
        try (var listener = Listener.start(ANY_PORT, CONFIG.withMaxConnections(1), handler);
             var first = dial(listener); var queued = dial(listener); var last = dial(listener)) {
            while (listener.waits() == 0) Thread.onSpinWait();
            var stopping = Running.start(() -> assertTrue(listener.stop(Deadline.after(Duration.ofSeconds(20)))));
            gate.countDown();
            for (var visitor : new Socket[] {first, queued, last}) assertEquals('x', visitor.getInputStream().read());
            stopping.join();
            assertEquals(3, listener.accepted());
            assertThrows(ConnectException.class, () -> dial(listener).close());
        }
    }

    @Test void stopDoesNotWaitForAnybodyToCome() throws Exception {
        for (var address : new InetSocketAddress[] {ANY_PORT, new InetSocketAddress(0)}) {
            var listener = Listener.start(address, CONFIG, ECHO);
            try (var visitor = dial(listener)) {
                visitor.getOutputStream().write(1);
                assertEquals(1, visitor.getInputStream().read());
                visitor.shutdownOutput();
                long began = System.nanoTime();
                assertTrue(listener.stop(Deadline.after(Duration.ofSeconds(20))));
                assertTrue(System.nanoTime() - began < Duration.ofMillis(700).toNanos(), "before it would have looked up");
                assertEquals(1, listener.accepted(), "whoever knocks is not counted");
            }
        }
    }

    @Test void stopResetsWhatOutlivesTheGrace() throws Exception {
        try (var listener = Listener.start(ANY_PORT, CONFIG, ECHO); var visitor = dial(listener)) {
            visitor.getOutputStream().write('x');
            assertEquals('x', visitor.getInputStream().read());
            assertFalse(listener.stop(Deadline.after(Duration.ofMillis(1))));
            assertThrows(SocketException.class, () -> visitor.getInputStream().read());
            assertEquals(0, listener.connections());
        }
    }

    @Test void closeEndsAListenerThatWaitsForAPermit() throws Exception {
        var listener = Listener.start(ANY_PORT, CONFIG.withMaxConnections(1), ECHO);
        try (var first = dial(listener); var second = dial(listener)) {
            while (listener.waits() == 0) Thread.onSpinWait();
            listener.close();
            assertFalse(acceptorRuns());
            assertTrue(first.isConnected() && second.isConnected());
        }
    }

    private static boolean acceptorRuns() {
        return Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().equals("loomtunnel-accept-test"));
    }

    private static Socket dial(Listener listener) throws IOException {
        var address = listener.localAddress();
        var socket = new Socket(address.getAddress(), address.getPort());
        socket.setSoTimeout(10_000);
        return socket;
    }
}
