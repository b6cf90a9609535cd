package io.loomtunnel.tunnel;

/// How a client asks a server for a tunnel.
public enum Attach {
    /// By PTTH's Upgrade, with a token and the routes: LoomTunnel's own servers.
    PTTH,
    /// By HAProxy's reverse HTTP (`attach-srv`, since 2.9): the client sends HTTP/2's preface and SETTINGS as a client does, and is the server
    /// once HAProxy's SETTINGS are there. Neither token nor routes can be sent: HAProxy knows its client by the certificate, or by the port.
    RHTTP
}
