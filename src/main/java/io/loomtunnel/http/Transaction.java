package io.loomtunnel.http;

import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// One request that we sent, and its response. One thread sends the content while another, or later the same, reads
/// the response.
public interface Transaction {
    /// Where the request's content goes; ended at once when there is none.
    /// @return always the same sink. A write to it fails once the peer has refused the rest of the content;
    ///         the response can be read all the same
    ContentSink content();

    /// Waits for the next head of the response: interim ones in their order, then the final one.
    /// @param deadline of this wait
    /// @return the head; after one that is not [ResponseHead#interim] no more are asked for
    /// @throws java.net.SocketTimeoutException the deadline has passed
    /// @throws NotProcessedException the request was surely not processed: it may be sent again whatever its method
    /// @throws NoResponseException a connection that had served before ended before any byte of the response
    /// @throws IOException the connection failed, or the response is malformed
    ResponseHead response(Deadline deadline) throws IOException;

    /// The content of the final response.
    /// @return always the same one, once [#response] has returned the final head
    Content body();

    /// Whether the final response switched protocols (101 in HTTP/1.1, 2xx to a CONNECT).
    /// @return true once [#response] has returned such a head; what follows is [#duplex], and no content
    boolean switched();

    /// What follows a response that switched protocols.
    /// @return the connection or stream, which the caller now owns
    Duplex duplex();

    /// Abandons both directions: the stream is reset (CANCEL) or the connection closed. Never blocks; does nothing once
    /// both have ended.
    void cancel();
}
