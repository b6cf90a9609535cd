/// HTTP on connections that we dialled: reuse and eviction.
///
/// ```
///   lease ──▶ idle, newest first ──stale──▶ closed
///     │            ▲        │
///     │ none       │        └──idle too long──▶ evicted
///     ▼            │ completed, and its origin keeps it open
///   dialled ──▶ lent ──otherwise──▶ closed
/// ```
package io.loomtunnel.pool;
