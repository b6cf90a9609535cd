package io.loomtunnel.http;

import java.io.IOException;

/// A connection on which we are the client: to an origin, or a tunnel, on which the server is.
public interface HttpConnection {
    /// Begins a request. Nothing is sent before the content is flushed, ended or grows large: for a request
    /// without content the caller ends it at once.
    /// @param head is written as it stands, `content-length` included: hop-by-hop fields are the caller's matter
    /// @return the transaction, which the caller must bring to its end or cancel
    /// @throws NotProcessedException the connection takes no more requests: it is ended, or draining
    /// @throws IOException the connection failed
    Transaction send(RequestHead head) throws IOException;
}
