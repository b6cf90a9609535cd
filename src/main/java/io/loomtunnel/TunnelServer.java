package io.loomtunnel;

import io.loomtunnel.dashboard.StatusPort;
import io.loomtunnel.ingress.HttpIngress;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.TcpIngressConfig;
import io.loomtunnel.ingress.TcpServices;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Listener;
import io.loomtunnel.serve.Taker;
import io.loomtunnel.tunnel.Authenticator;
import io.loomtunnel.tunnel.CertificateTokens;
import io.loomtunnel.tunnel.PtthAcceptor;
import io.loomtunnel.tunnel.PtthConfig;
import io.loomtunnel.tunnel.RhttpAcceptor;
import io.loomtunnel.tunnel.RhttpClients;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.TokenEntry;
import io.loomtunnel.tunnel.Tokens;
import io.loomtunnel.tunnel.TunnelEvent;
import io.loomtunnel.tunnel.TunnelRegistry;
import io.loomtunnel.tunnel.VisitorAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.security.auth.x500.X500Principal;

/// The public side as a whole: a control port to which clients attach, and ports for visitors.
public final class TunnelServer implements AutoCloseable {
    /// Clients dial a server that is gone about once a second: after a restart they are back by then.
    private static final Duration RETURN = Duration.ofSeconds(2);
    /// For a client to answer the question whether we are ready.
    private static final Duration ANSWER = Duration.ofSeconds(1);

    private final TunnelRegistry tunnels;
    private final HttpIngress http;                     // null without such a port, as is the next one
    private final HttpIngress https;
    private final TcpServices tcp;
    private final Listener control;                     // null when clients come to a port for visitors
    private final InetSocketAddress controlAddress;
    private final StatusPort status;                    // null without such a port
    private final Duration drainDelay;
    private final Duration grace;
    private final AtomicBoolean closing = new AtomicBoolean();

    private TunnelServer(TunnelRegistry tunnels, HttpIngress http, HttpIngress https, TcpServices tcp, Listener control,
                         InetSocketAddress controlAddress, StatusPort status, Duration drainDelay, Duration grace) {
        this.tunnels = tunnels;
        this.http = http;
        this.https = https;
        this.tcp = tcp;
        this.control = control;
        this.controlAddress = controlAddress;
        this.status = status;
        this.drainDelay = drainDelay;
        this.grace = grace;
    }

    /// A server to be configured.
    /// @return a builder with the defaults
    public static Builder builder() {
        return new Builder();
    }

    /// Where clients attach.
    /// @return with the port that was taken
    public InetSocketAddress controlAddress() {
        return controlAddress;
    }

    /// Where visitors come in clear.
    /// @return with the port that was taken
    /// @throws IllegalStateException the server was built without [Builder#http(int)]
    public InetSocketAddress httpAddress() {
        if (http == null) throw new IllegalStateException("no port for visitors in clear");
        return http.localAddress();
    }

    /// Where visitors come by TLS.
    /// @return with the port that was taken
    /// @throws IllegalStateException the server was built without [Builder#https(InetSocketAddress, SSLContext)]
    public InetSocketAddress httpsAddress() {
        if (https == null) throw new IllegalStateException("no port for visitors by TLS");
        return https.localAddress();
    }

    /// Where the visitors of a TCP service come.
    /// @param name of the service
    /// @return with the port that was taken
    /// @throws IllegalStateException it has no port: none was opened for it, and no client serves it
    public InetSocketAddress tcpAddress(String name) {
        var address = tcp.address(name);
        if (address == null) throw new IllegalStateException("no port for the TCP service " + name);
        return address;
    }

    /// Where `/ready` and `/health` are answered.
    /// @return with the port that was taken
    /// @throws IllegalStateException the server was built without [Builder#metrics]
    public InetSocketAddress metricsAddress() {
        if (status == null) throw new IllegalStateException("no port for /ready and /health");
        return status.localAddress();
    }

    /// Opens and closes ports until each of these TCP services has its own, and no other has one. Who is being served at a port that stays
    /// notices nothing; visitors of one that goes have the time of grace. One call at a time.
    /// @param services by their names; port 0 takes a free one
    /// @throws IOException an address cannot be bound; the message says which and why, and nothing was changed
    /// @throws IllegalArgumentException a name is none
    public void tcp(Map<String, InetSocketAddress> services) throws IOException {
        tcp.become(services, grace);
    }

    /// Sets what holds for requests of visitors that come from now on: everything but the limits that belong to connections.
    /// @param config replaces it
    public void ingress(IngressConfig config) {
        if (http != null) http.config(config);
        if (https != null) https.config(config);
    }

    /// Sets what holds for visitors of TCP services that come from now on, but for the number of connections of ports that are open.
    /// @param config replaces it
    public void tcpIngress(TcpIngressConfig config) {
        tcp.config(config);
    }

    /// The clients that are attached.
    /// @return the registry that the control port fills and the visitors' port asks
    public TunnelRegistry tunnels() {
        return tunnels;
    }

    /// Is not ready any more, asks clients and visitors to go elsewhere and serves both for the drain delay; then stops accepting, lets
    /// what is under way finish for the time of grace, and ends.
    @Override public void close() {
        if (status != null) status.drain();
        tunnels.drain();
        if (https != null) https.drain();
        if (http != null) http.drain();
        if (closing.compareAndSet(false, true)) delay();
        var deadline = Deadline.after(grace.plusNanos(1));     // zero would be for ever
        var closingTcp = Thread.ofVirtual().name("loomtunnel-close").start(() -> tcp.close(deadline));   // all have the whole time
        if (http != null) http.close(deadline);
        if (https != null) https.close(deadline);
        join(closingTcp);
        tunnels.close(deadline);
        if (control != null) control.close();
        if (status != null) status.close();
    }

    /// Whoever sends visitors here needs some time to see that we are not ready.
    private void delay() {
        try {
            Thread.sleep(drainDelay);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// How a server is to be.
    public static final class Builder {
        private InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7835);
        private InetSocketAddress http;
        private InetSocketAddress https;
        private SSLContext httpsTls;
        private final Map<String, InetSocketAddress> tcp = new LinkedHashMap<>();
        private InetSocketAddress rangeFirst;                  // null without a range
        private int rangeLast;
        private TcpIngressConfig tcpIngress = TcpIngressConfig.DEFAULTS;
        private SSLContext tls;                                // null without a certificate
        private boolean plaintext;
        private boolean authenticated;
        private final Map<X500Principal, String> certificateTokens = new LinkedHashMap<>();
        private Authenticator authenticator;
        private RhttpClients rhttp;                            // null when reverse HTTP is not accepted
        private Tokens tokens;                                 // the same, when it is a list
        private IngressConfig ingress = IngressConfig.DEFAULTS;
        private PtthConfig handshake = PtthConfig.DEFAULTS;
        private InetSocketAddress metrics;
        private Duration drainDelay = Duration.ZERO;
        private Duration grace = Duration.ofSeconds(5);
        private Consumer<TunnelEvent> listener = _ -> { };

        private Builder() {}

        /// Accepts clients of this machine only.
        /// @param port of the loopback address; 0 takes a free one; 7835 unless set
        /// @return this
        public Builder bind(int port) {
            return bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        }

        /// Accepts clients on this address, which needs [#tls] or [#plaintext] unless it is a loopback address, or shared with visitors by
        /// TLS.
        /// @param address port 0 takes a free one; one that visitors have, too, serves both
        /// @return this
        public Builder bind(InetSocketAddress address) {
            bind = Objects.requireNonNull(address);
            return this;
        }

        /// Accepts clients by TLS 1.3 or 1.2, and those of this machine in clear as well.
        /// @param context has the certificate, and says whose certificates of clients are good
        /// @return this
        public Builder tls(SSLContext context) {
            tls = Objects.requireNonNull(context);
            return this;
        }

        /// Accepts only clients that present a certificate which the context of [#tls] trusts, and nobody in clear unless
        /// [#plaintext] says so.
        /// @return this
        public Builder clientCertificates() {
            authenticated = true;
            return this;
        }

        /// Lets a client attach without a token whose certificate has this subject. Needs [#clientCertificates].
        /// @param subject of certificates
        /// @param name    of the token that it stands for: one of the [#authenticator]'s; any where there is only one token
        /// @return this
        public Builder certificateToken(X500Principal subject, String name) {
            certificateTokens.put(Objects.requireNonNull(subject), Objects.requireNonNull(name));
            return this;
        }

        /// Lets clients attach without encryption from other machines: tokens and requests can be read on the way.
        /// @return this
        public Builder plaintext() {
            plaintext = true;
            return this;
        }

        /// Accepts visitors on all addresses of this machine.
        /// @param port 0 takes a free one
        /// @return this
        public Builder http(int port) {
            return http(new InetSocketAddress(port));
        }

        /// Accepts visitors on this address.
        /// @param address port 0 takes a free one
        /// @return this
        public Builder http(InetSocketAddress address) {
            http = Objects.requireNonNull(address);
            return this;
        }

        /// Accepts visitors by TLS on this address, beside those in clear or alone.
        /// @param address port 0 takes a free one
        /// @param tls     has the certificates; its key manager chooses one by the name that the visitor asks for
        /// @return this
        public Builder https(InetSocketAddress address, SSLContext tls) {
            https = Objects.requireNonNull(address);
            httpsTls = Objects.requireNonNull(tls);
            return this;
        }

        /// Accepts visitors of a TCP service on all addresses of this machine.
        /// @param name of the service: 1 to 63 letters, digits, `-`, `_` and `.`
        /// @param port 0 takes a free one
        /// @return this
        /// @throws IllegalArgumentException the name is none, or was given before
        public Builder tcp(String name, int port) {
            return tcp(name, new InetSocketAddress(port));
        }

        /// Accepts visitors of a TCP service on this address.
        /// @param name    of the service: 1 to 63 letters, digits, `-`, `_` and `.`
        /// @param address port 0 takes a free one
        /// @return this
        /// @throws IllegalArgumentException the name is none, or was given before
        public Builder tcp(String name, InetSocketAddress address) {
            var key = new Route.Tcp(name).name();
            if (tcp.putIfAbsent(key, Objects.requireNonNull(address)) != null) throw new IllegalArgumentException(key + " is given twice");
            return this;
        }

        /// Gives every TCP service that clients register, and that has no port of its own, one of these ports.
        /// @param first its address, with the lowest port
        /// @param last  the highest port
        /// @return this
        /// @throws IllegalArgumentException it is no range
        public Builder tcpRange(InetSocketAddress first, int last) {
            if (first.getPort() < 1 || last < first.getPort() || last > 0xffff) {
                throw new IllegalArgumentException("no range of ports: " + first.getPort() + "-" + last);
            }
            rangeFirst = first;
            rangeLast = last;
            return this;
        }

        /// Sets limits and time-outs for the visitors of TCP services.
        /// @param config replaces the defaults
        /// @return this
        public Builder tcpIngress(TcpIngressConfig config) {
            tcpIngress = Objects.requireNonNull(config);
            return this;
        }

        /// Lets clients attach that know this token.
        /// @param secret printable ASCII
        /// @return this
        public Builder token(String secret) {
            return authenticator(Authenticator.sharedToken(secret));
        }

        /// Lets clients attach that know a token of a list, each to what it may have. Tunnels end when their token expires, or the list
        /// says no more that they may be.
        /// @param list is asked at each handshake and each second; as long as nothing has changed it returns the same object
        /// @return this
        public Builder tokens(Supplier<List<TokenEntry>> list) {
            var judge = new Tokens(list);
            authenticator(judge);
            tokens = judge;
            return this;
        }

        /// Lets another judge decide who may attach.
        /// @param judge of tokens and routes
        /// @return this
        public Builder authenticator(Authenticator judge) {
            authenticator = Objects.requireNonNull(judge);
            tokens = null;
            return this;
        }

        /// Lets HAProxy attach by reverse HTTP (`bind rhttp@`) to the port of [#bind], which visitors then cannot share.
        /// @param clients who may, and for which routes
        /// @return this
        public Builder rhttp(RhttpClients clients) {
            rhttp = Objects.requireNonNull(clients);
            return this;
        }

        /// Sets limits and time-outs for visitors.
        /// @param config replaces the defaults
        /// @return this
        public Builder ingress(IngressConfig config) {
            ingress = Objects.requireNonNull(config);
            return this;
        }

        /// Sets limits and time-outs for clients.
        /// @param config replaces the defaults
        /// @return this
        public Builder handshake(PtthConfig config) {
            handshake = Objects.requireNonNull(config);
            return this;
        }

        /// Answers `/health` and `/ready` on this address. Ready means that a client is attached and answers a PING.
        /// @param address port 0 takes a free one
        /// @return this
        public Builder metrics(InetSocketAddress address) {
            metrics = Objects.requireNonNull(address);
            return this;
        }

        /// Sets how long [TunnelServer#close] goes on accepting visitors while `/ready` fails already, so that a balancer takes notice.
        /// @param time zero, unless set
        /// @return this
        public Builder drainDelay(Duration time) {
            if (time.isNegative()) throw new IllegalArgumentException("drainDelay " + time);
            drainDelay = time;
            return this;
        }

        /// Sets how long [TunnelServer#close] waits for requests under way.
        /// @param time zero to wait for none
        /// @return this
        public Builder grace(Duration time) {
            grace = Objects.requireNonNull(time);
            return this;
        }

        /// Is told of clients that come and go.
        /// @param events called by the thread to which it happened; must not block
        /// @return this
        public Builder listener(Consumer<TunnelEvent> events) {
            listener = Objects.requireNonNull(events);
            return this;
        }

        /// Opens the ports.
        /// @return the running server, to be closed
        /// @throws IOException a port cannot be opened: the message says which and why
        /// @throws IllegalStateException no token was set, or other machines' clients would attach without [#tls] and [#plaintext], or
        ///         certificates of clients are asked for without [#tls] or where visitors come, or reverse HTTP is accepted there
        public TunnelServer start() throws IOException {
            if (authenticator == null) throw new IllegalStateException("a server needs a token");
            if (!certificateTokens.isEmpty() && !authenticated) throw new IllegalStateException("a certificate is a token with clientCertificates() only");
            if (authenticated && (tls == null || shares(http) || shares(https))) {
                throw new IllegalStateException("certificates of clients are asked for by tls(context), on a port without visitors");
            }
            boolean byTls = shares(https) || tls != null && !shares(http);
            if (!byTls && !plaintext && bind.getAddress() != null && !bind.getAddress().isLoopbackAddress()) {
                throw new IllegalStateException(
                        "clients of other machines would attach without encryption: give a tls(context), or say plaintext() to allow it");
            }
            if (rhttp != null && (shares(http) || shares(https))) throw new IllegalStateException("reverse HTTP needs a port of its own");
            var tunnels = new TunnelRegistry();
            tunnels.listen(listener);
            tunnels.expectClients(RETURN);
            var services = new TcpServices(tunnels, tcpIngress);
            var judge = certificateTokens.isEmpty() ? authenticator : new CertificateTokens(authenticator, certificateTokens);
            var shown = new AtomicReference<>(VisitorAddress.NONE);      // until the ports are open
            var acceptor = new PtthAcceptor(tunnels, judge, (route, server) -> shown.get().of(route, server), services, handshake);
            HttpIngress clear = null;
            HttpIngress encrypted = null;
            StatusPort status = null;
            try {
                for (var service : tcp.entrySet()) services.open(service.getKey(), service.getValue());
                if (rangeFirst != null) services.range(rangeFirst, rangeLast);
                if (http != null) clear = ingress(http, null, tunnels, acceptor);
                if (https != null) encrypted = ingress(https, httpsTls, tunnels, acceptor);
                shown.set(addresses(clear, encrypted));
                if (tokens != null) tokens.enforce(tunnels);
                if (metrics != null) status = StatusPort.start(metrics, () -> tunnels.roundTrip(Deadline.after(ANSWER)));
                var shared = shares(http) ? clear : shares(https) ? encrypted : null;
                var control = shared == null ? control(acceptor, rhttp == null ? null : new RhttpAcceptor(tunnels, rhttp, handshake)::serve) : null;
                var address = shared == null ? control.localAddress() : shared.localAddress();
                return new TunnelServer(tunnels, clear, encrypted, services, control, address, status, drainDelay, grace);
            } catch (IOException | RuntimeException e) {
                tunnels.close();
                if (clear != null) clear.close();
                if (encrypted != null) encrypted.close();
                services.close();
                if (status != null) status.close();
                throw e;
            }
        }

        /// Whether clients come to this port for visitors. Port 0 is another port each time.
        private boolean shares(InetSocketAddress visitors) {
            return bind.getPort() != 0 && bind.equals(visitors);
        }

        private HttpIngress ingress(InetSocketAddress address, SSLContext context, TunnelRegistry tunnels, PtthAcceptor acceptor) throws IOException {
            if (shares(address)) return HttpIngress.start(address, context, acceptor, tunnels, ingress);
            return context == null ? HttpIngress.start(address, tunnels, ingress) : HttpIngress.start(address, context, tunnels, ingress);
        }

        /// What the client shows people: the encrypted port, if there is one.
        private static VisitorAddress addresses(HttpIngress clear, HttpIngress encrypted) {
            if (encrypted != null) return VisitorAddress.https(encrypted.localAddress().getPort());
            return clear == null ? VisitorAddress.NONE : VisitorAddress.http(clear.localAddress().getPort());
        }

        private Listener control(PtthAcceptor acceptor, Taker taker) throws IOException {
            return ControlPort.open(bind, new ControlPort.Security(tls, plaintext, authenticated), acceptor, taker);
        }
    }
}
