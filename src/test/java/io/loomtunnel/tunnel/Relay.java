package io.loomtunnel.tunnel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// A line between a client and its server whose present connections can be frozen: bytes are swallowed, nobody is told.
final class Relay implements AutoCloseable {
    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Line> lines = ConcurrentHashMap.newKeySet();
    private final int target;

    Relay(int target) throws IOException {
        this.target = target;
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    void freeze() {
        for (var line : lines) line.frozen = true;
    }

    @Override public void close() throws IOException {
        listening.close();
        for (var line : lines) line.close();
    }

    private void accept() {
        try {
            for (;;) {
                var line = new Line(listening.accept(), new Socket(InetAddress.getLoopbackAddress(), target));
                lines.add(line);
                Thread.ofVirtual().start(() -> line.pump(line.a, line.b));
                Thread.ofVirtual().start(() -> line.pump(line.b, line.a));
            }
        } catch (IOException _) {
            // closed
        }
    }

    private static final class Line {
        private final Socket a;
        private final Socket b;
        private volatile boolean frozen;

        Line(Socket a, Socket b) {
            this.a = a;
            this.b = b;
        }

        void pump(Socket from, Socket to) {
            var bytes = new byte[16 * 1024];
            try {
                for (int n; (n = from.getInputStream().read(bytes)) >= 0; ) {
                    if (!frozen) to.getOutputStream().write(bytes, 0, n);
                }
            } catch (IOException _) {
                // the line is down
            }
            if (!frozen) close();
        }

        void close() {
            try (a; b) {
                // both
            } catch (IOException _) {
                // as good as closed
            }
        }
    }
}
