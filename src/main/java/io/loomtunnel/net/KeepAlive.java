package io.loomtunnel.net;

import static jdk.net.ExtendedSocketOptions.TCP_KEEPCOUNT;
import static jdk.net.ExtendedSocketOptions.TCP_KEEPIDLE;
import static jdk.net.ExtendedSocketOptions.TCP_KEEPINTERVAL;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;

/// When the kernel probes a silent connection: after a minute instead of two hours, where it lets us say so.
final class KeepAlive {
    private static final int IDLE = 60;         // seconds without a segment before the first probe
    private static final int INTERVAL = 10;     // seconds from probe to probe
    private static final int COUNT = 6;         // unanswered probes: the connection is dead

    private KeepAlive() {}

    /// Sets the times for a connection that we dialled.
    static void times(Socket socket) throws IOException {
        if (!socket.supportedOptions().contains(TCP_KEEPIDLE)) return;
        socket.setOption(TCP_KEEPIDLE, IDLE);
        socket.setOption(TCP_KEEPINTERVAL, INTERVAL);
        socket.setOption(TCP_KEEPCOUNT, COUNT);
    }

    /// Sets the times once for all connections that will be accepted: the kernel hands them down.
    static void times(ServerSocket socket) throws IOException {
        if (!socket.supportedOptions().contains(TCP_KEEPIDLE)) return;
        socket.setOption(TCP_KEEPIDLE, IDLE);
        socket.setOption(TCP_KEEPINTERVAL, INTERVAL);
        socket.setOption(TCP_KEEPCOUNT, COUNT);
    }
}
