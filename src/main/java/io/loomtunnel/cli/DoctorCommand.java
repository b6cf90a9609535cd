package io.loomtunnel.cli;

import io.loomtunnel.pool.ConnectionPool;
import io.loomtunnel.pool.PoolConfig;
import io.loomtunnel.tunnel.Attach;
import io.loomtunnel.tunnel.DialConfig;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.ServerProbe;
import io.loomtunnel.tunnel.TunnelDialer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// `loomtunnel doctor`: takes the flags of a client and looks at everything that this client would need, one line for each.
final class DoctorCommand {
    private final Arguments arguments;
    private final Screen screen;
    private final List<Finding> findings = new ArrayList<>();
    private boolean json;

    DoctorCommand(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
    }

    /// Looks, and says what it found.
    /// @return 0 when all is well, else 1
    /// @throws ExitException the flags make no sense
    int run() throws ExitException {
        var client = new ClientCommand(arguments, screen);
        var servers = client.servers();
        var services = Service.parseAll(arguments.values(Flag.SERVICE));
        var tcp = TcpService.parseAll(arguments.values(Flag.TCP_SERVICE));
        json = arguments.has(Flag.JSON);
        var attach = client.attach(!tcp.isEmpty());
        var config = DialConfig.DEFAULTS.withProxies(ServerProxy.of(arguments, screen)).withAttach(attach)
                .withTls(new TunnelTls(arguments, screen).context(servers)).withServerName(arguments.value(Flag.TLS_SERVER_NAME, ""));
        var token = attach == Attach.PTTH ? client.token() : "";
        for (var server : servers) look(server, token, config, services);
        targets(client, servers.getFirst(), services, tcp);
        boolean well = findings.stream().noneMatch(Finding::bad);
        if (json) screen.say("{\"ok\": " + well + ", \"checks\": [" + findings.stream().map(Finding::json).collect(Collectors.joining(", ")) + "]}");
        return well ? ExitException.DONE : ExitException.FAILURE;
    }

    private void look(ServerUrl server, String token, DialConfig config, List<Service> services) {
        var dialer = new TunnelDialer(server.endpoint().host(), server.endpoint().port(), token, List.of(Route.CATCH_ALL), config);
        var name = config.serverName().isEmpty() ? server.endpoint().host() : config.serverName();
        boolean ptth = config.attach() == Attach.PTTH;
        boolean through = new ServerDiagnosis(server, config.proxies(), config.tls(), name, new ServerProbe(dialer), this::found).run(ptth);
        if (!ptth) found(Finding.note("token", "reverse HTTP has none, and no way to try without serving"));
        else if (through) new TunnelDiagnosis(server, token, config, this::found).run(services.stream().map(Service::route).toList());
    }

    private void targets(ClientCommand client, ServerUrl server, List<Service> services, List<TcpService> tcp) throws ExitException {
        var trust = OriginTrust.of(arguments, screen);
        var pool = new Limits(arguments).of(PoolConfig.DEFAULTS);
        try (var connections = new ConnectionPool(trust == null ? pool : pool.withTls(trust))) {
            var targets = new TargetDiagnosis(connections, client.hostHeader(), this::found);
            for (var service : services) targets.http(service, visitorsHost(service.route(), server));
            for (var service : tcp) targets.tcp(service.route().name(), service.origin());
        }
        if (services.isEmpty() && tcp.isEmpty()) found(Finding.note("target", "none was given: add " + Flag.SERVICE + " or " + Flag.TCP_SERVICE + " as for the client"));
    }

    private static String visitorsHost(Route.Http route, ServerUrl server) {
        if (route.host().equals("*")) return server.endpoint().host().indexOf(':') < 0 ? server.endpoint().host() : "[" + server.endpoint().host() + "]";
        return route.host().startsWith("*.") ? "doctor" + route.host().substring(1) : route.host();
    }

    private void found(Finding finding) {
        findings.add(finding);
        if (!json) screen.say(finding.line());
    }
}
