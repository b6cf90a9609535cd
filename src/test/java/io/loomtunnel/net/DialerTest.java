package io.loomtunnel.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DialerTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @Test void opensAConnectionByNameOrAddress() throws IOException {
        try (var server = new ServerSocket(0, 10, LOOPBACK)) {
            for (var host : new String[] {"localhost", "127.0.0.1"}) {
                try (var connection = Dialer.DEFAULT.connect(host, server.getLocalPort(), LIMIT);
                     var accepted = server.accept()) {
                    accepted.getOutputStream().write('x');
                    assertEquals('x', connection.in().read(), host);
                }
            }
        }
    }

    @Test void triesEveryAddressOfAName() throws IOException {
        var addresses = InetAddress.getAllByName("localhost");
        var last = addresses[addresses.length - 1];
        try (var server = new ServerSocket(0, 10, last);
             var connection = Dialer.DEFAULT.connect("localhost", server.getLocalPort(), LIMIT)) {
            assertEquals(last, connection.remoteAddress().getAddress());
        }
    }

    @Test void anIPv6AddressMayStandInBracketsAsInAUrl() throws IOException {
        try (var server = new ServerSocket(0, 10, InetAddress.ofLiteral("::1"))) {
            for (var host : new String[] {"::1", "[::1]"}) {
                Dialer.DEFAULT.connect(host, server.getLocalPort(), LIMIT).close();
            }
        }
    }

    @Test void aRefusalNamesHostAndCause() throws IOException {
        int port = freePort();
        var failure = assertThrows(ConnectException.class, () -> Dialer.DEFAULT.connect("127.0.0.1", port, LIMIT));
        assertEquals("cannot connect to 127.0.0.1:" + port + ": Connection refused", failure.getMessage());
    }

    @Test void anUnknownNameIsToldAsSuch() {
        var failure = assertThrows(UnknownHostException.class,
                () -> Dialer.DEFAULT.connect("no.such.host.invalid", 80, LIMIT));
        assertEquals("unknown host no.such.host.invalid", failure.getMessage());
    }

    @Test void aPeerThatNeverAnswersIsGivenUpInTime() throws IOException {
        // A full backlog drops what arrives, so nobody answers; Linux keeps one more than the backlog says.
        var waiting = new ArrayList<Socket>();
        try (var server = new ServerSocket(0, 1, LOOPBACK)) {
            int port = server.getLocalPort();
            var limit = Duration.ofMillis(100);
            var failure = assertThrows(SocketTimeoutException.class, () -> {
                for (int i = 0; i < 20; i++) {
                    waiting.add(new Socket());
                    waiting.getLast().connect(new InetSocketAddress(LOOPBACK, port), 100);
                }
            });
            assertTrue(failure != null && waiting.size() > 1);
            var ours = assertThrows(SocketTimeoutException.class, () -> Dialer.DEFAULT.connect("127.0.0.1", port, limit));
            assertEquals("cannot connect to 127.0.0.1:" + port + " within 100 ms", ours.getMessage());
        } finally {
            for (var socket : waiting) socket.close();
        }
    }

    private static int freePort() throws IOException {
        try (var server = new ServerSocket(0, 1, LOOPBACK)) {
            return server.getLocalPort();
        }
    }
}
