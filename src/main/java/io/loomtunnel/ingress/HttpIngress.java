package io.loomtunnel.ingress;

import io.loomtunnel.http.Content;
import io.loomtunnel.http.ErrorPage;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.FilterExchange;
import io.loomtunnel.http.Forwarding;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.Watchdog;
import io.loomtunnel.serve.HttpServing;
import io.loomtunnel.serve.ServeConfig;
import io.loomtunnel.serve.TlsPort;
import io.loomtunnel.tunnel.PtthAcceptor;
import io.loomtunnel.tunnel.Tunnel;
import io.loomtunnel.tunnel.TunnelRegistry;
import io.loomtunnel.websocket.Upgrades;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;

/// The public side for HTTP: finds the tunnel by the request's host and path, and forwards over it.
public final class HttpIngress implements ExchangeHandler, AutoCloseable {
    private final TunnelRegistry tunnels;
    private volatile IngressConfig config;
    private volatile Forwarding forwarding;
    private volatile Upgrades upgrades;
    private final HttpServing serving;
    private final Watchdog watchdog;
    private final TlsPort tls;                          // null for a port in clear
    private final PtthAcceptor clients;                 // null when they attach elsewhere
    private Listener listener;

    private HttpIngress(TlsPort tls, PtthAcceptor clients, TunnelRegistry tunnels, IngressConfig config) {
        this.tls = tls;
        this.clients = clients;
        this.tunnels = tunnels;
        this.config = config;
        forwarding = new Forwarding(config.responseTimeout());
        upgrades = new Upgrades(config.upgrades());
        var limits = config.limits();
        serving = new HttpServing(new ServeConfig(limits.maxRequestLine(), limits.maxFieldBytes(), limits.maxFields(), limits.maxStreams(),
                limits.headTimeout(), limits.contentTimeout(), limits.idleTimeout(), limits.writeTimeout()), this);
        boolean usual = limits.writeTimeout().equals(VisitorLimits.DEFAULTS.writeTimeout());
        watchdog = usual ? Watchdog.PROCESS : new Watchdog(limits.writeTimeout());
    }

    /// Opens a public port.
    /// @param address where visitors come; port 0 takes a free one
    /// @param tunnels where their requests go
    /// @param config  limits and time-outs
    /// @return to be closed
    /// @throws IOException the address can't be bound; the message says why
    public static HttpIngress start(InetSocketAddress address, TunnelRegistry tunnels, IngressConfig config) throws IOException {
        return start(address, new HttpIngress(null, null, tunnels, config), config);
    }

    /// Opens a public port on which TLS is spoken, with HTTP/2 or HTTP/1.1 as ALPN decides.
    /// @param address where visitors come; port 0 takes a free one
    /// @param tls     has the certificates, and chooses between them
    /// @param tunnels where their requests go
    /// @param config  limits and time-outs
    /// @return to be closed
    /// @throws IOException the address can't be bound; the message says why
    public static HttpIngress start(InetSocketAddress address, SSLContext tls, TunnelRegistry tunnels, IngressConfig config)
            throws IOException {
        return start(address, new HttpIngress(TlsPort.visitors(tls), null, tunnels, config), config);
    }

    /// Opens a public port to which clients attach as well: what is asked for under `/.well-known/ptth/` is theirs, all else the
    /// visitors'. A tunnel does not count among the visitors' connections, and is not ended by [#close].
    /// @param address where both come; port 0 takes a free one
    /// @param tls     has the certificates; null for a port in clear
    /// @param clients answers handshakes
    /// @param tunnels where visitors' requests go
    /// @param config  limits and time-outs
    /// @return to be closed
    /// @throws IOException the address can't be bound; the message says why
    public static HttpIngress start(InetSocketAddress address, SSLContext tls, PtthAcceptor clients, TunnelRegistry tunnels,
                                    IngressConfig config) throws IOException {
        var port = tls == null ? null : TlsPort.visitors(tls);
        return start(address, new HttpIngress(port, Objects.requireNonNull(clients), tunnels, config), config);
    }

    private static HttpIngress start(InetSocketAddress address, HttpIngress ingress, IngressConfig config) throws IOException {
        var listening = ListenerConfig.DEFAULTS.withName(ingress.tls == null ? "http" : "https")
                .withMaxConnections(config.limits().maxConnections()).withWatchdog(ingress.watchdog);
        try {
            ingress.listener = Listener.bound(address, listening, ingress::serve);
            ingress.listener.begin();
            return ingress;
        } catch (IOException | RuntimeException e) {
            ingress.rest();
            throw e;
        }
    }

    /// Where visitors come.
    /// @return the address, with the port that was taken
    public InetSocketAddress localAddress() {
        return listener.localAddress();
    }

    /// Holds for requests that come from now on. Of the limits only those of content are looked at: the others belong to connections, and
    /// stay what they are.
    /// @param next replaces what may change
    public void config(IngressConfig next) {
        var limits = config.limits().withBodies(next.limits().maxRequestBody(), next.limits().maxResponseBody());
        config = next.withLimits(limits);
        forwarding = new Forwarding(next.responseTimeout());
        upgrades = new Upgrades(next.upgrades());
    }

    private void serve(SocketDuplex connection) throws IOException {
        var source = config.proxies().source(connection);
        ExchangeHandler handler = clients == null ? this : exchange -> dispatch(exchange, connection);
        if (tls == null) serving.serve(connection, new Peer(source, "http"), handler);
        else serving.serve(connection, tls, source, handler);
    }

    private void dispatch(Exchange exchange, SocketDuplex connection) throws IOException {
        if (!PtthAcceptor.isMeant(exchange.request())) {
            handle(exchange);
            return;
        }
        clients.handle(new FilterExchange(exchange) {
            @Override public Duplex upgrade(Fields fields) throws IOException {
                var tunnel = super.upgrade(fields);
                listener.letGo(connection);
                return tunnel;
            }
        });
    }

    /// Sends one request through its tunnel. What goes wrong on the way is answered with a page that names the cause.
    /// @param visitor the visitor's exchange
    /// @throws IOException the exchange failed after its response had begun, or the visitor is gone
    @Override public void handle(Exchange visitor) throws IOException {
        try {
            var exchange = upgrades.accept(visitor);
            var request = exchange.request();
            // The HTTP/1.1 parser has refused it already; by HTTP/2 only now (RFC 9110 §9.3.8).
            if (request.method().equals("TRACE") && exchange.content() != Content.NONE) throw new StatusException(400, "TRACE has no content.");
            // HTTP/2 has no request-line, but its origin may: the limit is the same, for what the visitor has sent.
            var sent = visitor.request();
            int line = sent.method().length() + sent.path().length() + "  HTTP/1.1\r\n".length();
            if (line > config.limits().maxRequestLine()) throw new StatusException(414, "The request's target is longer than allowed here.");
            if (MaxForwards.ended(request)) {
                MaxForwards.respond(exchange);
                return;
            }
            var fields = Forwarding.endToEnd(request.fields());
            var sender = ForwardedFields.write(fields, exchange.peer(), request.authority(), config.proxies());
            MaxForwards.count(request, fields);
            Via.add(fields, exchange.version());
            var head = new RequestHead(request.method(), sender.scheme(), request.authority(), request.path(), request.protocol(), fields);
            if (config.sticky()) {
                var kept = new StickyExchange(exchange, head, tunnels);
                forwarding.forward(BoundedExchange.of(kept, config.limits()), head, 2, attempt -> kept.to(tunnel(head, kept.marks(), attempt)));
            } else {
                forwarding.forward(BoundedExchange.of(exchange, config.limits()), head, 2, attempt -> {
                    var tunnel = tunnel(head, List.of(), attempt);
                    return () -> tunnel;
                });
            }
        } catch (StatusException e) {
            if (visitor.responded()) throw e;
            ErrorPage.respond(visitor, e);
        }
    }

    private Tunnel tunnel(RequestHead head, List<String> marks, int attempt) throws IOException {
        if (attempt > 1) head.fields().add(Forwarding.AGAIN, "?1");
        return config.hold().isZero() ? tunnels.find(head.authority(), head.path(), marks)
                : tunnels.await(head.authority(), head.path(), marks, Deadline.after(config.hold()));
    }

    /// Asks visitors' connections to end with the requests that they have; new ones are still served, and asked the same.
    public void drain() {
        serving.drain();
    }

    /// Accepts no more visitors, waits for those who are being served and resets the rest.
    /// @param grace how long they are waited for
    /// @return whether nobody had to be reset
    public boolean close(Deadline grace) {
        serving.drain();
        boolean inOrder = listener.stop(grace);
        rest();
        return inOrder;
    }

    /// Ends at once, whatever is under way.
    @Override public void close() {
        listener.close();
        rest();
    }

    /// Nobody is watched any more.
    private void rest() {
        if (watchdog != Watchdog.PROCESS) watchdog.close();
    }
}
