package io.loomtunnel.cli;

import io.loomtunnel.ingress.AddressRange;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The list of hosts that are reached without a proxy, as `NO_PROXY` has it: names, which count for what is below them too (`example.com`,
/// `.example.com`, `*.example.com`), addresses, ranges of addresses (`10.0.0.0/8`), each with a port or without, and `*` for all.
/// What makes no sense in it is passed over, as other programs do. This machine itself is always in it.
final class NoProxy {
    private final List<String> entries = new ArrayList<>();

    NoProxy(String list) {
        for (var entry : list.split("[,\\s]+")) if (!entry.isEmpty()) entries.add(entry.toLowerCase(Locale.ROOT));
    }

    /// Whether a server is reached directly.
    /// @param host a name, or an address without brackets
    boolean holds(String host, int port) {
        var name = withoutDot(host.toLowerCase(Locale.ROOT));
        var address = literal(name);
        if (name.equals("localhost") || name.endsWith(".localhost") || address != null && address.isLoopbackAddress()) return true;
        for (var entry : entries) if (matches(entry, name, address, port)) return true;
        return false;
    }

    private static boolean matches(String entry, String name, InetAddress address, int port) {
        if (entry.equals("*")) return true;
        var host = entry;
        int colon = entry.lastIndexOf(':');
        boolean ported = colon >= 0 && (entry.indexOf(':') == colon || entry.charAt(colon - 1) == ']');
        if (ported) {
            if (!entry.substring(colon + 1).equals(Integer.toString(port))) return false;
            host = entry.substring(0, colon);
        }
        if (host.startsWith("[") && host.endsWith("]")) host = host.substring(1, host.length() - 1);
        if (address != null) return inRange(host, address);
        if (host.startsWith("*.")) host = host.substring(1);
        if (host.startsWith(".")) host = host.substring(1);
        host = withoutDot(host);
        return !host.isEmpty() && (name.equals(host) || name.endsWith("." + host));
    }

    private static boolean inRange(String range, InetAddress address) {
        try {
            return AddressRange.of(range).holds(address);
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private static String withoutDot(String host) {
        return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }

    private static InetAddress literal(String host) {
        try {
            return InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }
}
