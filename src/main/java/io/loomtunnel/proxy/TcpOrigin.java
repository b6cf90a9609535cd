package io.loomtunnel.proxy;

/// Where the connections of a TCP service go.
///
/// @param host   a name, or an address without brackets
/// @param port   1 to 65535
/// @param header what each connection begins with
public record TcpOrigin(String host, int port, ProxyHeader header) {
    /// Refuses what cannot be dialled.
    public TcpOrigin {
        if (host.isEmpty()) throw new IllegalArgumentException("no host");
        if (port < 1 || port > 0xffff) throw new IllegalArgumentException("port " + port);
    }

    /// An origin that is told nothing about its visitors.
    /// @param host a name, or an address without brackets
    /// @param port 1 to 65535
    public TcpOrigin(String host, int port) {
        this(host, port, ProxyHeader.NONE);
    }

    /// The same with a PROXY header.
    /// @param header that each connection begins with
    /// @return a new origin
    public TcpOrigin withHeader(ProxyHeader header) {
        return new TcpOrigin(host, port, header);
    }

    /// Host and port as a person writes them.
    @Override public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
