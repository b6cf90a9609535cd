package io.loomtunnel.cli;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.net.TlsDuplex;
import io.loomtunnel.net.Watchdog;
import io.loomtunnel.tunnel.Attachment;
import io.loomtunnel.tunnel.ClientId;
import io.loomtunnel.tunnel.DialConfig;
import io.loomtunnel.tunnel.RefusedException;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.TunnelDialer;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/// A doctor's own tunnel, by the same token and for paths of the same hosts that nobody asks for: a client that serves these hosts is not disturbed.
final class TunnelDiagnosis {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int PINGS = 5;

    private final ServerUrl server;
    private final String token;
    private final DialConfig config;
    private final Consumer<Finding> findings;
    private final SpeedTest speed = new SpeedTest();

    TunnelDiagnosis(ServerUrl server, String token, DialConfig config, Consumer<Finding> findings) {
        this.server = server;
        this.token = token;
        this.config = config;
        this.findings = findings;
    }

    /// The route below which a doctor looks: under a path of its own, of the client's host.
    static Route.Http below(Route.Http route) {
        var name = "/.loomtunnel-doctor-" + HexFormat.of().formatHex(new SecureRandom().generateSeed(8));
        return new Route.Http(route.host(), route.path() + name);
    }

    /// Attaches, measures, and leaves.
    /// @param hosts the client's; none when it serves TCP alone, whose names cannot be tried without taking their visitors
    void run(List<Route.Http> hosts) {
        var routes = new ArrayList<Route>();
        for (var host : hosts) routes.add(below(host));
        if (routes.isEmpty()) routes.add(new Route.Http("doctor.invalid", below(Route.CATCH_ALL).path()));
        var dialer = new TunnelDialer(server.endpoint().host(), server.endpoint().port(), token, routes, config);
        try (var attachment = dialer.attach(ClientId.fresh(), speed::handle, () -> { })) {
            findings.accept(Finding.ok("token", hosts.isEmpty() ? "the server takes it" : "the server takes it for " + String.join(", ", hosts.stream().map(Route::toString).toList())));
            roundTrip(attachment);
            if (attachment.visitors().isEmpty() || attachment.visitors().getFirst().isEmpty()) findings.accept(Finding.note("visitors", "this server has no port for visitors by HTTP"));
            else comeAsVisitor(attachment.visitors().getFirst());
        } catch (RefusedException e) {
            findings.accept(refused(e, hosts.isEmpty()));
        } catch (IOException e) {
            findings.accept(Finding.bad("token", "not attached: " + Text.reason(e)));
        }
    }

    private Finding refused(RefusedException refusal, boolean onlyTcp) {
        var reason = Text.reason(refusal);
        return switch (refusal.status()) {
            case 401 -> Finding.bad("token", reason + ": it must be one that the server knows, from " + Token.VARIABLE + " or " + Flag.TOKEN_FILE);
            // Said only to who has a good one.
            case 403 -> onlyTcp ? Finding.ok("token", "the server knows it") : Finding.bad("token", reason + ": ask who runs the server for the right to it");
            case 409 -> Finding.bad("token", reason + ": choose another host, or end the client that has it");
            default -> Finding.bad("token", reason + " (" + refusal.status() + ")");
        };
    }

    private void roundTrip(Attachment attachment) throws IOException {
        var best = Duration.ofDays(1);
        for (int i = 0; i < PINGS; i++) {
            var one = attachment.ping(Deadline.after(LIMIT));
            if (one.compareTo(best) < 0) best = one;
        }
        findings.accept(Finding.ok("roundtrip", "%.2f ms, the best of %d".formatted(best.toNanos() / 1e6, PINGS)));
    }

    /// Comes as a visitor. Whoever is behind a proxy may be shut off from the visitors' port: that says nothing about the visitors.
    private void comeAsVisitor(String shown) {
        var url = shown.replace("*", "doctor");
        try {
            var uri = URI.create(url);
            double up = download(uri);
            upload(uri);
            findings.accept(Finding.ok("visitors", "through " + uri.getScheme() + "://" + uri.getAuthority() + ": %.1f MB/s up from here, %.1f MB/s down".formatted(up / 1e6, speed.received() / 1e6)));
        } catch (IllegalArgumentException _) {
            findings.accept(Finding.note("visitors", "the server shows an address that cannot be tried"));
        } catch (IOException e) {
            boolean proxied = config.proxies().proxyFor(server.endpoint().host(), server.endpoint().port()).isPresent();
            var text = "not served when coming as a visitor to " + url.substring(0, url.indexOf('/', 8) < 0 ? url.length() : url.indexOf('/', 8)) + ": " + Text.reason(e);
            findings.accept(proxied ? Finding.note("visitors", text + "; the proxy on the way may be why")
                    : Finding.bad("visitors", text + ": is that port open in the server's firewall?"));
        }
    }

    private double download(URI uri) throws IOException {
        try (var visit = visit(uri)) {
            var transaction = visit.http1().send(new RequestHead("GET", uri.getScheme(), uri.getAuthority(), uri.getPath(), new Fields()));
            transaction.content().end();
            var head = transaction.response(Deadline.after(LIMIT));
            if (head.status() != 200) throw new IOException("the answer was " + head.status());
            var rate = new SpeedTest.Rate();
            var buffer = new byte[SpeedTest.BLOCK.length];
            for (int n; (n = transaction.body().read(buffer)) >= 0; ) rate.add(n);
            return rate.perSecond();
        }
    }

    private void upload(URI uri) throws IOException {
        try (var visit = visit(uri)) {
            var transaction = visit.http1().send(new RequestHead("POST", uri.getScheme(), uri.getAuthority(), uri.getPath(), new Fields()));
            var end = Deadline.after(SpeedTest.LONGEST);
            for (int sent = 0; sent < SpeedTest.MOST && !end.passed(); sent += SpeedTest.BLOCK.length) transaction.content().write(SpeedTest.BLOCK, 0, SpeedTest.BLOCK.length);
            transaction.content().end();
            var status = transaction.response(Deadline.after(LIMIT)).status();
            if (status != 200) throw new IOException("the answer was " + status);
        }
    }

    /// A connection to the visitors' port, for one request.
    private record Visit(Http1Client http1, Watchdog.Limit time) implements AutoCloseable {
        @Override public void close() {
            time.close();
            http1.close();
        }
    }

    /// Dials the machine where the tunnel ends, whatever its public name leads to.
    private Visit visit(URI uri) throws IOException {
        boolean tls = uri.getScheme().equals("https");
        int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
        var plain = Dialer.DEFAULT.connect(server.endpoint().host(), port, config.connect());
        Duplex link = tls ? TlsDuplex.connect(plain, TunnelTls.everybody(), uri.getHost(), port, config.handshake(), "http/1.1") : plain;
        return new Visit(new Http1Client(link, new ByteReader(link.in(), MemoryBudget.PROCESS), Http1Config.ORIGIN), Watchdog.PROCESS.limit(LIMIT, plain::reset));
    }
}
