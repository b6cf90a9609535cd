/// The opening handshakes of WebSocket (RFC 6455 §4, RFC 8441 §5), and of whatever else begins with an HTTP/1.1 Upgrade.
///
/// Inside LoomTunnel a request for another protocol is an extended CONNECT, whatever it was at the visitor's hop and will be at
/// the origin's. HTTP/1.1's syntax for the same is put on and taken off at the hop that speaks it: each
/// such hop has a key and an answer of its own, so that neither side has to trust what the other copied.
///
/// ```
///   visitor, HTTP/1.1   GET, Upgrade, Sec-WebSocket-Key ─▶ [Upgrades.accept] ─▶ CONNECT, :protocol      visitor, HTTP/2
///                       101, Sec-WebSocket-Accept       ◀─                  ◀─ 200                      the same by itself
///   origin, HTTP/1.1    GET, Upgrade, Sec-WebSocket-Key ◀─ [Upgrades.open]   ◀─ CONNECT, :protocol      origin, HTTP/2
///                       101, Sec-WebSocket-Accept       ─▶                  ─▶ 200                      the same by itself
/// ```
package io.loomtunnel.websocket;
