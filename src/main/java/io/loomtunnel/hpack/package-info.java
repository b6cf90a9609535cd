/// Field compression for HTTP/2 (RFC 7541). Works on bytes: the decoder hands them to a
/// [FieldSink][io.loomtunnel.hpack.FieldSink], the encoder takes them from `Fields`, and in the steady state neither allocates.
///
/// A decoder and an encoder belong to one direction of one connection each: every field block must pass through them, in the
/// order of the wire. The decoder is used by the connection's reader, the encoder under the connection's lock.
package io.loomtunnel.hpack;
