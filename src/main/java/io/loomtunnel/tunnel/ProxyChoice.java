package io.loomtunnel.tunnel;

import java.util.Optional;

/// Decides through which proxy a server is dialled.
@FunctionalInterface
public interface ProxyChoice {
    /// Every server is dialled directly.
    ProxyChoice DIRECT = (_, _) -> Optional.empty();

    /// Every server is dialled through one proxy.
    /// @param proxy of the client's own network
    /// @return the choice
    static ProxyChoice always(ForwardProxy proxy) {
        var chosen = Optional.of(proxy);
        return (_, _) -> chosen;
    }

    /// The proxy on the way to a server; asked before each dial.
    /// @param host the server's name, or its address without brackets
    /// @param port the server's control port
    /// @return empty when it is dialled directly
    Optional<ForwardProxy> proxyFor(String host, int port);
}
