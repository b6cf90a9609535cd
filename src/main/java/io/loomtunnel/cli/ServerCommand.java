package io.loomtunnel.cli;

import io.loomtunnel.TunnelServer;
import io.loomtunnel.ingress.AddressRange;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.TcpIngressConfig;
import io.loomtunnel.ingress.TrustedProxies;
import io.loomtunnel.tunnel.ClientId;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.Tunnel;
import io.loomtunnel.tunnel.TunnelEvent;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/// `loomtunnel server`: opens its ports, says so, and runs until a signal.
final class ServerCommand implements Reload.Target {
    private static final Endpoint BIND = new Endpoint("127.0.0.1", 7835);
    private static final Endpoint VISITORS = new Endpoint("0.0.0.0", 8080);
    private static final Endpoint VISITORS_TLS = new Endpoint("0.0.0.0", 8443);

    private static final List<Flag> LIVE = List.of(Flag.TCP, Flag.TRUST_PROXY, Flag.PROXY_PROTOCOL, Flag.UPGRADE, Flag.STICKY, Limits.MAX_REQUEST_BODY,
            Limits.MAX_RESPONSE_BODY, Limits.SERVER_RESPONSE_TIMEOUT, Limits.TCP_IDLE_TIMEOUT, Limits.HOLD);

    private final Arguments arguments;
    private final Screen screen;
    private final Map<String, Integer> connections = new ConcurrentHashMap<>();      // by instance, and by slot
    private final Map<String, Integer> speakers = new ConcurrentHashMap<>();         // by instance: a slot
    private volatile TunnelServer server;          // null until it is open: a client may be faster

    ServerCommand(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
    }

    /// Does not return once the ports are open.
    /// @throws ExitException it could not start
    int run() throws IOException, InterruptedException {
        var bind = address(Flag.BIND, BIND);
        var tcp = TcpListeners.of(arguments);
        var encrypted = given(Flag.VISITORS_TLS) ? address(Flag.VISITORS_TLS, VISITORS_TLS) : null;
        // Whoever asks for other ports does not want one more that he did not ask for.
        boolean inClear = encrypted == null && tcp.none() || given(Flag.VISITORS);
        var visitors = inClear ? address(Flag.VISITORS, VISITORS) : null;
        boolean shared = bind.getPort() != 0 && (bind.equals(visitors) || bind.equals(encrypted));
        overlap(bind, Flag.VISITORS, visitors);
        overlap(bind, Flag.VISITORS_TLS, encrypted);
        var certificates = certificates(encrypted != null);
        var limits = new Limits(arguments);
        var builder = limits(TunnelServer.builder().bind(bind).listener(this::tell));
        var metrics = given(Flag.METRICS) ? address(Flag.METRICS, Endpoint.METRICS) : null;
        if (metrics != null) builder.metrics(metrics);
        var delay = limits.drainDelay(metrics != null);
        builder.drainDelay(delay);
        if (visitors != null) builder.http(visitors);
        if (encrypted != null) builder.https(encrypted, certificates.context());
        tcp.addTo(builder);
        var accepted = arguments.value(Flag.ACCEPT, "");
        if (!accepted.isEmpty()) {
            if (shared) throw ExitException.usage(Flag.ACCEPT + " rhttp needs a " + Flag.BIND + " of its own: visitors' HTTP/2 begins the same way");
            builder.rhttp(RhttpFile.of(accepted, screen));
        }
        var clients = new ClientSecurity(arguments, screen);
        clients.apply(builder, bind, visitors, encrypted, certificates);
        var given = Token.given(arguments, screen);
        var list = arguments.value(Flag.TOKENS, "");
        if (!given.isEmpty() && !list.isEmpty()) {
            throw ExitException.usage(Flag.TOKENS + " and the one token of " + Flag.TOKEN_FILE + " or " + Token.VARIABLE + " exclude each other");
        }
        boolean makeToken = given.isEmpty() && list.isEmpty();
        var token = makeToken ? Token.made() : given;
        if (list.isEmpty()) builder.token(token);
        else builder.tokens(new TokenFile(list, screen));
        var ports = new Ports();
        ports.add(Flag.BIND.toString(), bind);
        ports.add(Flag.VISITORS.toString(), visitors);
        ports.add(Flag.VISITORS_TLS.toString(), encrypted);
        ports.add(Flag.METRICS.toString(), metrics);
        tcp.services().forEach((name, address) -> ports.add(Flag.TCP + " " + name, address));
        server = start(builder, ports);
        screen.say("listening for tunnels on " + Endpoint.text(server.controlAddress()) + (shared ? ", a port that visitors share" : ""));
        if (visitors != null) screen.say("listening for visitors on http://" + Endpoint.text(server.httpAddress()));
        if (encrypted != null) screen.say("listening for visitors on https://" + Endpoint.text(server.httpsAddress()));
        for (var name : tcp.services().keySet()) {
            screen.say("listening for visitors of " + name + " on tcp://" + Endpoint.text(server.tcpAddress(name)));
        }
        if (tcp.first() != null) screen.say("keeping tcp://" + Endpoint.text(tcp.first()) + "-" + tcp.last() + " for services that clients name");
        boolean onlyTcp = visitors == null && encrypted == null;
        sayHow(clients, makeToken ? token : "", onlyTcp ? "--tcp " + tcp.example() + "=3000" : "--http 3000");
        if (metrics != null) screen.say("answering /ready and /health on http://" + Endpoint.text(server.metricsAddress()));
        Drain.onSignal(screen, server, delay, limits.grace());
        if (arguments.config() != ConfigFile.NONE) new Reload(arguments, this, screen).start();
        new CountDownLatch(1).await();
        return ExitException.DONE;
    }

    /// Whether it would start, as far as that can be told without starting.
    /// @throws ExitException it would not
    void check() throws ExitException {
        address(Flag.BIND, BIND);
        address(Flag.VISITORS, VISITORS);
        address(Flag.VISITORS_TLS, VISITORS_TLS);
        TcpListeners.of(arguments);
        certificates(given(Flag.VISITORS_TLS));
        var list = arguments.value(Flag.TOKENS, "");
        if (!list.isEmpty()) TokenFile.read(list);
        limits(TunnelServer.builder());
    }

    private TunnelServer.Builder limits(TunnelServer.Builder builder) throws ExitException {
        var limits = new Limits(arguments);
        return builder.grace(limits.grace()).ingress(visitors()).tcpIngress(tcpVisitors());
    }

    private IngressConfig visitors() throws ExitException {
        return new Limits(arguments).of(ingress());
    }

    private TcpIngressConfig tcpVisitors() throws ExitException {
        return new Limits(arguments).of(TcpIngressConfig.DEFAULTS.withProxies(proxies()));
    }

    @Override public List<Flag> live() {
        return LIVE;
    }

    @Override public void check(Arguments next) throws ExitException {
        new ServerCommand(next, screen).check();
    }

    @Override public void apply(Arguments next, List<Flag> changed) throws IOException {
        var wanted = new ServerCommand(next, screen);
        if (changed.contains(Flag.TCP)) listen(TcpListeners.of(next));
        server.ingress(wanted.visitors());
        server.tcpIngress(wanted.tcpVisitors());
    }

    private void listen(TcpListeners tcp) throws IOException {
        var ports = new Ports();
        tcp.services().forEach((name, address) -> ports.add(Flag.TCP + " " + name, address));
        try {
            server.tcp(tcp.services());
        } catch (BindException e) {
            throw ports.refused(e);
        }
    }

    private IngressConfig ingress() throws ExitException {
        try {
            var config = IngressConfig.DEFAULTS.withProxies(proxies()).withUpgrades(arguments.values(Flag.UPGRADE));
            return arguments.has(Flag.STICKY) ? config.withStickiness() : config;
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(Flag.UPGRADE + ": " + Text.printable(e.getMessage()));
        }
    }

    private boolean given(Flag flag) {
        return !arguments.value(flag, "").isEmpty();
    }

    /// A port can be shared with visitors, but only as a whole.
    private static void overlap(InetSocketAddress bind, Flag flag, InetSocketAddress visitors) throws ExitException {
        if (visitors == null || bind.getPort() == 0 || bind.getPort() != visitors.getPort() || bind.equals(visitors)) return;
        if (!bind.getAddress().isAnyLocalAddress() && !visitors.getAddress().isAnyLocalAddress()) return;
        throw ExitException.usage(Flag.BIND + " " + Endpoint.text(bind) + " and " + flag + " " + Endpoint.text(visitors) + " overlap: to share the port with "
                + "visitors write " + Flag.BIND + " " + Endpoint.text(visitors));
    }

    /// Null when there are none.
    private CertificateStore certificates(boolean wanted) throws ExitException {
        var certificates = arguments.values(Flag.TLS_CERT);
        var keys = arguments.values(Flag.TLS_KEY);
        if (certificates.size() != keys.size()) {
            throw ExitException.usage("each " + Flag.TLS_CERT + " needs its " + Flag.TLS_KEY + ": there are "
                    + certificates.size() + " and " + keys.size());
        }
        if (wanted && keys.isEmpty()) {
            throw ExitException.usage(Flag.VISITORS_TLS + " needs a certificate: add " + Flag.TLS_CERT + " FILE "
                    + Flag.TLS_KEY + " FILE");
        }
        if (keys.isEmpty()) return null;
        var pairs = new ArrayList<CertificateFiles>();
        for (int i = 0; i < keys.size(); i++) pairs.add(new CertificateFiles(certificates.get(i), keys.get(i)));
        return new CertificateStore(pairs, CertificateStore.PAUSE, screen);
    }

    private InetSocketAddress address(Flag flag, Endpoint defaults) throws ExitException {
        var what = flag.toString();
        return Endpoint.parse(arguments.value(flag, defaults.toString()), what, defaults).resolve(what);
    }

    private TrustedProxies proxies() throws ExitException {
        var ranges = new ArrayList<AddressRange>();
        for (var list : arguments.values(Flag.TRUST_PROXY)) {
            for (var range : list.split(",", -1)) {
                try {
                    ranges.add(AddressRange.of(range.strip()));
                } catch (IllegalArgumentException e) {
                    throw ExitException.usage(Flag.TRUST_PROXY + ": " + Text.reason(e), e);
                }
            }
        }
        boolean header = arguments.has(Flag.PROXY_PROTOCOL);
        if (header && ranges.isEmpty()) {
            throw ExitException.usage(Flag.PROXY_PROTOCOL + " reads the header from trusted addresses only: add " + Flag.TRUST_PROXY + " "
                    + Flag.TRUST_PROXY.word() + " for the balancer's");
        }
        return new TrustedProxies(ranges, header);
    }

    private static TunnelServer start(TunnelServer.Builder builder, Ports ports) throws IOException {
        try {
            return builder.start();
        } catch (BindException e) {
            throw ports.refused(e);
        }
    }

    /// What a client must know that nobody has been told yet.
    /// @param token that was made for this run; empty when it was given
    private void sayHow(ClientSecurity clients, String token, String service) {
        if (token.isEmpty() && !clients.ownCertificate()) return;
        var made = token.isEmpty() ? "certificate" : clients.ownCertificate() ? "token and no certificate" : "token";
        screen.say("no " + made + " was given, so this run has its own; to attach a program on port 3000:");
        screen.say("  " + (token.isEmpty() ? "" : Token.VARIABLE + "=" + token + " ") + "loomtunnel client " + clients.clientFlags(server.controlAddress()) + " " + service);
        if (clients.ownCertificate()) screen.say("the next run has another certificate; loomtunnel keygen makes one that stays");
    }

    private void tell(TunnelEvent event) {
        if (!isNews(event)) return;
        switch (event) {
            case TunnelEvent.Attached(var tunnel) -> screen.say("attached: " + describe(tunnel));
            case TunnelEvent.Doubted(var tunnel) -> screen.say((tunnel.suspect() ? "silent: " : "heard again: ") + describe(tunnel));
            case TunnelEvent.Checked(var tunnel, var route, var fault) -> screen.say((fault.isEmpty() ? "well again: " : "not well (" + Text.printable(fault)
                    + "): ") + "client " + Endpoint.text(tunnel.peer().address()) + " for " + hosts(List.of(route)));
            case TunnelEvent.Left(var tunnel) -> screen.say("left: " + describe(tunnel) + (tunnel.reason().isEmpty() ? "" : ": " + tunnel.reason()));
        }
    }

    /// Of a client with several connections the first one that comes and the last one that goes are news; else one that is dialled anew.
    private boolean isNews(TunnelEvent event) {
        var client = event.tunnel().client();
        var slot = client.instance() + "/" + client.slot();
        return switch (event) {
            case TunnelEvent.Attached _ -> {
                boolean again = counted(slot, 1) > 1;
                yield counted(client.instance(), 1) == 1 || again;
            }
            case TunnelEvent.Left _ -> {
                if (counted(slot, -1) <= 0) speakers.remove(client.instance(), client.slot());
                boolean last = counted(client.instance(), -1) <= 0;
                if (last) speakers.remove(client.instance());
                yield last;
            }
            case TunnelEvent.Doubted _, TunnelEvent.Checked _ -> speaker(client);
        };
    }

    /// Whether it is the connection that speaks for its client: which one that is does not matter, since slots are numbered over all servers.
    private boolean speaker(ClientId client) {
        return speakers.computeIfAbsent(client.instance(), _ -> client.slot()) == client.slot();
    }

    private int counted(String key, int more) {
        var now = connections.merge(key, more, (count, by) -> count + by == 0 ? null : count + by);
        return now == null ? 0 : now;
    }

    private String describe(Tunnel tunnel) {
        var name = arguments.value(Flag.TOKENS, "").isEmpty() ? "" : " (" + tunnel.owner() + ")";
        return "client " + Endpoint.text(tunnel.peer().address()) + name + " for " + hosts(tunnel.routes());
    }

    /// A port of a range may be closed by now.
    private String tcpPort(String name) {
        var opened = server;
        if (opened == null) return "?";
        try {
            return Integer.toString(opened.tcpAddress(name).getPort());
        } catch (IllegalStateException _) {
            return "?";
        }
    }

    private String hosts(List<Route> routes) {
        var text = new StringBuilder();
        for (var route : routes) {
            if (!text.isEmpty()) text.append(", ");
            text.append(switch (route) {
                case Route.Http http -> http.equals(Route.CATCH_ALL) ? "every other host" : http.toString();
                case Route.Tcp(var name) -> name + " on tcp port " + tcpPort(name);
            });
        }
        return Text.printable(text.toString());
    }
}
