package io.loomtunnel.net;

import java.io.IOException;

/// What is done with a connection that was accepted.
@FunctionalInterface
public interface ConnectionHandler {
    /// Serves the connection, on a virtual thread of its own, and returns when nothing more will be done for it.
    /// @param connection is closed after the return, if it was not before
    /// @throws IOException when the connection failed: its peer's fault, and not worth a warning
    void handle(SocketDuplex connection) throws IOException;
}
