package io.loomtunnel.cli;

import io.loomtunnel.TunnelServer;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/// The TCP ports of a server: `--tcp NAME=ADDR` and `--tcp-range [HOST:]FIRST-LAST`.
///
/// @param services where the visitors of each service come
/// @param first    the range's address with its lowest port; null without one
/// @param last     the range's highest port
record TcpListeners(Map<String, InetSocketAddress> services, InetSocketAddress first, int last) {
    private static final Endpoint EVERYWHERE = new Endpoint("0.0.0.0", 0);

    /// Reads both flags.
    /// @throws ExitException one is malformed, or a name is given twice
    static TcpListeners of(Arguments arguments) throws ExitException {
        var services = new LinkedHashMap<String, InetSocketAddress>();
        for (var text : arguments.values(Flag.TCP)) {
            var named = TcpService.Named.parse(Flag.TCP.toString(), text, "ADDR");
            var what = Flag.TCP + " " + named.route().name();
            var address = Endpoint.parse(named.value(), what, EVERYWHERE);
            if (address.port() == 0 && !named.value().matches("0|.*:0")) throw ExitException.usage(what + "=" + address.host() + ": its port is missing");
            if (services.put(named.route().name(), address.resolve(what)) != null) throw ExitException.usage(what + " is given twice");
        }
        var range = arguments.value(Flag.TCP_RANGE, "");
        if (range.isEmpty()) return new TcpListeners(services, null, 0);
        int dash = range.lastIndexOf('-');
        var wrong = ExitException.usage(Flag.TCP_RANGE + " " + Text.printable(range) + ": expected FIRST-LAST or HOST:FIRST-LAST, as in 20000-20100");
        if (dash < 0 || !Endpoint.isNumber(range.substring(dash + 1))) throw wrong;
        var what = Flag.TCP_RANGE.toString();
        var first = Endpoint.parse(range.substring(0, dash), what, EVERYWHERE);
        int last = Endpoint.parse(range.substring(dash + 1), what, EVERYWHERE).port();
        if (first.port() == 0 || last < first.port()) throw wrong;
        return new TcpListeners(services, first.resolve(what), last);
    }

    /// Whether there is no TCP port at all.
    boolean none() {
        return services.isEmpty() && first == null;
    }

    /// A name that a client could serve.
    String example() {
        return services.isEmpty() ? "NAME" : services.keySet().iterator().next();
    }

    void addTo(TunnelServer.Builder builder) {
        services.forEach(builder::tcp);
        if (first != null) builder.tcpRange(first, last);
    }
}
