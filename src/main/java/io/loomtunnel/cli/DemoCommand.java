package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.TunnelClient;
import io.loomtunnel.TunnelServer;
import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Dialer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/// `loomtunnel demo`: an origin, a client and a server in one process, reachable from this machine only.
final class DemoCommand {
    private static final String HOST = "demo.localhost";
    private static final int PORT = 8080;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Arguments arguments;
    private final Screen screen;

    DemoCommand(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
    }

    /// Without `--once` it does not return once it runs.
    /// @throws IOException it could not start, or the one request failed
    int run() throws IOException, InterruptedException {
        boolean once = arguments.has(Flag.ONE_REQUEST);
        try (var demo = Demo.start(once ? 0 : PORT)) {
            int port = demo.server.httpAddress().getPort();
            if (once) {
                screen.print(visit(port));
                return ExitException.DONE;
            }
            screen.say("open http://" + HOST + ":" + port + "/ (Ctrl-C ends the demo)");
            screen.say("  visitor -> server on port " + port + " -> tunnel on port " + demo.server.controlAddress().getPort()
                    + " -> client -> origin on port " + demo.origin.address().getPort());
            Drain.onSignal(screen, demo, Duration.ZERO, Demo.GRACE);
            new CountDownLatch(1).await();
            return ExitException.DONE;
        }
    }

    /// The three programs, from the private to the public one.
    private record Demo(DemoOrigin origin, TunnelServer server, TunnelClient client) implements AutoCloseable {
        private static final Duration GRACE = Duration.ofSeconds(1);

        /// @param port for visitors; another one when it is taken
        static Demo start(int port) throws IOException {
            var token = Token.made();
            var origin = DemoOrigin.start();
            var url = URI.create("http://" + Endpoint.text(origin.address()));
            var server = server(token, port);
            var client = TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token(token).grace(GRACE)
                    .http(HOST, url).http(url).start();
            return new Demo(origin, server, client);
        }

        private static TunnelServer server(String token, int port) throws IOException {
            var builder = TunnelServer.builder().bind(0).token(token).grace(GRACE);
            try {
                return builder.http(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)).start();
            } catch (BindException e) {
                if (port == 0) throw e;
                return server(token, 0);
            }
        }

        @Override public void close() {
            client.close();
            server.close();
            origin.close();
        }
    }

    /// Sends one request as a visitor would.
    /// @return the answer's content
    private static String visit(int port) throws IOException {
        try (var socket = Dialer.DEFAULT.connect("127.0.0.1", port, LIMIT)) {
            var http = new Http1Client(socket, new ByteReader(socket.in(), MemoryBudget.PROCESS), Http1Config.DEFAULTS);
            var head = new RequestHead("GET", "http", HOST + ":" + port, "/",
                    Fields.of("accept", "text/plain", "user-agent", "loomtunnel-demo", "connection", "close"));
            var transaction = http.send(head);
            transaction.content().end();
            var deadline = Deadline.after(LIMIT);
            var response = transaction.response(deadline);
            while (response.interim()) response = transaction.response(deadline);
            var text = new String(transaction.body().readAllBytes(), UTF_8);
            if (response.status() != 200) throw ExitException.failure("the demo answered " + response.status() + ": " + Text.printable(text), null);
            return text;
        }
    }
}
