package io.loomtunnel.proxy;

import io.loomtunnel.net.ProxyProtocol;
import io.loomtunnel.tunnel.TcpConnect;

/// What an origin is told about each connection before its first byte: the header of the PROXY protocol, with the visitor's address and
/// the public one.
public enum ProxyHeader {
    /// Nothing: the origin sees the client's own address.
    NONE {
        @Override byte[] of(TcpConnect connect) {
            return new byte[0];
        }
    },
    /// Version 1, a line of text.
    V1 {
        @Override byte[] of(TcpConnect connect) {
            return ProxyProtocol.text(connect.visitor(), connect.address());
        }
    },
    /// Version 2, binary.
    V2 {
        @Override byte[] of(TcpConnect connect) {
            return ProxyProtocol.binary(connect.visitor(), connect.address());
        }
    };

    abstract byte[] of(TcpConnect connect);
}
