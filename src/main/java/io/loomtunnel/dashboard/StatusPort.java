package io.loomtunnel.dashboard;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.HttpDate;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.serve.HttpServing;
import io.loomtunnel.serve.ServeConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/// A port for balancers and supervisors. `/health` answers 200 as long as the process runs; `/ready` answers 200 while this
/// end can do its work and 503 with the reason in one line while it cannot, or has begun to shut down.
public final class StatusPort implements ExchangeHandler, AutoCloseable {
    private static final int MAX_CONNECTIONS = 100;
    private static final Duration IDLE = Duration.ofSeconds(30);

    private final Probe ready;
    private final HttpServing serving;
    private Listener listener;
    private volatile boolean draining;

    /// Whether an end can do its work at the moment.
    @FunctionalInterface
    public interface Probe {
        /// Looks, within a second or so.
        /// @throws IOException it cannot; the message says why in a few words
        void check() throws IOException;
    }

    private StatusPort(Probe ready) {
        this.ready = ready;
        var usual = ServeConfig.DEFAULTS;
        serving = new HttpServing(usual.withTimeouts(usual.headTimeout(), usual.contentTimeout(), IDLE), this);
    }

    /// Opens the port.
    /// @param address port 0 takes a free one
    /// @param ready   is asked at each `/ready`, by several threads at once
    /// @return to be closed, after everything else
    /// @throws IOException the address can't be bound; the message says why
    public static StatusPort start(InetSocketAddress address, Probe ready) throws IOException {
        var port = new StatusPort(ready);
        var limits = ListenerConfig.DEFAULTS.withName("status").withMaxConnections(MAX_CONNECTIONS);
        port.listener = Listener.start(address, limits,
                connection -> port.serving.serve(connection, new Peer(connection.remoteAddress(), "http")));
        return port;
    }

    /// Where it listens.
    /// @return with the port that was taken
    public InetSocketAddress localAddress() {
        return listener.localAddress();
    }

    /// From now on `/ready` fails: whoever sends visitors here looks for others. `/health` is as before.
    public void drain() {
        draining = true;
    }

    @Override public void handle(Exchange exchange) throws IOException {
        var request = exchange.request();
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            answer(exchange, 405, "only GET and HEAD");
            return;
        }
        int query = request.path().indexOf('?');
        switch (query < 0 ? request.path() : request.path().substring(0, query)) {
            case "/health" -> answer(exchange, 200, "ok");
            case "/ready" -> ready(exchange);
            default -> answer(exchange, 404, "there is /ready and /health");
        }
    }

    private void ready(Exchange exchange) throws IOException {
        if (!draining) {
            try {
                ready.check();
            } catch (IOException e) {
                answer(exchange, 503, e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
                return;
            }
        }
        // Once more: it may have begun while the far end was asked.
        if (draining) answer(exchange, 503, "shutting down");
        else answer(exchange, 200, "ready");
    }

    private static void answer(Exchange exchange, int status, String line) throws IOException {
        var text = (line + "\n").getBytes(UTF_8);
        var fields = Fields.of("content-type", "text/plain; charset=utf-8", "content-length", Integer.toString(text.length),
                "cache-control", "no-store");
        if (status == 405) fields.add("allow", "GET, HEAD");
        HttpDate.stamp(fields);
        try (var content = exchange.respond(new ResponseHead(status, fields))) {
            if (!exchange.request().method().equals("HEAD")) content.write(text);
            content.end();
        }
    }

    @Override public void close() {
        draining = true;
        listener.close();
    }
}
