package io.loomtunnel;

import io.loomtunnel.dashboard.StatusPort;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.pool.Origin;
import io.loomtunnel.pool.PoolConfig;
import io.loomtunnel.proxy.HostHeader;
import io.loomtunnel.proxy.HttpProxy;
import io.loomtunnel.proxy.TcpOrigin;
import io.loomtunnel.tunnel.DialConfig;
import io.loomtunnel.tunnel.HealthPath;
import io.loomtunnel.tunnel.Pin;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.SessionEvent;
import io.loomtunnel.tunnel.TunnelDialer;
import io.loomtunnel.tunnel.TunnelSessions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;

/// The private side as a whole: attaches to a server, stays attached, and serves its visitors from origins nearby.
public final class TunnelClient implements AutoCloseable {
    private final TunnelSessions session;
    private final ClientServices services;
    private final StatusPort status;                    // null without such a port
    private final Duration grace;

    private TunnelClient(TunnelSessions session, ClientServices services, StatusPort status, Duration grace) {
        this.session = session;
        this.services = services;
        this.status = status;
        this.grace = grace;
    }

    /// A client to be configured.
    /// @return a builder with the defaults
    public static Builder builder() {
        return new Builder();
    }

    /// Waits until visitors are served.
    /// @param deadline of the wait
    /// @return the routes, and where visitors reach them
    /// @throws io.loomtunnel.tunnel.RefusedException the server will not have this client, and says why
    /// @throws java.net.SocketTimeoutException not in time; the message says what the last dial failed with
    /// @throws IOException the client was closed, or the thread interrupted
    public SessionEvent.Attached awaitAttached(Deadline deadline) throws IOException {
        return session.awaitAttached(deadline);
    }

    /// Where `/ready` and `/health` are answered.
    /// @return with the port that was taken
    /// @throws IllegalStateException the client was built without [Builder#metrics]
    public InetSocketAddress metricsAddress() {
        if (status == null) throw new IllegalStateException("no port for /ready and /health");
        return status.localAddress();
    }

    /// Serves from now on what another builder says. Nobody who is being served notices. Where hosts or TCP services come or go, the server is
    /// attached to anew, and what is attached serves until that is done; should the server refuse it, the routes from before stay
    /// registered, and the listener is told.
    /// @param next its [Builder#http] and [Builder#tcp] services count, at least one, and nothing else of it
    /// @throws IllegalArgumentException it has none
    public void services(Builder next) {
        if (next.services.isEmpty() && next.tcp.isEmpty()) throw new IllegalArgumentException("no route");
        session.routes(services.become(next.services, next.tcp));
    }

    /// Is not ready any more, tells the server to send no more requests, lets those under way finish for the time of grace, and ends.
    @Override public void close() {
        if (status != null) status.drain();
        session.close(Deadline.after(grace.plusNanos(1)));     // zero would be for ever
        services.close();
        if (status != null) status.close();
    }

    private record Server(String host, int port) {
        Server {
            Objects.requireNonNull(host);
        }
    }

    /// How a client is to be.
    public static final class Builder {
        private static final Duration FIRST_ATTACHMENT = Duration.ofSeconds(10);
        private static final Duration ANSWER = Duration.ofSeconds(1);      // of the server, to the question whether we are ready

        private final Map<Route.Http, ClientServices.Service> services = new LinkedHashMap<>();
        private final Map<Route.Tcp, TcpOrigin> tcp = new LinkedHashMap<>();
        private final Set<Server> servers = new LinkedHashSet<>();
        private boolean plaintext;
        private SSLContext tls;                               // null unless it was set
        private String serverName = "";
        private String token = "";
        private PoolConfig pool = PoolConfig.DEFAULTS;
        private HostHeader hostHeader = HostHeader.PRESERVE;
        private DialConfig dial = DialConfig.DEFAULTS;
        private String health = HealthPath.NONE;
        private int connections = 1;
        private InetSocketAddress metrics;
        private Duration grace = Duration.ofSeconds(5);
        private Consumer<SessionEvent> listener = _ -> { };

        private Builder() {}

        /// Attaches to this server, and to each other one that was given before: at every address that its name has, which is looked up again
        /// and again. To one on another machine by TLS unless [#plaintext] was said, to one on this machine in clear unless [#tls] or [#pin]
        /// was given. Without any it is port 7835 of this machine.
        /// @param name a host name, or an address without brackets
        /// @param port its control port
        /// @return this
        public Builder server(String name, int port) {
            servers.add(new Server(name, port));
            return this;
        }

        /// Attaches by TLS, wherever the server is.
        /// @param context says whom we trust, and has our own certificate if the server wants one; without it those are trusted whom the
        ///                JDK trusts
        /// @return this
        public Builder tls(SSLContext context) {
            tls = Objects.requireNonNull(context);
            return this;
        }

        /// Attaches by TLS to a server with this very certificate, and trusts no other; whoever issued it, and for which name, does not
        /// matter.
        /// @param certificate its fingerprint
        /// @return this
        public Builder pin(Pin certificate) {
            return tls(certificate.context());
        }

        /// Sets the name that the server's certificate must be for.
        /// @param name a host name; that of [#server] unless set
        /// @return this
        public Builder serverName(String name) {
            serverName = Objects.requireNonNull(name);
            return this;
        }

        /// Attaches without encryption even to another machine: token and requests can be read on the way.
        /// @return this
        public Builder plaintext() {
            plaintext = true;
            return this;
        }

        /// Sets what the server knows us by.
        /// @param secret printable ASCII
        /// @return this
        public Builder token(String secret) {
            token = Objects.requireNonNull(secret);
            return this;
        }

        /// Serves every host that nobody else has from an origin.
        /// @param origin `http://HOST:PORT`, `https://HOST:PORT` or `h2c://HOST:PORT`
        /// @return this
        public Builder http(URI origin) {
            return http("*", origin);
        }

        /// Serves a host from an origin.
        /// @param route  a host, `*.NAME`, `*`, or one of them with a path prefix
        /// @param origin `http://HOST:PORT`, `https://HOST:PORT` or `h2c://HOST:PORT`; routes with the same one share its connections
        /// @return this
        /// @throws IllegalArgumentException the route is none, or the origin cannot be dialled
        public Builder http(String route, URI origin) {
            services.put(Route.Http.of(route), new ClientServices.Service.Nearby(Origin.of(origin)));
            return this;
        }

        /// Serves a host by a handler of the caller's: an [HttpProxy] of its own, or a program that is its own origin.
        /// @param route   a host, `*.NAME`, `*`, or one of them with a path prefix
        /// @param handler is called by many threads at once; the caller closes what belongs to it, after the client
        /// @return this
        /// @throws IllegalArgumentException the route is none
        public Builder http(String route, ExchangeHandler handler) {
            services.put(Route.Http.of(route), new ClientServices.Service.Own(Objects.requireNonNull(handler)));
            return this;
        }

        /// Sets which host the origins are asked for.
        /// @param host the visitor's unless set; with any other, `Location` and its like are turned back
        /// @return this
        public Builder hostHeader(HostHeader host) {
            hostHeader = Objects.requireNonNull(host);
            return this;
        }

        /// Serves a TCP service from a port of this machine.
        /// @param name of the service, as the server knows it
        /// @param port of 127.0.0.1
        /// @return this
        /// @throws IllegalArgumentException the name is none, or was given before, or the port cannot be dialled
        public Builder tcp(String name, int port) {
            return tcp(name, new TcpOrigin("127.0.0.1", port));
        }

        /// Serves a TCP service.
        /// @param name   of the service, as the server knows it
        /// @param origin is dialled for each visitor
        /// @return this
        /// @throws IllegalArgumentException the name is none, or was given before
        public Builder tcp(String name, TcpOrigin origin) {
            if (tcp.putIfAbsent(new Route.Tcp(name), Objects.requireNonNull(origin)) != null) {
                throw new IllegalArgumentException(name + " is given twice");
            }
            return this;
        }

        /// Sets how connections to the origins are kept.
        /// @param config replaces the defaults
        /// @return this
        public Builder pool(PoolConfig config) {
            pool = Objects.requireNonNull(config);
            return this;
        }

        /// Sets time-outs towards the server.
        /// @param config replaces the defaults; whether there is TLS, and with which server name, the other methods say
        /// @return this
        public Builder dial(DialConfig config) {
            dial = Objects.requireNonNull(config);
            return this;
        }

        /// Has the server ask the origins whether they may have visitors, through the tunnel: one that does not answer 2xx or 3xx gets
        /// none, and another client of the same token serves them. Below a route's own path, if it has one; TCP services are not asked.
        /// @param path for all of them
        /// @return this
        /// @throws IllegalArgumentException it is no path
        public Builder health(String path) {
            health = HealthPath.checked(path);
            return this;
        }

        /// Spreads visitors over several connections to each server; one that is lost takes only its own visitors with it.
        /// @param count 1 to [TunnelSessions#MOST]
        /// @return this
        /// @throws IllegalArgumentException it is none
        public Builder connections(int count) {
            if (count < 1 || count > TunnelSessions.MOST) throw new IllegalArgumentException("connections " + count);
            connections = count;
            return this;
        }

        /// Answers `/health` and `/ready` on this address. Ready means a round trip through the tunnel, by PING.
        /// @param address port 0 takes a free one
        /// @return this
        public Builder metrics(InetSocketAddress address) {
            metrics = Objects.requireNonNull(address);
            return this;
        }

        /// Sets how long [TunnelClient#close] waits for requests under way.
        /// @param time zero to wait for none
        /// @return this
        public Builder grace(Duration time) {
            grace = Objects.requireNonNull(time);
            return this;
        }

        /// Is told how the link with the server fares.
        /// @param events one at a time; must not block for long
        /// @return this
        public Builder listener(Consumer<SessionEvent> events) {
            listener = Objects.requireNonNull(events);
            return this;
        }

        /// Attaches, and returns once visitors are served.
        /// @return the client, to be closed
        /// @throws io.loomtunnel.tunnel.RefusedException the server will not have this client, and says why
        /// @throws IOException the server could not be reached for ten seconds, or the address of [#metrics] cannot be bound
        /// @throws IllegalArgumentException server, token or routes are not what they must be
        /// @throws IllegalStateException both TLS and [#plaintext] were asked for
        public TunnelClient start() throws IOException {
            var client = open();
            try {
                client.awaitAttached(Deadline.after(FIRST_ATTACHMENT));
                return client;
            } catch (IOException e) {
                client.close();
                throw e;
            }
        }

        /// Begins to attach and returns at once: the [#listener] is told how it goes.
        /// @return the client, to be closed
        /// @throws IOException the address of [#metrics] cannot be bound: the message says which and why
        /// @throws IllegalArgumentException server, token or routes are not what they must be
        /// @throws IllegalStateException both TLS and [#plaintext] were asked for
        public TunnelClient open() throws IOException {
            if (tls != null && plaintext) throw new IllegalStateException("plaintext() and TLS exclude each other");
            var serving = new ClientServices(pool, hostHeader);
            var routes = serving.become(services, tcp);
            var dialers = servers.isEmpty() ? List.of(dialer(new Server("127.0.0.1", 7835), routes))
                    : servers.stream().map(server -> dialer(server, routes)).toList();
            var session = new TunnelSessions(dialers, connections, serving, listener);
            var status = metrics == null ? null : StatusPort.start(metrics, () -> session.roundTrip(Deadline.after(ANSWER)));
            session.start();
            return new TunnelClient(session, serving, status, grace);
        }

        private TunnelDialer dialer(Server server, List<Route> routes) {
            return new TunnelDialer(server.host, server.port, token, routes, health, dial.withTls(encryption(server)).withServerName(serverName));
        }

        /// Null for a connection in clear.
        private SSLContext encryption(Server server) {
            if (tls != null || plaintext || isThisMachine(server.host)) return tls;
            try {
                return SSLContext.getDefault();
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("there is no TLS here: " + e.getMessage(), e);
            }
        }

        private static boolean isThisMachine(String host) {
            if (host.equals("localhost") || host.endsWith(".localhost")) return true;
            try {
                return InetAddress.ofLiteral(host).isLoopbackAddress();
            } catch (IllegalArgumentException _) {
                return false;
            }
        }
    }
}
