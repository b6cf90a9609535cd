package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.http1.Http1Server;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.tunnel.Authenticator.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

/// A server's control port on loopback. Two tokens are good, `token` and `stranger`; nobody may register
/// `forbidden.example`.
final class ControlPort implements AutoCloseable {
    static final String TARGET = "/.well-known/ptth/http%3A%2F%2Fapp.example.com/";

    final TunnelRegistry tunnels = new TunnelRegistry();
    private final Listener listener;

    ControlPort(PtthConfig config) throws IOException {
        this(0, config);
    }

    ControlPort(int port, PtthConfig config) throws IOException {
        this(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), config);
    }

    ControlPort(InetSocketAddress address, PtthConfig config) throws IOException {
        var acceptor = new PtthAcceptor(tunnels, (token, routes) -> {
            if (!token.equals("token") && !token.equals("stranger")) return new Verdict.Unknown();
            if (routes.contains(Route.of("forbidden.example"))) return new Verdict.Forbidden("not yours");
            return new Verdict.Granted(token);
        }, VisitorAddress.http(8080), TcpPorts.NONE, config);
        listener = Listener.start(address, ListenerConfig.DEFAULTS, connection -> {
            var in = new ByteReader(connection.in(), MemoryBudget.PROCESS);
            var peer = new Peer(connection.remoteAddress(), "http");
            new Http1Server(connection, in, Http1Config.DEFAULTS, peer).serve(acceptor);
        });
    }

    int port() {
        return listener.localAddress().getPort();
    }

    int connections() {
        return listener.connections();
    }

    /// A client that has said this, byte by byte as it stands here.
    Socket say(String request) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port());
        socket.setSoTimeout((int) Link.PATIENCE.toMillis());
        socket.getOutputStream().write(request.getBytes(ISO_8859_1));
        return socket;
    }

    /// What the server says to it up to the end of the head, and of the content when there is one.
    String answer(String request) throws IOException {
        try (var socket = say(request)) {
            return answer(socket);
        }
    }

    static String answer(Socket socket) throws IOException {
        var answer = new StringBuilder();
        int length = 0;
        for (int end = -1; end < 0 || answer.length() < end + length; ) {
            int b = socket.getInputStream().read();
            if (b < 0) throw new IOException("ended after: " + answer);
            answer.append((char) b);
            if (end >= 0 || !answer.toString().endsWith("\r\n\r\n")) continue;
            end = answer.length();
            for (var line : answer.toString().toLowerCase().split("\r\n")) {
                if (line.startsWith("content-length:")) length = Integer.parseInt(line.substring(15).strip());
            }
        }
        return answer.toString();
    }

    /// A request that is accepted, before it is made worse.
    static String request() {
        return """
            GET /.well-known/ptth/http%3A%2F%2Fapp.example.com/ HTTP/1.1\r
            Host: edge.example.com:7835\r
            Connection: Upgrade\r
            Upgrade: ptth\r
            ALPN: h2\r
            Authorization: Bearer token\r
            LoomTunnel-Client: instance="a", slot=0, epoch=1\r
            \r
            """;
    }

    /// As a crash does: nobody is told.
    void kill() {
        listener.close();
    }

    @Override public void close() {
        tunnels.close(Deadline.after(Duration.ofMillis(1)));
        listener.close();
    }
}
