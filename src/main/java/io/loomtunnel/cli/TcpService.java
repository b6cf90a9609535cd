package io.loomtunnel.cli;

import io.loomtunnel.proxy.ProxyHeader;
import io.loomtunnel.proxy.TcpOrigin;
import io.loomtunnel.tunnel.Route;
import java.util.ArrayList;
import java.util.List;

/// One `--tcp` of a client: which service, served from where.
///
/// @param route  what is registered
/// @param origin what is dialled for each visitor
record TcpService(Route.Tcp route, TcpOrigin origin) {
    private static final String PROXY = "proxy=";

    /// Reads each `NAME=TARGET[,proxy=v1|v2]`. Where commas have separated the values, `proxy=…` belongs to the one before it.
    /// @throws ExitException one is malformed, or two have the same name
    static List<TcpService> parseAll(List<String> texts) throws ExitException {
        var whole = new ArrayList<String>();
        for (var text : texts) {
            if (isHeader(text) && !whole.isEmpty()) whole.add(whole.removeLast() + "," + text);
            else whole.add(text);
        }
        var services = new ArrayList<TcpService>();
        for (var text : whole) {
            var service = parse(text);
            for (var other : services) {
                if (other.route.equals(service.route)) throw ExitException.usage("--tcp " + service.route.name() + " is given twice");
            }
            services.add(service);
        }
        return services;
    }

    /// Reads `NAME=TARGET[,proxy=v1|v2]`.
    /// @throws ExitException it is malformed; the message says which part, and what was expected
    static TcpService parse(String text) throws ExitException {
        int comma = text.indexOf(',');
        var header = comma < 0 ? ProxyHeader.NONE : header(text, text.substring(comma + 1));
        var named = Named.parse("--tcp", comma < 0 ? text : text.substring(0, comma), "TARGET");
        var endpoint = Endpoint.parse(named.value(), "target", new Endpoint("127.0.0.1", 0));
        if (endpoint.port() == 0) throw ExitException.usage("target " + Text.printable(named.value()) + ": its port is missing");
        if (endpoint.host().equals("*")) throw ExitException.usage("target " + Text.printable(named.value()) + ": a target is one host");
        return new TcpService(named.route(), new TcpOrigin(endpoint.host(), endpoint.port(), header));
    }

    /// Not a service of that name, whose target would be a port.
    private static boolean isHeader(String text) {
        return text.startsWith(PROXY + "v");
    }

    private static ProxyHeader header(String text, String option) throws ExitException {
        return switch (option) {
            case "proxy=v1" -> ProxyHeader.V1;
            case "proxy=v2" -> ProxyHeader.V2;
            default -> throw ExitException.usage("--tcp " + Text.printable(text) + ": after the comma proxy=v1 or proxy=v2 is possible");
        };
    }

    /// The name of a service and what is said of it: `NAME=VALUE`.
    record Named(Route.Tcp route, String value) {
        /// @param flag  for a message
        /// @param value the same: what stands behind the name
        static Named parse(String flag, String text, String value) throws ExitException {
            int equals = text.indexOf('=');
            if (equals < 0) throw ExitException.usage(flag + " " + Text.printable(text) + ": expected NAME=" + value);
            try {
                return new Named(new Route.Tcp(text.substring(0, equals)), text.substring(equals + 1));
            } catch (IllegalArgumentException e) {
                throw ExitException.usage(flag + " " + Text.printable(text) + ": " + Text.reason(e), e);
            }
        }
    }
}
