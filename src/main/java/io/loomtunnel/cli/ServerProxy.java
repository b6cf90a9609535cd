package io.loomtunnel.cli;

import io.loomtunnel.tunnel.ForwardProxy;
import io.loomtunnel.tunnel.ProxyChoice;
import java.util.Optional;

/// Which proxy is on the way to a server: that of `--proxy`, which is then taken for every server, or what the environment of the
/// machine says by `HTTPS_PROXY` and `NO_PROXY`.
final class ServerProxy {
    static final String NONE = "none";

    private ServerProxy() {}

    /// The choice that flag and environment make.
    /// @param screen is warned of a password that everybody can read
    /// @throws ExitException the proxy's URL is none; the message does not repeat it
    static ProxyChoice of(Arguments arguments, Screen screen) throws ExitException {
        var typed = arguments.value(Flag.PROXY, "");
        if (typed.equals(NONE)) return ProxyChoice.DIRECT;
        if (!typed.isEmpty()) {
            var proxy = parse(typed, arguments.onCommandLine(Flag.PROXY) ? Flag.PROXY.toString() : Flag.PROXY.environmentName());
            if (arguments.onCommandLine(Flag.PROXY) && !proxy.password().isEmpty()) {
                screen.warn("every user of this machine can read the proxy's password in the list of processes: "
                        + Flag.PROXY.environmentName() + " instead of " + Flag.PROXY + " would end that");
            }
            return ProxyChoice.always(proxy);
        }
        var variable = set(arguments, "HTTPS_PROXY", "https_proxy");
        if (variable.isEmpty()) return ProxyChoice.DIRECT;
        var proxy = Optional.of(parse(arguments.variable(variable).strip(), variable));
        var without = new NoProxy(arguments.variable(set(arguments, "NO_PROXY", "no_proxy")));
        return (host, port) -> without.holds(host, port) ? Optional.empty() : proxy;
    }

    /// The first variable that has a value; else an empty name.
    private static String set(Arguments arguments, String... names) {
        for (var name : names) if (!arguments.variable(name).isBlank()) return name;
        return "";
    }

    private static ForwardProxy parse(String url, String source) throws ExitException {
        try {
            return ForwardProxy.of(url);
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(source + ": " + Text.reason(e), e);
        }
    }
}
