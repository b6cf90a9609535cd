/// HTTP/1.1 (RFC 9112) in both roles, over any `Duplex`.
///
/// One thread serves a connection: it reads a head in the array where it was received, runs the exchange and reads the next. A
/// second thread works on the connection only while a handler lets content flow both ways, or as the watcher:
/// an exchange that lasts longer than a moment, and whose request has ended, is watched for the peer's leaving by a virtual thread that
/// reads on. What it reads stays in the connection's `ByteReader`; the serving thread waits for it before it reads again.
///
/// ```
///   IDLE ──head──▶ RUNNING ──response sent──▶ IDLE
///                     │ 50 ms, request ended      ▲
///                     ▼                           │ the watcher's read has returned
///                  WATCHED ──────────────────────┘
/// ```
package io.loomtunnel.http1;
