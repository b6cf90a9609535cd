/// HTTP/2 (RFC 9113) in both roles, over any `Duplex`: at the public ingress, in the tunnel, where the server plays the client, and
/// to origins.
///
/// ```
///   reader thread                                              any thread with something to send
///   FrameReader ▸ Http2Connection.handle                       StreamSink (cork) ▸ Outbound.submit
///     DATA          ▸ Inbound (bounded by ReceiveWindow)         under the lock: id, HPACK, windows ▸ wire buffer
///     HEADERS       ▸ HeadDecoder ▸ new thread | Inbound.head    lock released: one write for all that gathered
///     WINDOW_UPDATE ▸ Outbound.widen                           writer thread: what nobody else flushes
///     PING, SETTINGS▸ Outbound (queued), Pings
/// ```
///
/// Threads: one reads the connection and never waits for anything else; each request of the peer's has one of its own; one
/// parked writer takes over what senders leave.
///
/// Locks, in the order in which they may be nested: the connection's ([Outbound][io.loomtunnel.http2.Outbound] owns it; queues, ids,
/// HPACK encoder, send windows), then a stream's [Inbound][io.loomtunnel.http2.Inbound] (received content, receive window).
/// Neither is ever held over I/O or a callback.
///
/// Errors by reach: a `StatusException` is answered, a `StreamException` resets its stream, a `ConnectionException` ends
/// the connection with GOAWAY.
package io.loomtunnel.http2;
