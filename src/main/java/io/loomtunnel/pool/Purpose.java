package io.loomtunnel.pool;

/// What a connection is wanted for.
enum Purpose {
    /// An ordinary request.
    REQUEST,
    /// An extended CONNECT (RFC 8441), or the Upgrade that stands for it in HTTP/1.1.
    UPGRADE
}
