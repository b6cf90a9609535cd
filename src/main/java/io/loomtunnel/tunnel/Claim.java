package io.loomtunnel.tunnel;

import io.loomtunnel.http.Peer;
import java.util.List;

/// What one connection of a client holds in the registry, from its admission to its end.
///
/// @param grant  of the token: what it may have
/// @param client which connection of which process
/// @param routes what it serves, at least one
/// @param peer   where it comes from
/// @param health what its programs are to be asked for; empty for nothing
record Claim(Grant grant, ClientId client, List<Route> routes, Peer peer, String health) {
    /// Names the token.
    String owner() {
        return grant.owner();
    }

    /// Whether both are dials of the same connection.
    boolean sameSlot(Claim other) {
        return owner().equals(other.owner()) && client.sameSlot(other.client);
    }

    /// Whether this is the later one of two dials of the same connection.
    boolean replaces(Claim other) {
        return sameSlot(other) && client.epoch() > other.client.epoch();
    }

    /// Whether another token must not have this route: a host belongs to one token with all its paths.
    boolean owns(Route wanted) {
        return switch (wanted) {
            case Route.Http http -> routes.stream().anyMatch(route -> route instanceof Route.Http own && own.host().equals(http.host()));
            case Route.Tcp tcp -> routes.contains(tcp);
        };
    }
}
