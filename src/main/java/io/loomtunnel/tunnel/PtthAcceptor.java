package io.loomtunnel.tunnel;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.HttpDate;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Routes;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.tunnel.Authenticator.Verdict;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/// The server's end of the handshake: answers the Upgrade, and is the HTTP client of the connection from then on.
///
/// The thread of the exchange becomes the reader of the tunnel and stays until it ends; a second one waits for the
/// client's SETTINGS, at which the tunnel becomes routable.
public final class PtthAcceptor implements ExchangeHandler {
    private static final System.Logger LOG = System.getLogger(PtthAcceptor.class.getName());
    private static final String RETRY_AFTER_FULL = "5";       // seconds
    private static final String RETRY_AFTER_ATTEMPTS = Long.toString(FailedAttempts.WINDOW.toSeconds());

    private final TunnelRegistry tunnels;
    private final Authenticator authenticator;
    private final VisitorAddress visitors;
    private final TcpPorts ports;
    private final PtthConfig config;
    private final FailedAttempts failures = new FailedAttempts(System::nanoTime);

    /// An acceptor for a control port, or for a port that it shares with visitors.
    /// @param tunnels       where those who attach are entered
    /// @param authenticator judges their tokens
    /// @param visitors      what they are told about their visitors' addresses
    /// @param ports         where the visitors of TCP services come
    /// @param config        limits
    public PtthAcceptor(TunnelRegistry tunnels, Authenticator authenticator, VisitorAddress visitors, TcpPorts ports,
                        PtthConfig config) {
        this.tunnels = tunnels;
        this.authenticator = authenticator;
        this.visitors = visitors;
        this.ports = ports;
        this.config = config;
    }

    /// Whether a request is for this handler: its target lies under `/.well-known/ptth/`.
    /// @param head of any request
    /// @return true for a handshake, a broken one included
    public static boolean isMeant(RequestHead head) {
        return PtthRequest.isMeant(head);
    }

    @Override public void handle(Exchange exchange) throws IOException {
        var deadline = Deadline.after(config.handshake());
        var answer = Deadline.after(config.refusal().plusNanos(1));        // zero would be for ever
        Claim claim;
        try {
            if (!isMeant(exchange.request())) throw new StatusException(404, "only tunnels are accepted here");
            claim = claim(exchange);
            tunnels.admit(claim);
        } catch (StatusException refusal) {
            if (isJudgement(refusal)) await(answer);
            refuse(exchange, refusal);
            return;
        }
        var claimed = new LinkedHashMap<Route.Tcp, Integer>();
        try {
            if (claimPorts(exchange, claim, claimed)) serve(exchange, claim, claimed, deadline);
        } finally {
            tunnels.giveUp(claim);
            claimed.keySet().forEach(ports::release);
        }
    }

    /// After the claim was admitted: a name of another token's must not open a port.
    /// @return false when a service has no port, and the exchange was answered
    private boolean claimPorts(Exchange exchange, Claim claim, Map<Route.Tcp, Integer> claimed) throws IOException {
        try {
            for (var route : claim.routes()) if (route instanceof Route.Tcp tcp) claimed.put(tcp, ports.claim(tcp));
            return true;
        } catch (StatusException refusal) {
            refuse(exchange, refusal);
            return false;
        }
    }

    private Claim claim(Exchange exchange) throws StatusException {
        var head = exchange.request();
        var address = exchange.peer().address().getAddress();
        // First of all, and for good tokens too: else the answers would go on telling a guesser which one is good.
        if (failures.tooMany(address)) throw new StatusException(429, "too many failed attempts from this address");
        var request = PtthRequest.parse(head, config.maxRoutes());
        if (exchange.content().length() != 0) throw new MalformedMessageException("a tunnel begins without content");
        if (!config.names().isEmpty() && !config.names().contains(Routes.host(head.authority()))) {
            throw new StatusException(421, "this server has another name");
        }
        if (request.token().length() > BearerToken.LONGEST) throw failed(address, "this token is longer than any");
        return switch (authenticator.judge(request.token(), exchange.peer().certificate(), request.routes())) {
            case Verdict.Granted(var grant) -> new Claim(grant, request.client(), request.routes(), exchange.peer(), request.health());
            case Verdict.Forbidden(var reason) -> throw new StatusException(403, reason);
            case Verdict.Ended(var reason) -> throw failed(address, reason);
            case Verdict.Unknown() -> throw failed(address, request.token().isEmpty() ? "a token is needed" : "this token is not known here");
        };
    }

    private StatusException failed(InetAddress address, String reason) {
        failures.add(address);
        return new StatusException(401, reason);
    }

    /// Whether the token was looked at: such an answer comes after one time for all of them, so that how long it takes tells nothing.
    private static boolean isJudgement(StatusException refusal) {
        return switch (refusal.status()) {
            case 401, 403, 409 -> true;
            default -> false;
        };
    }

    private static void await(Deadline time) throws IOException {
        try {
            Thread.sleep(time.left());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    private void serve(Exchange exchange, Claim claim, Map<Route.Tcp, Integer> claimed, Deadline deadline) throws IOException {
        var server = Routes.host(exchange.request().authority());
        var urls = claim.routes().stream().map(route -> switch (route) {
            case Route.Http http -> visitors.of(http, server);
            case Route.Tcp tcp -> "tcp://" + server + ":" + claimed.get(tcp);
        }).toList();
        var duplex = exchange.upgrade(new PtthAnswer(claim.routes(), urls, claimed).fields());
        var in = new ByteReader(duplex.in(), MemoryBudget.PROCESS);
        var http2 = Http2Config.TUNNEL.withFirstStreamId(config.firstStreamId()).withQuota(claim.grant().quota());
        var connection = Http2Connection.client(duplex, in, http2, claim.peer());
        new Reception(tunnels, config).serve(claim, connection, deadline);
    }

    private static void refuse(Exchange exchange, StatusException refusal) throws IOException {
        var text = (refusal.getMessage() + "\n").getBytes(UTF_8);
        var length = Integer.toString(text.length);
        var fields = Fields.of("content-type", "text/plain; charset=utf-8", "content-length", length);
        HttpDate.stamp(fields);
        switch (refusal.status()) {
            case 401 -> fields.add("www-authenticate", "Bearer");
            case 426 -> {
                // HTTP/2 has neither field, nor a way to upgrade (RFC 9113 §8.2.2).
                if (!exchange.version().equals("2.0")) fields.add("upgrade", PtthRequest.PROTOCOL).add("connection", "upgrade");
            }
            case 429 -> fields.add("retry-after", RETRY_AFTER_ATTEMPTS);
            case 503 -> fields.add("retry-after", RETRY_AFTER_FULL);
            default -> { }
        }
        LOG.log(isJudgement(refusal) ? WARNING : DEBUG, () -> "refused " + exchange.peer().address() + ": " + refusal.getMessage());
        try (var content = exchange.respond(new ResponseHead(refusal.status(), fields))) {
            if (!exchange.request().method().equals("HEAD")) content.write(text);
            content.end();
        }
    }
}
