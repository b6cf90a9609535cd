/// HTTP on connections that we dialled: reuse, one shared HTTP/2 connection, eviction.
///
/// HTTP/1.1, one request at a time on a connection:
/// ```
///   lease ──▶ idle, newest first ──stale──▶ closed
///     │            ▲        │
///     │ none       │        └──idle too long──▶ evicted
///     ▼            │ completed, and its origin keeps it open
///   dialled ──▶ lent ──otherwise──▶ closed
/// ```
/// HTTP/2, up to MAX_CONCURRENT_STREAMS requests at once on a connection; a lease is a place on it:
/// ```
///   lease ──▶ shared ◀───────────── answers ──── in doubt: idle, and silent for a second
///     │         ▲  │ GOAWAY, the end, no ids left           │ no answer to a PING
///     │ full,   │  └─────────▶ out of the pool: ends         └──▶ closed
///     │ or none │              with its last request
///     ▼         │ SETTINGS arrived
///   dialled once; who comes meanwhile waits for it, as far as it will have places, and shares its failure
/// ```
/// The pool's lock guards lists and numbers alone. Dialling, the look at an idle connection, PING and closing happen outside of it,
/// each on the thread of the request that needs it; an HTTP/2 connection has a virtual thread that reads it.
package io.loomtunnel.pool;
