/// HTTP on a connection that we accepted: which version it is, how long it may be idle, and how it is asked to end.
///
/// The parsers and the exchanges belong to `http1` and `http2`; this package owns the set of connections that are being
/// served, so that all of them can be drained.
package io.loomtunnel.serve;
