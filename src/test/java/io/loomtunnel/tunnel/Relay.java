package io.loomtunnel.tunnel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// A line between a client and its server. Its present connections can be frozen: bytes are swallowed, nobody is told. Or
/// it is cut, so that new ones get no answer either.
final class Relay implements AutoCloseable {
    private static final int NO_ANSWER = 200;          // milliseconds: on loopback everybody else answers at once

    private final ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final Set<Line> lines = ConcurrentHashMap.newKeySet();
    private final Deque<Socket> unanswered = new ArrayDeque<>();
    private final int target;
    private volatile boolean cut;

    Relay(int target) throws IOException {
        this.target = target;
        start();
    }

    int port() {
        return listening.getLocalPort();
    }

    void freeze() {
        for (var line : lines) line.frozen = true;
    }

    /// Resets both ends of every line.
    void breakOff() {
        for (var line : List.copyOf(lines)) line.breakOff();           // not those that follow
    }

    /// Freezes, and lets nobody connect: the kernel drops what comes for a full backlog.
    void cut() throws IOException {
        freeze();
        cut = true;
        for (;;) {
            var filler = new Socket();                 // the first one tells whoever accepts
            unanswered.add(filler);
            try {
                filler.connect(listening.getLocalSocketAddress(), NO_ANSWER);
            } catch (SocketTimeoutException _) {
                return;
            }
        }
    }

    /// New connections pass again.
    void mend() throws IOException {
        for (var filler : unanswered) filler.close();
        unanswered.clear();
        cut = false;
        start();
    }

    private void start() {
        Thread.ofVirtual().start(this::accept);
    }

    @Override public void close() throws IOException {
        listening.close();
        for (var filler : unanswered) filler.close();
        for (var line : lines) line.close();
    }

    private void accept() {
        try {
            for (;;) {
                var dialled = listening.accept();
                if (cut) {
                    dialled.close();
                    return;
                }
                var line = new Line(dialled, new Socket(InetAddress.getLoopbackAddress(), target));
                lines.add(line);
                Thread.ofVirtual().start(() -> pump(line, line.a, line.b));
                Thread.ofVirtual().start(() -> pump(line, line.b, line.a));
            }
        } catch (IOException _) {
            // closed
        }
    }

    private void pump(Line line, Socket from, Socket to) {
        line.pump(from, to);
        if (!line.frozen) lines.remove(line);
    }

    private static final class Line {
        private final Socket a;
        private final Socket b;
        private volatile boolean frozen;

        Line(Socket a, Socket b) throws IOException {
            a.setTcpNoDelay(true);
            b.setTcpNoDelay(true);
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

        void breakOff() {
            try {
                a.setSoLinger(true, 0);
                b.setSoLinger(true, 0);
            } catch (IOException _) {
                // it has just ended by itself
            }
            close();
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
