package io.loomtunnel.cli;

import io.loomtunnel.TunnelClient;
import io.loomtunnel.pool.PoolConfig;
import io.loomtunnel.proxy.HostHeader;
import io.loomtunnel.tunnel.Attach;
import io.loomtunnel.tunnel.DialConfig;
import io.loomtunnel.tunnel.Route;
import java.io.IOException;
import java.net.BindException;
import java.security.Security;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// `loomtunnel client`: attaches, says what is served, and runs until a signal or a refusal for good.
final class ClientCommand implements Reload.Target {
    private static final List<Flag> LIVE = List.of(Flag.SERVICE, Flag.TCP_SERVICE);
    private static final int BY_PROXY = 407;

    private final Arguments arguments;
    private final Screen screen;
    private final ClientNews news;
    private volatile TunnelClient client;          // once it is open

    ClientCommand(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
        news = new ClientNews(screen);
    }

    /// Does not return once it was attached.
    /// @throws ExitException it could not start, or the server refused it
    int run() throws IOException, InterruptedException {
        lookUpAnew();
        var servers = servers();
        var builder = TunnelClient.builder();
        var targets = addServices(builder);
        var tls = new TunnelTls(arguments, screen).context(servers);
        var proxies = ServerProxy.of(arguments, screen);
        var attach = attach(!arguments.values(Flag.TCP_SERVICE).isEmpty());
        var trust = OriginTrust.of(arguments, screen);
        news.expect(targets);
        var limits = new Limits(arguments);
        var pool = limits.of(PoolConfig.DEFAULTS);
        builder.grace(limits.grace())
                .connections(limits.connections()).listener(news::tell).dial(DialConfig.DEFAULTS.withProxies(proxies).withAttach(attach))
                .hostHeader(hostHeader()).pool(trust == null ? pool : pool.withTls(trust));
        for (var server : servers) builder.server(server.endpoint().host(), server.endpoint().port());
        if (attach == Attach.PTTH) builder.token(token());
        if (tls == null) builder.plaintext();
        else builder.tls(tls).serverName(arguments.value(Flag.TLS_SERVER_NAME, ""));
        try {
            builder.health(arguments.value(Flag.HEALTH, ""));
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(Flag.HEALTH + ": " + Text.reason(e), e);
        }
        var metrics = arguments.value(Flag.METRICS, "");
        client = metrics.isEmpty() ? builder.open() : open(builder, metrics);
        var drain = Drain.onSignal(screen, client, Duration.ZERO, limits.grace());
        if (arguments.config() != ConfigFile.NONE) new Reload(arguments, this, screen).start();
        var refusal = news.awaitRefusal();
        drain.callOff();
        client.close();
        throw refusal.status() == BY_PROXY ? ExitException.refusedByProxy(Text.printable(refusal.reason()))
                : ExitException.refused(Text.printable(refusal.reason()));
    }

    private TunnelClient open(TunnelClient.Builder builder, String metrics) throws IOException {
        var what = Flag.METRICS.toString();
        var address = Endpoint.parse(metrics, what, Endpoint.METRICS).resolve(what);
        var ports = new Ports();
        ports.add(what, address);
        try {
            var client = builder.metrics(address).open();
            screen.say("answering /ready and /health on http://" + Endpoint.text(client.metricsAddress()));
            return client;
        } catch (BindException e) {
            throw ports.refused(e);
        }
    }

    /// @return at least one
    List<ServerUrl> servers() throws ExitException {
        var servers = new ArrayList<ServerUrl>();
        for (var typed : arguments.values(Flag.SERVER)) servers.add(ServerUrl.parse(typed));
        if (servers.isEmpty()) throw ExitException.usage("to which server? add " + Flag.SERVER + " " + Flag.SERVER.word());
        return servers;
    }

    /// @param tcp whether TCP services are wanted
    Attach attach(boolean tcp) throws ExitException {
        var typed = arguments.value(Flag.ATTACH, "ptth");
        var attach = switch (typed) {
            case "ptth" -> Attach.PTTH;
            case "rhttp" -> Attach.RHTTP;
            default -> throw ExitException.usage(Flag.ATTACH + " is " + Flag.ATTACH.word());
        };
        if (tcp && attach == Attach.RHTTP) throw ExitException.usage(Flag.ATTACH + " rhttp carries HTTP only: leave out " + Flag.TCP_SERVICE);
        if (attach == Attach.RHTTP && !arguments.value(Flag.HEALTH, "").isEmpty()) {
            throw ExitException.usage(Flag.HEALTH + " is not for " + Flag.ATTACH + " rhttp: HAProxy asks by itself");
        }
        return attach;
    }

    /// The JVM remembers a name's addresses for 30 s, and for 10 s that there are none: too long for who follows them.
    private static void lookUpAnew() {
        Security.setProperty("networkaddress.cache.ttl", "2");
        Security.setProperty("networkaddress.cache.negative.ttl", "1");
    }

    /// Adds what is to be served, and says from where.
    private Map<Route, String> addServices(TunnelClient.Builder builder) throws ExitException {
        var services = Service.parseAll(arguments.values(Flag.SERVICE));
        var tcp = TcpService.parseAll(arguments.values(Flag.TCP_SERVICE));
        if (services.isEmpty() && tcp.isEmpty()) {
            throw ExitException.usage("what is to be served? add " + Flag.SERVICE + " " + Flag.SERVICE.word() + " or " + Flag.TCP_SERVICE + " "
                    + Flag.TCP_SERVICE.word());
        }
        var targets = new HashMap<Route, String>();
        for (var service : services) {
            builder.http(service.route().toString(), service.origin());
            targets.put(service.route(), service.origin().toString());
        }
        for (var service : tcp) {
            builder.tcp(service.route().name(), service.origin());
            targets.put(service.route(), service.origin().toString());
        }
        return targets;
    }

    /// Whether it would start, as far as that can be told without starting.
    /// @throws ExitException it would not
    void check() throws ExitException {
        servers();
        attach(!arguments.values(Flag.TCP_SERVICE).isEmpty());
        addServices(TunnelClient.builder());
        var limits = new Limits(arguments);
        limits.of(PoolConfig.DEFAULTS);
        limits.connections();
        limits.grace();
        hostHeader();
    }

    @Override public List<Flag> live() {
        return LIVE;
    }

    @Override public void check(Arguments next) throws ExitException {
        new ClientCommand(next, screen).check();
    }

    @Override public void apply(Arguments next, List<Flag> changed) throws IOException {
        var builder = TunnelClient.builder();
        news.expect(new ClientCommand(next, screen).addServices(builder));
        client.services(builder);
    }

    HostHeader hostHeader() throws ExitException {
        try {
            return HostHeader.of(arguments.value(Flag.HOST_HEADER, HostHeader.PRESERVE.toString()));
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(Flag.HOST_HEADER + ": " + Text.reason(e), e);
        }
    }

    String token() throws ExitException {
        var given = Token.given(arguments, screen);
        if (!given.isEmpty() || !arguments.value(Flag.CLIENT_CERT, "").isEmpty()) return given;
        var typed = Token.prompted();
        if (typed.isEmpty()) {
            throw ExitException.usage("no token: set " + Token.VARIABLE + " or give " + Flag.TOKEN_FILE + " (the server prints one if it made it)");
        }
        return typed;
    }
}
