package io.loomtunnel.tunnel;

/// Knows where visitors reach a route: what the 101 tells the client, and the client the person who runs it.
@FunctionalInterface
public interface VisitorAddress {
    /// Says nothing: of a server without visitors, or one that does not know where they come.
    VisitorAddress NONE = (_, _) -> "";

    /// The address to show for a route.
    /// @param route  as it was registered
    /// @param server the host that the client knows this server by
    /// @return a URL, with a wildcard's `*` in it where the route has one; or nothing
    String of(Route.Http route, String server);

    /// Visitors that come by HTTP on one port.
    /// @param port of the public listener
    /// @return `http://HOST:PORT/PATH`, the server's own host standing for the catch-all
    static VisitorAddress http(int port) {
        return url("http://", port == 80 ? "" : ":" + port);
    }

    /// Visitors that come by HTTPS on one port.
    /// @param port of the public listener
    /// @return `https://HOST:PORT/PATH`, the server's own host standing for the catch-all
    static VisitorAddress https(int port) {
        return url("https://", port == 443 ? "" : ":" + port);
    }

    private static VisitorAddress url(String scheme, String suffix) {
        return (route, server) -> {
            var host = route.host().equals("*") ? server : route.host();
            return scheme + host + suffix + (route.path().isEmpty() ? "/" : route.path());
        };
    }
}
