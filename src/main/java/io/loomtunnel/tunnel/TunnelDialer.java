package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.TlsDuplex;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/// The client's end of the handshake: dials, asks for the Upgrade, and serves requests on the connection from then on.
public final class TunnelDialer {
    private static final String HTTP_1 = "http/1.1";           // the Upgrade's: there is none in HTTP/2
    private static final int MAX_REASON = 512;                 // bytes of a refusal that we read
    private static final long MAX_RETRY_AFTER = 60;            // seconds that a server can keep us away with

    private final String host;
    private final int port;
    private final String token;
    private final List<Route> routes;
    private final String health;
    private final DialConfig config;
    private final InetAddress address;                         // of the host; null for whichever it has at each dial

    /// A dialer for one server. Nothing is dialled yet.
    /// @param host   a name, or an address without brackets
    /// @param port   the server's control port
    /// @param token  empty when the server needs none, as it may when it knows our certificate
    /// @param routes at least one
    /// @param config limits
    public TunnelDialer(String host, int port, String token, List<Route> routes, DialConfig config) {
        this(host, port, token, routes, HealthPath.NONE, config);
    }

    /// A dialer for one server, which is to check our programs. Nothing is dialled yet.
    /// @param host   a name, or an address without brackets
    /// @param port   the server's control port
    /// @param token  empty when the server needs none
    /// @param routes at least one
    /// @param health path for which the server asks our programs before it gives them visitors, and from time to time; empty for none
    /// @param config limits
    /// @throws IllegalArgumentException one of them is not what it must be
    public TunnelDialer(String host, int port, String token, List<Route> routes, String health, DialConfig config) {
        this(host, port, token, routes, health, config, null);
    }

    private TunnelDialer(String host, int port, String token, List<Route> routes, String health, DialConfig config, InetAddress address) {
        if (host.isEmpty()) throw new IllegalArgumentException("no server is named");
        if (port < 1 || port > 0xffff) throw new IllegalArgumentException("port " + port);
        if (routes.isEmpty()) throw new IllegalArgumentException("no route");
        boolean tcp = routes.stream().anyMatch(Route.Tcp.class::isInstance);
        if (tcp && config.attach() == Attach.RHTTP) throw new IllegalArgumentException("reverse HTTP carries no TCP services");
        this.host = host;
        this.port = port;
        this.token = token.isEmpty() ? token : BearerToken.checked(token);
        this.routes = List.copyOf(routes);
        this.health = HealthPath.checked(health);
        this.config = config;
        this.address = address;
    }

    /// The same server, to be attached to with other routes.
    TunnelDialer withRoutes(List<Route> others) {
        return new TunnelDialer(host, port, token, others, health, config, address);
    }

    List<Route> routes() {
        return routes;
    }

    /// The server.
    /// @return host and port; and the address, of a dialer for one of several
    public String server() {
        return address == null ? authority() : authority() + " at " + address.getHostAddress();
    }

    private String authority() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    /// One dialer for each address that the host has now: each is a server of its own. One for all of them where nobody here can tell
    /// them apart, behind a proxy, or need not, on this machine.
    /// @param resolver asked for the addresses
    /// @throws IOException the host has none, or the resolver no answer
    List<TunnelDialer> each(Resolver resolver) throws IOException {
        boolean one = isAddress() || host.equals("localhost") || host.endsWith(".localhost") || config.proxies().proxyFor(host, port).isPresent();
        if (one) return List.of(this);
        return resolver.addresses(host, config.connect()).stream()
                .map(each -> new TunnelDialer(host, port, token, routes, health, config, each)).toList();
    }

    private boolean isAddress() {
        try {
            return InetAddress.ofLiteral(host) != null;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    /// Attaches once.
    /// @param client   which connection this is; of two dials of one slot the server keeps that of the higher epoch
    /// @param handler  gets each request, on a virtual thread of its own
    /// @param onChange runs whenever the attachment's state has changed; it must not block
    /// @return the attachment, which the caller must close
    /// @throws RefusedException the server said no
    /// @throws IOException the server cannot be reached, is none, or took too long
    public Attachment attach(ClientId client, ExchangeHandler handler, Runnable onChange) throws IOException {
        return attach(client, handler, onChange, config.connect());
    }

    Duration connectLimit() {
        return config.connect();
    }

    Duration handshakeLimit() {
        return config.handshake();
    }

    Attachment attach(ClientId client, ExchangeHandler handler, Runnable onChange, Duration connect)
            throws IOException {
        var deadline = Deadline.after(config.handshake());
        var socket = connect(connect);
        var limit = Watchdog.PROCESS.limit(deadline.left(), socket::reset);
        try (limit) {
            var link = secured(socket, deadline);
            var in = new ByteReader(link.in(), MemoryBudget.PROCESS);
            try {
                var peer = new Peer(socket.remoteAddress(), scheme());
                return switch (config.attach()) {
                    case PTTH -> upgrade(link, in, peer, client, handler, onChange, deadline);
                    case RHTTP -> turnRound(link, in, peer, handler, onChange, deadline);
                };
            } catch (IOException e) {
                in.release();
                link.close();
                throw e;
            }
        } catch (IOException e) {
            if (limit.passed() || deadline.passed()) {
                throw new SocketTimeoutException(server() + " did not complete the handshake in time");
            }
            // By TLS 1.3 a server judges our certificate when for us the handshake is over: the alert comes as the answer.
            throw isTls(e) ? TlsRefusal.explain(server(), serverName(), e) : e;
        }
    }

    private static boolean isTls(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) if (cause instanceof SSLException) return true;
        return false;
    }

    /// The server's socket, or a proxy's whose next byte is the server's.
    SocketDuplex connect(Duration limit) throws IOException {
        var proxy = config.proxies().proxyFor(host, port);
        var target = address == null ? host : address.getHostAddress();
        return proxy.isEmpty() ? Dialer.DEFAULT.connect(target, port, limit) : ProxyDialer.connect(proxy.get(), host, port, limit);
    }

    Duplex secured(SocketDuplex socket, Deadline deadline) throws IOException {
        return config.tls() == null ? socket : encrypted(socket, config.tls(), deadline);
    }

    /// @param trust null for those whom this dialer trusts
    TlsDuplex encrypted(SocketDuplex socket, SSLContext trust, Deadline deadline) throws IOException {
        var alpn = config.attach() == Attach.PTTH ? HTTP_1 : PtthRequest.HTTP2;
        return TlsDuplex.connect(socket, trust == null ? config.tls() : trust, serverName(), port, deadline.left().plusNanos(1), alpn);
    }

    private String serverName() {
        return config.serverName().isEmpty() ? host : config.serverName();
    }

    private String scheme() {
        return config.tls() == null ? "http" : "https";
    }

    private Attachment upgrade(Duplex link, ByteReader in, Peer peer, ClientId client, ExchangeHandler handler, Runnable onChange,
                               Deadline deadline) throws IOException {
        var http1 = new Http1Client(link, in, Http1Config.ORIGIN);
        var transaction = http1.send(new PtthRequest(routes, client, token, health).head(authority()));
        transaction.content().end();
        var head = transaction.response(deadline);
        while (head.interim()) head = transaction.response(deadline);
        if (head.status() != 101) throw refusal(head, transaction.body());
        var answer = PtthAnswer.parse(head.fields(), routes);
        // It goes on with the reader of the handshake, which may hold its first bytes, and releases that.
        var http2 = Http2Connection.server(link, in, Http2Config.TUNNEL, peer, handler);
        var attachment = new Attachment(http2, answer, config.heartbeat(), onChange);
        attachment.open(deadline);
        return attachment;
    }

    /// HAProxy says nothing of routes or visitors; a server that will not have us closes the connection.
    private Attachment turnRound(Duplex link, ByteReader in, Peer peer, ExchangeHandler handler, Runnable onChange, Deadline deadline) throws IOException {
        var http2 = Http2Connection.turnedServer(link, in, Http2Config.TUNNEL, peer, handler);
        var attachment = new Attachment(http2, new PtthAnswer(routes, List.of(), Map.of()), config.heartbeat(), onChange);
        attachment.open(deadline);
        return attachment;
    }

    private RefusedException refusal(ResponseHead head, Content body) {
        var reason = "";
        try {
            reason = new String(body.readNBytes(MAX_REASON), UTF_8).lines().findFirst().orElse("").strip();
        } catch (IOException _) {
            // the status alone says enough
        }
        if (!isText(head.fields()) || reason.isEmpty()) {
            reason = server() + (head.status() >= 400 ? " answered " + head.status() : " is no server for tunnels");
        }
        return new RefusedException(head.status(), printable(reason), retryAfter(head.fields().first("retry-after")));
    }

    private static boolean isText(Fields fields) {
        var type = fields.first("content-type");
        return type != null && type.startsWith("text/plain");
    }

    /// What a server says goes to a terminal: no control characters.
    private static String printable(String text) {
        var clean = new StringBuilder(text.length());
        text.codePoints().filter(c -> !Character.isISOControl(c)).forEach(clean::appendCodePoint);
        return clean.toString();
    }

    private static Duration retryAfter(String seconds) {
        if (seconds == null || seconds.isEmpty() || seconds.length() > 9) return Duration.ZERO;
        for (int i = 0; i < seconds.length(); i++) {
            if (seconds.charAt(i) < '0' || seconds.charAt(i) > '9') return Duration.ZERO;
        }
        return Duration.ofSeconds(Math.min(MAX_RETRY_AFTER, Long.parseLong(seconds)));
    }
}
