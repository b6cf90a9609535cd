/// HTTP without a version (RFC 9110), and how a gateway forwards one message.
///
/// Both ends of LoomTunnel are the same machine: an [io.loomtunnel.http.Exchange] comes in, an
/// [io.loomtunnel.http.HttpConnection] carries it on, and forwarding stands in between.
package io.loomtunnel.http;
