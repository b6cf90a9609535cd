package io.loomtunnel.tunnel;

import io.loomtunnel.http.StatusException;

/// The public ports of TCP services, as the handshake needs them: which names a server has ports for, and which ones.
public interface TcpPorts {
    /// Of a server without TCP services.
    TcpPorts NONE = new TcpPorts() {
        @Override public int claim(Route.Tcp route) throws StatusException {
            throw new StatusException(403, "this server has no TCP services");
        }

        @Override public void release(Route.Tcp route) {}
    };

    /// A tunnel is about to serve a service: visitors need a port to come to.
    /// @param route of the service
    /// @return the port, open until the last of its tunnels has been released, and for a while longer
    /// @throws StatusException 403: the server has no such service; 503: no port is free for it
    int claim(Route.Tcp route) throws StatusException;

    /// One tunnel less serves a service.
    /// @param route that was claimed
    void release(Route.Tcp route);
}
