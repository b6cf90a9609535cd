package io.loomtunnel.serve;

import io.loomtunnel.http.Peer;
import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// Takes connections that begin with HTTP/2's preface and are no visitors'.
@FunctionalInterface
public interface Taker {
    /// Serves the connection on the calling thread until it ends.
    /// @param connection from its first byte on
    /// @param peer       its far end
    /// @throws IOException it failed
    void serve(Duplex connection, Peer peer) throws IOException;
}
