package io.loomtunnel.tunnel;

/// What happened to a tunnel, as its server sees it.
public sealed interface TunnelEvent {
    /// The tunnel it happened to.
    /// @return never null
    Tunnel tunnel();

    /// A client attached: its routes are served from now on.
    /// @param tunnel its tunnel
    record Attached(Tunnel tunnel) implements TunnelEvent {}

    /// Nothing is heard of a client, or something is again: [Tunnel#suspect] says which.
    /// @param tunnel its tunnel
    record Doubted(Tunnel tunnel) implements TunnelEvent {}

    /// A client's program was found not to be well, or to be well after that: a route of the client gets no requests meanwhile.
    /// @param tunnel by which it was asked
    /// @param route  for which
    /// @param fault  one line; empty when it is well again
    record Checked(Tunnel tunnel, Route.Http route, String fault) implements TunnelEvent {}

    /// A tunnel ended, whatever the reason.
    /// @param tunnel as it was
    record Left(Tunnel tunnel) implements TunnelEvent {}
}
