package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.serve.HttpServing;
import io.loomtunnel.serve.ServeConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// The demo's private program: a small HTTP server that shows each request as it reached it.
final class DemoOrigin implements AutoCloseable {
    private static final String GREETING = "Hello from a private port, through LoomTunnel.";

    private final Listener listener;

    private DemoOrigin(Listener listener) {
        this.listener = listener;
    }

    /// Listens on a free port of this machine.
    static DemoOrigin start() throws IOException {
        var serving = new HttpServing(ServeConfig.DEFAULTS, DemoOrigin::answer);
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        return new DemoOrigin(Listener.start(address, ListenerConfig.DEFAULTS.withName("demo"),
                connection -> serving.serve(connection, new Peer(connection.remoteAddress(), "http"))));
    }

    InetSocketAddress address() {
        return listener.localAddress();
    }

    @Override public void close() {
        listener.close();
    }

    private static void answer(Exchange exchange) throws IOException {
        var accept = exchange.request().fields().joined("accept");
        boolean html = accept != null && accept.contains("text/html");
        var page = (html ? html(request(exchange)) : GREETING + "\nThis is the request as it arrived here:\n\n" + request(exchange))
                .getBytes(UTF_8);
        var fields = Fields.of("content-type", (html ? "text/html" : "text/plain") + "; charset=utf-8",
                "content-length", Integer.toString(page.length), "cache-control", "no-store");
        try (var content = exchange.respond(new ResponseHead(200, fields))) {
            if (!exchange.request().method().equals("HEAD")) content.write(page);
            content.end();
        }
    }

    private static String request(Exchange exchange) {
        var head = exchange.request();
        var text = new StringBuilder(head.method()).append(' ').append(head.path()).append("\nhost: ").append(head.authority()).append('\n');
        for (int i = 0; i < head.fields().size(); i++) {
            text.append(head.fields().name(i)).append(": ").append(head.fields().value(i)).append('\n');
        }
        return text.toString();
    }

    private static String html(String request) {
        return """
                <!doctype html>
                <html lang="en">
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width">
                <title>LoomTunnel</title>
                <style>
                  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 4rem auto; padding: 0 1rem; color: #222 }
                  pre { background: #f3f3f0; padding: 1rem; overflow-x: auto; border-radius: .4rem }
                  @media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } pre { background: #262626 } }
                </style>
                <h1>""" + GREETING + """
                </h1>
                <p>Your browser asked the server, the server asked the client over the tunnel, and the client asked this
                program. This is the request as it arrived here:</p>
                <pre>""" + escaped(request) + """
                </pre>
                <p>To serve a program of your own, say one on port 3000:</p>
                <pre>loomtunnel server
                loomtunnel client --server HOST:7835 --http 3000</pre>
                </html>
                """;
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
