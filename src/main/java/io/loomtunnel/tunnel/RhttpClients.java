package io.loomtunnel.tunnel;

import io.loomtunnel.http.Peer;
import java.util.List;
import java.util.Optional;

/// Knows who may attach by reverse HTTP, on whose wire there are neither tokens nor routes.
@FunctionalInterface
public interface RhttpClients {
    /// One who may attach.
    ///
    /// @param name   stands for a token's owner in the registry, in events and in logs: the same for all its connections
    /// @param routes that its connections serve, at least one
    record Known(String name, List<Route.Http> routes) {
        /// Refuses one who would serve nothing.
        public Known {
            routes = List.copyOf(routes);
            if (routes.isEmpty()) throw new IllegalArgumentException(name + " has no route");
        }
    }

    /// Finds the one who dialled.
    /// @param peer the connection's far end
    /// @return empty when nobody of that kind is known: the connection is closed
    Optional<Known> find(Peer peer);
}
