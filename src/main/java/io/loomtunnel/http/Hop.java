package io.loomtunnel.http;

/// A connection lent for one transaction: to an origin, or a tunnel.
@FunctionalInterface
public interface Hop extends AutoCloseable {
    /// The connection.
    /// @return always the same one
    HttpConnection connection();

    /// The transaction came to its end, the last byte of the response included: the connection may serve another.
    default void completed() {}

    /// Gives the connection back, or discards it when it was not [#completed].
    @Override default void close() {}
}
