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

    /// A tunnel ended, whatever the reason.
    /// @param tunnel as it was
    record Left(Tunnel tunnel) implements TunnelEvent {}
}
