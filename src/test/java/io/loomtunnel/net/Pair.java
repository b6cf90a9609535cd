package io.loomtunnel.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;

/// Two ends of one connection on loopback: ours, and the peer's as a plain socket.
record Pair(SocketDuplex ours, Socket peer) implements AutoCloseable {
    static Pair open(Watchdog watchdog) throws IOException {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var peer = new Socket(server.getInetAddress(), server.getLocalPort());
            peer.setSoTimeout(SocketDuplex.millis(Duration.ofSeconds(10)));
            return new Pair(new SocketDuplex(server.accept(), watchdog), peer);
        }
    }

    @Override public void close() throws IOException {
        ours.close();
        peer.close();
    }
}
