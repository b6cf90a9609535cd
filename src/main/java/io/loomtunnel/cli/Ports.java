package io.loomtunnel.cli;

import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/// The addresses that a command was told to listen on, and by what: so that one which cannot be had is named with its flag.
final class Ports {
    private final Map<InetSocketAddress, String> flags = new LinkedHashMap<>();

    /// @param flag    as it was typed, up to the address
    /// @param address null when there is no such port
    void add(String flag, InetSocketAddress address) {
        if (address != null) flags.putIfAbsent(address, flag);
    }

    /// What a person is told about a port that cannot be opened.
    ExitException refused(BindException cause) {
        for (var entry : flags.entrySet()) {
            // Which of them it was, only the message tells.
            if (cause.getMessage().contains(" " + Endpoint.text(entry.getKey()) + ":")) return refused(entry.getValue(), entry.getKey(), cause);
        }
        return ExitException.usage(Text.reason(cause), cause);
    }

    private static ExitException refused(String flag, InetSocketAddress address, BindException cause) {
        var reason = cause.getCause() == null ? "" : Text.reason(cause.getCause());
        var place = "port " + address.getPort() + " on " + address.getAddress().getHostAddress();
        if (reason.contains("in use")) return ExitException.usage(place + " is in use: choose another with " + flag, cause);
        if (reason.contains("ermission")) {
            return ExitException.usage(place + " needs more rights than this user has: choose another with " + flag, cause);
        }
        return ExitException.usage(flag + " " + Endpoint.text(address) + ": this machine cannot listen there: " + reason, cause);
    }
}
