package io.loomtunnel.tunnel;

/// One tunnel's place among those that serve a route.
final class Place {
    private final Tunnel tunnel;
    private volatile boolean well;

    /// @param well whether it may have requests from the start
    Place(Tunnel tunnel, boolean well) {
        this.tunnel = tunnel;
        this.well = well;
    }

    Tunnel tunnel() {
        return tunnel;
    }

    /// Whether the program behind it may be given requests, as far as anybody has asked.
    boolean well() {
        return well;
    }

    void well(boolean now) {
        well = now;
    }

    /// Whether a new request may be sent to it now.
    boolean accepting() {
        return well && tunnel.accepting();
    }

    /// Whether only the number of its streams keeps new ones away.
    boolean full() {
        return well && tunnel.full();
    }
}
