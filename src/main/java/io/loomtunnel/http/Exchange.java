package io.loomtunnel.http;

import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// One request that somebody sent us, and the response that we owe: HTTP/1.1 or HTTP/2, from a visitor or through a
/// tunnel. One thread handles it; a second one may read [#content] while the first responds.
public interface Exchange {
    /// The request's head, already validated.
    /// @return always the same one; its fields belong to the exchange: copy before changing them
    RequestHead request();

    /// The request's content.
    /// @return always the same one; [Content#NONE] when there is none
    Content content();

    /// Who sent the request.
    /// @return the peer of the connection it came by
    Peer peer();

    /// The version of HTTP by which the request came, as `Via` has it (RFC 9110 §7.6.3).
    /// @return `1.0`, `1.1` or `2.0`
    String version();

    /// Sends an interim response (RFC 9110 §15.2), at once. Dropped for a peer that speaks HTTP/1.0.
    /// @param head 100, or 102 to 199
    /// @throws IOException when the peer is gone
    void inform(ResponseHead head) throws IOException;

    /// Begins the final response. Its framing follows from the head: a `content-length` is kept, and must be right;
    /// without one, an HTTP/1.1 message is chunked. For HEAD, 204 and 304 the sink must be ended without a byte.
    /// @param head 200 to 999
    /// @return the sink for the content, to be ended by the caller
    /// @throws IOException when the peer is gone
    /// @throws IllegalStateException when a final response was begun before
    ContentSink respond(ResponseHead head) throws IOException;

    /// Accepts the request to switch protocols (101 in HTTP/1.1, a 2xx on the stream of a CONNECT in HTTP/2) and
    /// hands over what follows.
    /// @param fields of the response; in HTTP/1.1 `upgrade` and `connection` must be among them
    /// @return the connection or stream, which the caller now owns until the handler returns
    /// @throws IOException when the peer is gone
    Duplex upgrade(Fields fields) throws IOException;

    /// Whether a final response was begun, so that no other can be.
    /// @return true after [#respond] or [#upgrade]
    boolean responded();

    /// Has `action` run once when the peer cancels the exchange or its connection ends; at once when it already
    /// has. It runs on a thread that must not be held up: it may not block.
    /// @param action replaces an earlier one
    void onCancel(Runnable action);

    /// Abandons the exchange: the stream is reset or the connection closed, whatever was sent so far.
    void reset();
}
