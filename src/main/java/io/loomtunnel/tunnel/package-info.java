/// Who is at the far end: the handshake, the token, the registry, the heartbeat and the reconnecting. What flows
/// through a tunnel is `http2`'s matter.
///
/// # The wire
/// There is no tunnel protocol of our own. A tunnel is PTTH (`draft-kazuho-ptth-ptth-01`, Protocol for Transposed
/// Transactions over HTTP): the client asks for it by an HTTP/1.1 Upgrade, and from the 101 on the connection is
/// ordinary HTTP/2 (RFC 9113) in which the server plays the HTTP client.
/// ```
/// client -> server    GET /.well-known/ptth/http%3A%2F%2Fapp.example.com/ HTTP/1.1
///                     Host: edge.example.com:7835
///                     Connection: upgrade
///                     Upgrade: ptth
///                     ALPN: h2
///                     Authorization: Bearer …
///                     LoomTunnel-Client: instance="…", slot=0, epoch=1
///                     LoomTunnel-Routes: "*.example.org", "app.example.net/api", "tcp:db"
///                     LoomTunnel-Health: "/healthz"
/// server -> client    HTTP/1.1 101 Switching Protocols
///                     Connection: upgrade
///                     Upgrade: ptth
///                     ALPN: h2
///                     LoomTunnel-Routes: "app.example.com", "*.example.org", "app.example.net/api", "tcp:db";port=5432
///                     LoomTunnel-Visitors: "http://app.example.com:8080/", …
/// server -> client    PRI * HTTP/2.0 … SETTINGS
/// client -> server    SETTINGS                          (with ENABLE_CONNECT_PROTOCOL, RFC 8441)
/// ```
/// **The target** `/.well-known/ptth/{serialized_origin}/` (RFC 6570) lists exact hosts as origins `http://HOST`,
/// percent-encoded and separated by commas. Scheme and port of an origin are accepted and not compared; names are, in
/// lower case, in A-labels and without a trailing dot. Without an exact host the target is
/// `/.well-known/ptth/loomtunnel/`.
///
/// - `ALPN`: a list of protocol ids (RFC 7639) that must offer `h2`; the 101 says which was chosen.
/// - `Authorization`: `Bearer` and the token (RFC 6750).
/// - `LoomTunnel-Routes`: a list of strings (RFC 9651). In the request, what is no exact host: `*.NAME`, `*` (every
///   host that nobody registered by name), `HOST/PATH` (a prefix by whole segments), `tcp:NAME` (a TCP service; no host has a
///   colon). In the 101, all routes that are now registered, with the public `port` of a TCP service. Parameters that a receiver does
///   not know are ignored.
/// - `LoomTunnel-Client`: a dictionary (RFC 9651). `instance`, a string, is drawn once a process; `slot` says which of
///   its connections; `epoch` rises at each dial of a slot. Without the field each connection is an instance of its
///   own.
/// - `LoomTunnel-Health`, in the request only and only if checks are wanted: a string, the path for which the server asks each program, by a GET
///   through the tunnel, before the routes of HTTP get requests and from time to time. 2xx and 3xx are a yes.
/// - `LoomTunnel-Visitors`, in the 101 only: a list of strings, for each route in their order the URL where visitors
///   reach it, or an empty one. For a person to read; a `*` in it stands for any label.
///
/// **TCP.** The name of a service has 1 to 63 letters, digits, `-`, `_` and `.`, the first one a letter or a digit; it is compared in
/// lower case, and is no host. One visitor's connection is a stream that begins with
/// ```
/// :method = CONNECT
/// :authority = db:5432                                 (the name, and the public port)
/// forwarded = for="192.0.2.7:4711";by="198.51.100.2:5432"
/// ```
/// RFC 7239's `for` is the visitor, `by` where it was accepted; IPv6 addresses in brackets. DATA may follow at once. The client answers 200
/// once it has reached the origin; else 404, this connection did not register the name, or 502 or 504, the origin cannot be reached.
/// END_STREAM is the end of one direction, RST_STREAM (CONNECT_ERROR) a reset of the connection.
///
/// **Refusals** carry one line of `text/plain`, written for the person who runs the client.
///
/// | status | why | the client |
/// |---|---|---|
/// | 400 | target or field malformed, no route, more than 100 | stops |
/// | 401 | no token, or one that is unknown, expired or revoked; with `WWW-Authenticate: Bearer` | stops |
/// | 403 | this token may not register this route, or the server has no such TCP service | stops |
/// | 409 | a host is another token's, the token has all its connections, or a later epoch of the slot is here | tries again |
/// | 421 | the server has other names | tries again |
/// | 426 | no Upgrade to `ptth`, or no `h2` offered; with `Upgrade: ptth` | stops |
/// | 429 | ten failures within a minute from this address; with `Retry-After` | tries again |
/// | 503 | draining or full, or no port is free for a TCP service; with `Retry-After` | tries again |
///
/// A 401, 403 or 409 comes 100 ms after the request, whatever its reason.
///
/// The whole handshake, up to the SETTINGS of the other side, is bounded by 10 s at both ends.
///
/// **Reverse HTTP** (HAProxy's, since its 2.9) is the other way in: no Upgrade, no token, no routes.
/// ```
/// dialler -> other    PRI * HTTP/2.0 … SETTINGS          (ENABLE_CONNECT_PROTOCOL, MAX_CONCURRENT_STREAMS: a server's)
/// other -> dialler    SETTINGS, SETTINGS ACK
/// dialler -> other    SETTINGS ACK                      (from here on the other side is the HTTP client, ids from 1)
/// ```
///
/// # A tunnel's life
/// ```
///  server   admitted ──SETTINGS──▶ routable ◀──answer── suspect ──15 s──▶ closed
///              │                   │     └──silent 1 s──▶ ▲
///            10 s                  ├── the client's GOAWAY, or a later epoch ──▶ withdrawn ──last stream──▶ ended
///              ▼                   └── our GOAWAY: "attach again" (draining; half of the ids used) ──▶ still routable
///            closed
/// ```
/// - **Who replaces whom.** Same token, instance and slot with a higher epoch replaces the older connection once it is
///   routable; the older one gets no new streams and ends with its last, or after 1 s when nobody answers its PING.
///   Other slots and instances of the token share its routes: a new stream goes to the connection with the fewest
///   streams, and among equals in turn. Whenever a token attaches, its other connections are PINGed.
/// - **Alive.** PING after 5 s without a byte, at both ends. Unanswered for a second (or four round trips) the tunnel
///   is suspect: no new streams, and the client dials a replacement every second, counted from dial to dial, each with a
///   second to connect (on slow links four times what the last attachment took). Silent for 15 s it is closed. A peer
///   whose bytes arrive is not suspect however late its answer is: the answer queues behind them.
/// - **Rights.** A token of a list may lose its right while its tunnels are up ([io.loomtunnel.tunnel.Tokens]): the server closes
///   them at once, and answers the next dial with the reason.
/// - **Other routes.** A client whose routes change dials its slots anew with the new ones, which replaces the tunnels before. What the server
///   refuses for good leaves those as they are.
/// - **Gone.** The server remembers a route for 10 s after its last tunnel left, so that requests can wait for a client
///   that restarts. After a start of its own it [expects][io.loomtunnel.tunnel.TunnelRegistry#expectClients] routes that it
///   never knew, for 2 s.
/// - **Drain.** The client, being the HTTP server, drains by two GOAWAYs (RFC 9113 §6.8). The server's GOAWAY(NO_ERROR)
///   asks the client to attach again, here or elsewhere; the old tunnel serves until the new one is routable.
///
/// # Threads and locks
/// A tunnel is read by the thread that carried the handshake: at the server that of the accepted connection, at the
/// client one of its own. A heartbeat has no thread: the timer of the process looks at the clock, and a PING gets a
/// virtual thread while it is awaited. A [io.loomtunnel.tunnel.TunnelSession] has one that dials, and each server's name one that looks
/// its addresses up. The registry's lock
/// and a session's cover a few field accesses; neither is held while a tunnel is called or a listener told. Look-ups of
/// routes take no lock.
package io.loomtunnel.tunnel;
