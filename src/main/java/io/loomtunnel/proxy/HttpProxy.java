package io.loomtunnel.proxy;

import io.loomtunnel.http.ErrorPage;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Forwarding;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.Routes;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.pool.ConnectionPool;
import io.loomtunnel.pool.Lease;
import io.loomtunnel.pool.Origin;
import io.loomtunnel.pool.PoolConfig;
import io.loomtunnel.websocket.Upgrades;
import java.io.IOException;
import java.net.URI;

/// The private side: sends what comes through a tunnel to an origin, over a pool of connections.
public final class HttpProxy implements ExchangeHandler, AutoCloseable {
    private final Routes<Origin> origins;
    private final ConnectionPool pool;
    private final Forwarding forwarding;
    private final HostHeader host;

    /// A proxy for one origin, whatever the host.
    /// @param origin an `http://`, `https://` or `h2c://` URL of host and port
    /// @param config of its connections
    /// @throws IllegalArgumentException the URL is none that can be dialled
    public HttpProxy(URI origin, PoolConfig config) {
        this(everything(Origin.of(origin)), config);
    }

    /// A proxy for several origins, by host and path.
    /// @param origins may change while the proxy is in use
    /// @param config  of its connections
    public HttpProxy(Routes<Origin> origins, PoolConfig config) {
        this(origins, config, HostHeader.PRESERVE);
    }

    /// A proxy for several origins, which are asked for another host than the visitor's.
    /// @param origins may change while the proxy is in use
    /// @param config  of its connections
    /// @param host    for all of them
    public HttpProxy(Routes<Origin> origins, PoolConfig config, HostHeader host) {
        this.host = host;
        this.origins = origins;
        pool = new ConnectionPool(config);
        forwarding = new Forwarding(config.responseTimeout());
    }

    private static Routes<Origin> everything(Origin origin) {
        var routes = new Routes<Origin>();
        routes.put("*", "", origin);
        return routes;
    }

    /// Sends one request to its origin and the response back. What goes wrong on the way is answered with a page that names the cause.
    /// @param exchange one stream of a tunnel, or any other
    /// @throws IOException the exchange failed after its response had begun
    @Override public void handle(Exchange exchange) throws IOException {
        try {
            var request = exchange.request();
            boolean connect = request.method().equals("CONNECT");
            if (connect && (request.protocol().isEmpty() || Upgrades.never(request.protocol()))) {
                throw new StatusException(501, "CONNECT is not served here.");
            }
            var origin = origins.find(request.authority(), request.path());
            if (origin == null) throw new StatusException(404, "This client serves no such host.");
            var authority = host.authority(request.authority(), origin);
            var head = new RequestHead(request.method(), origin.requestScheme(), authority, request.path(), request.protocol(),
                    Forwarding.endToEnd(request.fields()));
            int attempts = request.fields().has(Forwarding.AGAIN) ? 1 : 2;
            forwarding.forward(mapped(exchange, head), head, attempts, new Leases(origin, connect));
        } catch (StatusException e) {
            if (exchange.responded()) throw e;
            ErrorPage.respond(exchange, e);
        }
    }

    private static Exchange mapped(Exchange exchange, RequestHead sent) {
        var asked = exchange.request();
        if (asked.authority().isEmpty() || sent.authority().equals(asked.authority())) return exchange;
        return new MappedExchange(exchange, new HostMapping(sent.scheme(), sent.authority(), asked.scheme(), asked.authority()));
    }

    /// The connections for one request: whatever the pool has, then another than the one that failed.
    private final class Leases implements Forwarding.Hops {
        private final Origin origin;
        private final boolean connect;
        private Lease last;

        Leases(Origin origin, boolean connect) {
            this.origin = origin;
            this.connect = connect;
        }

        @Override public Lease next(int attempt) throws IOException {
            last = last != null ? pool.leaseOther(last) : connect ? pool.leaseForUpgrade(origin) : pool.lease(origin);
            return last;
        }
    }

    /// The pool's idle connections.
    /// @return their number
    public int idle() {
        return pool.idle();
    }

    /// Closes idle connections now, and those in use after their exchange.
    @Override public void close() {
        pool.close();
    }
}
