package io.loomtunnel;

import io.loomtunnel.http.ErrorPage;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Routes;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.pool.Origin;
import io.loomtunnel.pool.PoolConfig;
import io.loomtunnel.proxy.HostHeader;
import io.loomtunnel.proxy.HttpProxy;
import io.loomtunnel.proxy.TcpOrigin;
import io.loomtunnel.proxy.TcpProxy;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.TcpConnect;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/// What a client serves, each from where; it may change while visitors are served. Who is being served notices nothing: what a stream has
/// found, it keeps. `lock` guards the change.
final class ClientServices implements ExchangeHandler, AutoCloseable {
    private final Routes<Origin> origins = new Routes<>();
    private final Routes<ExchangeHandler> handlers = new Routes<>();
    private final HttpProxy proxy;
    private final Duration connectTimeout;
    private final ReentrantLock lock = new ReentrantLock();
    private Map<Route.Http, Service> http = Map.of();
    private volatile TcpProxy tcp;

    /// Who answers the requests for a route.
    sealed interface Service {
        record Nearby(Origin origin) implements Service {}

        record Own(ExchangeHandler handler) implements Service {}
    }

    /// Nothing yet.
    ClientServices(PoolConfig pool, HostHeader hostHeader) {
        proxy = new HttpProxy(origins, pool, hostHeader);
        connectTimeout = pool.connectTimeout();
    }

    /// Serves these from now on, and no others.
    /// @return their routes
    List<Route> become(Map<Route.Http, Service> services, Map<Route.Tcp, TcpOrigin> tcpOrigins) {
        lock.lock();
        try {
            services.forEach(this::put);
            for (var route : http.keySet()) {
                var service = services.get(route);
                if (!(service instanceof Service.Nearby)) origins.remove(route.host(), route.path());
                if (service == null) handlers.remove(route.host(), route.path());
            }
            http = new LinkedHashMap<>(services);
            tcp = new TcpProxy(tcpOrigins, connectTimeout);
        } finally {
            lock.unlock();
        }
        var routes = new ArrayList<Route>(services.keySet());
        routes.addAll(tcpOrigins.keySet());
        return routes;
    }

    private void put(Route.Http route, Service service) {
        if (service instanceof Service.Nearby(var origin)) origins.put(route.host(), route.path(), origin);
        handlers.put(route.host(), route.path(), service instanceof Service.Own(var handler) ? handler : proxy);
    }

    @Override public void handle(Exchange exchange) throws IOException {
        var head = exchange.request();
        if (TcpConnect.isMeant(head)) {
            tcp.handle(exchange);
            return;
        }
        var handler = handlers.find(head.authority(), head.path());
        if (handler != null) handler.handle(exchange);
        else ErrorPage.respond(exchange, new StatusException(404, "This client serves no such host."));
    }

    @Override public void close() {
        proxy.close();
    }
}
