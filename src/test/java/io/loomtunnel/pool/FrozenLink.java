package io.loomtunnel.pool;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A port that passes bytes on to another, until its connections freeze: then they stand, and nothing comes through any more.
/// Later ones are as if nothing had happened.
final class FrozenLink implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int target;
    private final List<Link> links = new CopyOnWriteArrayList<>();

    FrozenLink(int target) throws IOException {
        this.target = target;
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    void freeze() {
        for (var link : links) link.frozen = true;
    }

    private void accept() {
        try {
            while (true) {
                var link = new Link(server.accept(), new Socket(InetAddress.getLoopbackAddress(), target));
                links.add(link);
                Thread.ofVirtual().start(() -> link.copy(link.near, link.far));
                Thread.ofVirtual().start(() -> link.copy(link.far, link.near));
            }
        } catch (IOException e) {
            // closed
        }
    }

    @Override public void close() throws IOException {
        server.close();
        for (var link : links) {
            link.near.close();
            link.far.close();
        }
    }

    private static final class Link {
        final Socket near;
        final Socket far;
        volatile boolean frozen;

        Link(Socket near, Socket far) throws IOException {
            this.near = near;
            this.far = far;
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
        }

        void copy(Socket from, Socket to) {
            var bytes = new byte[8_192];
            try {
                for (int n; (n = from.getInputStream().read(bytes)) >= 0; ) if (!frozen) to.getOutputStream().write(bytes, 0, n);
            } catch (IOException e) {
                // closed
            }
        }
    }
}
